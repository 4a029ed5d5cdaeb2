// SPDX-License-Identifier: BSD-3-Clause
// A real control room, and what the kernel of its namespace then has: see control_lab.h.
#include "control_lab.h"

#include <base/clock.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define WAIT_MS 20000

#define SERVICE(name, vip, protocol, announce)                                              \
	"  - {name: " name ", vip: '" vip "', protocol: " protocol ", port: 443, pool: p, " \
	"announce: {" announce "}}\n"
#define POOL                                                    \
	"pools:\n  - name: p\n    health: {type: none}\n"       \
	"    backends:\n      - {name: a, address: 10.0.0.1}\n" \
	"      - {name: b, address: 10.0.0.2}\n"

#define ROUTE     "ip route show 203.0.113.10 proto 70 | grep -q near"
#define ADDRESS   "ip -o addr show dev near to 203.0.113.11 | grep -q 203.0.113.11"
#define NOT(line) "! { " line "; }"

static void apply(struct lab *lab, const char *yaml)
{
	struct message_done done;

	if (lab_apply_text(lab, yaml, &done) != 0)
		fail_msg("%s", lab_error(lab));
}

static void set_state(struct lab *lab, const char *backend, enum config_backend_state state)
{
	assert_int_equal(lab_set_backend(lab, backend, state, UINT32_MAX, NULL), 0);
}

// The row of a VIP; false where there is none.
static bool find_vip(struct lab *lab, const char *vip, struct message_row_vip *out)
{
	struct message_row_vip rows[8];
	uint32_t count = lab_show(lab, MESSAGE_SHOW_VIPS, rows, 8, sizeof(rows[0]));
	char text[ADDR_TEXT_SIZE];

	for (uint32_t i = 0; i < count; i++) {
		*out = rows[i];
		if (strcmp(addr_format(&rows[i].vip, text, sizeof(text)), vip) == 0)
			return true;
	}
	return false;
}

static void nap(void)
{
	const struct timespec time = {.tv_nsec = 5000000};

	nanosleep(&time, NULL);
}

// Waits until the VIP is in that state, and returns its row.
static struct message_row_vip wait_for(
	struct lab *lab, const char *vip, enum message_vip_state state)
{
	uint64_t until_ns = clock_monotonic_ns() + WAIT_MS * CLOCK_NS_PER_MS;
	struct message_row_vip row;

	while (!find_vip(lab, vip, &row) || row.state != state) {
		if (clock_monotonic_ns() > until_ns)
			fail_msg("VIP %s is in state %u: %s", vip, row.state, row.reason);
		nap();
	}
	return row;
}

static void wait_for_shell(const char *line)
{
	uint64_t until_ns = clock_monotonic_ns() + WAIT_MS * CLOCK_NS_PER_MS;

	while (system(line) != 0) {
		if (clock_monotonic_ns() > until_ns)
			fail_msg("still not: %s", line);
		nap();
	}
}

static int enter(void **state)
{
	return lab_setup(state, &(struct lab_options){.workers = 1, .kernel_interface = "near"});
}

static void a_vip_with_too_few_backends_is_suppressed_and_says_why(void **state)
{
	struct lab *lab = *state;
	struct message_row_vip row;

	apply(lab,
		"services:\n" SERVICE("s", "203.0.113.10", "tcp", "mode: route, quorum: 3") POOL);
	row = wait_for(lab, "203.0.113.10", MESSAGE_VIP_SUPPRESSED);
	while (strcmp(row.reason, "service 's': quorum 3, 2 usable") != 0)
		row = wait_for(lab, "203.0.113.10", MESSAGE_VIP_SUPPRESSED);
	lab_shell(NOT(ROUTE));
}

static void every_service_of_a_vip_must_have_its_quorum(void **state)
{
	struct lab *lab = *state;
	struct message_row_vip row;

	apply(lab, "services:\n" SERVICE("s", "203.0.113.10", "tcp", "mode: route")
			   SERVICE("t", "203.0.113.10", "udp", "mode: route, quorum: 2") POOL);
	row = wait_for(lab, "203.0.113.10", MESSAGE_VIP_ANNOUNCED);
	assert_int_equal(row.services, 2);
	wait_for_shell(ROUTE);
	set_state(lab, "a", CONFIG_STATE_DRAINING);
	row = wait_for(lab, "203.0.113.10", MESSAGE_VIP_SUPPRESSED);
	assert_string_equal(row.reason, "service 't': quorum 2, 1 usable");
	wait_for_shell(NOT(ROUTE));
}

static void fewer_backends_keep_a_vip_than_bring_it(void **state)
{
	struct lab *lab = *state;
	struct message_row_vip row;

	apply(lab, "services:\n" SERVICE("s", "203.0.113.10", "tcp",
			   "mode: route, quorum_up: 2, quorum_down: 1, hold: 0s") POOL);
	wait_for(lab, "203.0.113.10", MESSAGE_VIP_ANNOUNCED);
	wait_for_shell(ROUTE);
	set_state(lab, "b", CONFIG_STATE_DISABLED);
	assert_true(find_vip(lab, "203.0.113.10", &row));
	assert_int_equal(row.state, MESSAGE_VIP_ANNOUNCED); // one keeps it
	set_state(lab, "a", CONFIG_STATE_DISABLED);
	wait_for(lab, "203.0.113.10", MESSAGE_VIP_SUPPRESSED);
	wait_for_shell(NOT(ROUTE));
	set_state(lab, "a", CONFIG_STATE_ACTIVE); // and does not bring it back
	row = wait_for(lab, "203.0.113.10", MESSAGE_VIP_SUPPRESSED);
	while (strcmp(row.reason, "service 's': quorum 2, 1 usable") != 0)
		row = wait_for(lab, "203.0.113.10", MESSAGE_VIP_SUPPRESSED);
	lab_shell(NOT(ROUTE));
	set_state(lab, "b", CONFIG_STATE_ACTIVE);
	wait_for(lab, "203.0.113.10", MESSAGE_VIP_ANNOUNCED);
	wait_for_shell(ROUTE);
}

static void set_weight(struct lab *lab, const char *backend, uint32_t weight)
{
	assert_int_equal(lab_set_backend(lab, backend, CONFIG_STATE_ACTIVE, weight, NULL), 0);
}

// Nobody gets a flow of whom nothing has a weight: a VIP whose every SYN is dropped is not
// announced.
static void backends_without_weight_make_no_quorum(void **state)
{
	struct lab *lab = *state;
	struct message_row_vip row;

	apply(lab, "services:\n" SERVICE("s", "203.0.113.10", "tcp", "mode: route, hold: 0s") POOL);
	wait_for(lab, "203.0.113.10", MESSAGE_VIP_ANNOUNCED);
	set_weight(lab, "a", 0);
	assert_true(find_vip(lab, "203.0.113.10", &row));
	assert_int_equal(row.state, MESSAGE_VIP_ANNOUNCED);
	set_weight(lab, "b", 0);
	row = wait_for(lab, "203.0.113.10", MESSAGE_VIP_SUPPRESSED);
	assert_string_equal(row.reason, "service 's': quorum 1, 0 usable");
	wait_for_shell(NOT(ROUTE));
	set_weight(lab, "b", 1);
	wait_for(lab, "203.0.113.10", MESSAGE_VIP_ANNOUNCED);
	wait_for_shell(ROUTE);
}

static void a_vip_without_announcement_is_left_alone(void **state)
{
	struct lab *lab = *state;
	struct message_row_vip row;

	apply(lab, "services:\n" SERVICE("s", "203.0.113.10", "tcp", "mode: none") POOL);
	assert_true(find_vip(lab, "203.0.113.10", &row));
	assert_int_equal(row.state, MESSAGE_VIP_UNMANAGED);
	assert_int_equal(row.since_s, 0);
	lab_shell(NOT(ROUTE));
}

static void a_quorum_that_is_back_must_hold(void **state)
{
	struct lab *lab = *state;
	struct message_row_vip row;
	uint64_t back_ns;

	apply(lab, "services:\n" SERVICE(
			   "s", "203.0.113.10", "tcp", "mode: route, quorum: 2, hold: 700ms") POOL);
	wait_for(lab, "203.0.113.10", MESSAGE_VIP_ANNOUNCED);
	wait_for_shell(ROUTE);
	set_state(lab, "b", CONFIG_STATE_DISABLED);
	wait_for(lab, "203.0.113.10", MESSAGE_VIP_SUPPRESSED);
	wait_for_shell(NOT(ROUTE));
	back_ns = clock_monotonic_ns();
	set_state(lab, "b", CONFIG_STATE_ACTIVE);
	row = wait_for(lab, "203.0.113.10", MESSAGE_VIP_HOLDING);
	assert_non_null(strstr(row.reason, "its quorum is back; announced in "));
	set_state(lab, "b", CONFIG_STATE_DISABLED); // it did not hold
	wait_for(lab, "203.0.113.10", MESSAGE_VIP_SUPPRESSED);
	back_ns = clock_monotonic_ns();
	set_state(lab, "b", CONFIG_STATE_ACTIVE);
	wait_for_shell(ROUTE);
	assert_true(clock_monotonic_ns() - back_ns >= 700 * CLOCK_NS_PER_MS);
	wait_for(lab, "203.0.113.10", MESSAGE_VIP_ANNOUNCED);
}

static void the_configuration_takes_a_vip_away_or_changes_its_way(void **state)
{
	struct lab *lab = *state;

	apply(lab, "services:\n" SERVICE("s", "203.0.113.10", "tcp", "mode: route")
			   SERVICE("t", "203.0.113.11", "tcp", "mode: route") POOL);
	wait_for_shell(ROUTE);
	wait_for(lab, "203.0.113.11", MESSAGE_VIP_ANNOUNCED);
	apply(lab, "services:\n" SERVICE("t", "203.0.113.11", "tcp", "mode: arp") POOL);
	wait_for_shell(NOT(ROUTE));
	wait_for_shell(ADDRESS);
	wait_for_shell("test -z \"$(ip route show 203.0.113.11 proto 70)\"");
	apply(lab, "services:\n" SERVICE("t", "203.0.113.11", "tcp", "mode: none") POOL);
	wait_for_shell(NOT(ADDRESS));
}

// What the kernel kept of a life that was ended by SIGKILL: 'near' outlives the daemon, as a tap
// would not.
static void the_next_life_takes_over_what_the_last_one_left(void **state)
{
	struct lab *lab = *state;

	apply(lab, "services:\n" SERVICE("s", "203.0.113.10", "tcp", "mode: route")
			   SERVICE("t", "203.0.113.11", "tcp", "mode: arp") POOL);
	wait_for_shell(ROUTE);
	wait_for_shell(ADDRESS);
	lab_kill(lab);
	lab_shell(ROUTE);
	lab_shell(ADDRESS);
	lab_start(lab);
	wait_for(lab, "203.0.113.10", MESSAGE_VIP_ANNOUNCED);
	lab_shell(ROUTE);
	wait_for(lab, "203.0.113.11", MESSAGE_VIP_ANNOUNCED);
	lab_kill(lab);
	lab_shell("rm -r %s", lab->state);
	lab_start(lab); // it knows of no VIP
	wait_for_shell(NOT(ROUTE));
	wait_for_shell(NOT(ADDRESS));
}

static void a_daemon_that_ends_leaves_nothing(void **state)
{
	struct lab *lab = *state;

	apply(lab, "services:\n" SERVICE("s", "203.0.113.10", "tcp", "mode: route")
			   SERVICE("t", "203.0.113.11", "tcp", "mode: arp") POOL);
	wait_for_shell(ROUTE);
	wait_for_shell(ADDRESS);
	lab_stop(lab);
	lab_shell(NOT(ROUTE));
	lab_shell(NOT(ADDRESS));
}

int main(void)
{
#define LAB_TEST(f) cmocka_unit_test_setup_teardown(f, enter, lab_teardown)
	const struct CMUnitTest tests[] = {
		LAB_TEST(a_vip_with_too_few_backends_is_suppressed_and_says_why),
		LAB_TEST(every_service_of_a_vip_must_have_its_quorum),
		LAB_TEST(fewer_backends_keep_a_vip_than_bring_it),
		LAB_TEST(backends_without_weight_make_no_quorum),
		LAB_TEST(a_vip_without_announcement_is_left_alone),
		LAB_TEST(a_quorum_that_is_back_must_hold),
		LAB_TEST(the_configuration_takes_a_vip_away_or_changes_its_way),
		LAB_TEST(the_next_life_takes_over_what_the_last_one_left),
		LAB_TEST(a_daemon_that_ends_leaves_nothing),
	};

	return lab_enter_namespace() ? cmocka_run_group_tests(tests, NULL, NULL) : LAB_SKIPPED;
}
