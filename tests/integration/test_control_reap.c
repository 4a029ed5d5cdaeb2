// SPDX-License-Identifier: BSD-3-Clause
// Backends that were taken out stay while they have connections, or the table before may lead to
// them, and no longer.
#include "control_lab.h"

#include <base/clock.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define SERVICE "services: [{name: web, vip: 203.0.113.10, protocol: tcp, port: 443, pool: web}]\n"
#define A       "{name: a, address: 10.0.0.1}"
#define B       "{name: b, address: 10.0.0.2}"
#define C       "{name: c, address: 10.0.0.3}"
#define D       "{name: d, address: 10.0.0.4}"
#define WEB(previous, backends)                                                \
	"  - {name: web, previous_table: " previous ", health: {type: none}, " \
	"backends: [" backends "]}\n"
#define MAIL "  - {name: mail, health: {type: none}, backends: [" D "]}\n"

#define SOON_NS (30 * CLOCK_NS_PER_S)

static bool is_there(struct lab *lab, const char *name)
{
	struct message_row_backend rows[16];
	uint32_t count = lab_show(lab, MESSAGE_SHOW_BACKENDS, rows, 16, sizeof(rows[0]));

	for (uint32_t i = 0; i < count; i++)
		if (strcmp(rows[i].name, name) == 0)
			return true;
	return false;
}

static void wait_until_gone(struct lab *lab, const char *name)
{
	const struct timespec nap = {.tv_nsec = 20000000};
	uint64_t until_ns = clock_monotonic_ns() + SOON_NS;

	while (is_there(lab, name)) {
		assert_true(clock_monotonic_ns() < until_ns);
		nanosleep(&nap, NULL);
	}
}

static void a_removed_pool_goes_by_itself(void **state)
{
	struct lab *lab = *state;
	struct message_row_history rows[8];
	struct message_row_daemon before, after;

	assert_int_equal(
		lab_apply_text(lab, SERVICE "pools:\n" WEB("30m", A ", " B) MAIL, NULL), 0);
	assert_int_equal(lab_apply_text(lab, SERVICE "pools:\n" WEB("30m", A ", " B), NULL), 0);
	before = lab_daemon_row(lab);
	wait_until_gone(lab, "d");
	// Nothing that an operator did: no version, and nothing to save.
	after = lab_daemon_row(lab);
	assert_int_equal(after.config_version, before.config_version);
	assert_int_equal(after.applied_s, before.applied_s);
	assert_int_equal(lab_show(lab, MESSAGE_SHOW_HISTORY, rows, 8, sizeof(rows[0])), 2);
	assert_true(is_there(lab, "a") && is_there(lab, "b"));
	// What follows finds all as it was.
	assert_int_equal(lab_set_backend(lab, "a", CONFIG_STATE_DRAINING, UINT32_MAX, NULL), 0);
	lab_kill(lab);
	lab_start(lab);
	assert_int_equal(lab_backend_row(lab, "a").state, CONFIG_STATE_DRAINING);
	wait_until_gone(lab, "d"); // the last checkpoint may be of a moment before
}

// Of the backends of a pool that goes on: 'a' has connections, and 'c' has none.
static void who_has_connections_stays(void **state)
{
	struct lab *lab = *state;

	assert_int_equal(
		lab_apply_text(lab, SERVICE "pools:\n" WEB("0s", A ", " B ", " C), NULL), 0);
	assert_int_equal(lab_apply_text(lab, SERVICE "pools:\n" WEB("0s", B), NULL), 0);
	assert_int_equal(lab_backend_row(lab, "a").state, CONFIG_STATE_LEAVING);
	wait_until_gone(lab, "c");
	assert_int_equal(lab_backend_row(lab, "a").state, CONFIG_STATE_LEAVING);
	assert_int_equal(lab_backend_row(lab, "a").flows, 2);
}

static void who_the_table_before_leads_to_stays(void **state)
{
	struct lab *lab = *state;

	assert_int_equal(
		lab_apply_text(lab, SERVICE "pools:\n" WEB("30m", A ", " B ", " C) MAIL, NULL), 0);
	assert_int_equal(lab_apply_text(lab, SERVICE "pools:\n" WEB("30m", A ", " B), NULL), 0);
	wait_until_gone(lab, "d");
	assert_int_equal(lab_backend_row(lab, "c").state, CONFIG_STATE_LEAVING);
}

// Whoever asks while one of them goes is not told to try again.
static void changes_meanwhile_are_made(void **state)
{
	struct lab *lab = *state;
	struct message_done done;

	assert_int_equal(lab_apply_text(lab, SERVICE "pools:\n" WEB("0s", A ", " B) MAIL, NULL), 0);
	for (uint32_t i = 0; i < 60; i++) {
		const struct timespec nap = {.tv_nsec = 100000000};

		assert_int_equal(lab_apply_text(lab,
					 i % 2 == 0 ? SERVICE "pools:\n" WEB("0s", A ", " B)
						    : SERVICE "pools:\n" WEB("0s", A ", " B) MAIL,
					 &done),
			0);
		assert_int_equal(done.version, i + 2);
		nanosleep(&nap, NULL);
	}
}

static int enter_idle(void **state)
{
	return lab_setup(state, &(struct lab_options){.workers = 1, .kernel_interface = "near"});
}

#define TEST(name)      cmocka_unit_test_setup_teardown(name, lab_setup_usual, lab_teardown)
#define TEST_IDLE(name) cmocka_unit_test_setup_teardown(name, enter_idle, lab_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IDLE(a_removed_pool_goes_by_itself),
		TEST(who_has_connections_stays),
		TEST_IDLE(who_the_table_before_leads_to_stays),
		TEST_IDLE(changes_meanwhile_are_made),
	};

	return lab_enter_namespace() ? cmocka_run_group_tests(tests, NULL, NULL) : LAB_SKIPPED;
}
