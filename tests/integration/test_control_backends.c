// SPDX-License-Identifier: BSD-3-Clause
// Single backends: what an operator sets, and what probes find.
#include "control_lab.h"

#include <arpa/inet.h>
#include <errno.h>
#include <health/health.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void an_operators_state_stays_over_an_apply_and_a_restart(void **state)
{
	struct lab *lab = *state;
	struct message_done done;

	assert_int_equal(lab_apply_text(lab, lab_two, NULL), 0);
	assert_int_equal(
		lab_set_backend(lab, "web/a", CONFIG_STATE_DRAINING, UINT32_MAX, &done), 0);
	assert_int_equal(done.version, 2);
	assert_int_equal(done.changes, 1);
	assert_int_equal(lab_backend_row(lab, "a").state, CONFIG_STATE_DRAINING);
	assert_int_equal(lab_set_backend(lab, "a", CONFIG_STATE_DRAINING, UINT32_MAX, &done), 0);
	assert_int_equal(done.version, 2);
	assert_int_equal(done.changes, 0);
	assert_int_equal(lab_apply_text(lab, lab_two, &done), 0);
	assert_int_equal(done.changes, 0);
	lab_kill(lab);
	lab_start(lab);
	assert_int_equal(lab_backend_row(lab, "a").state, CONFIG_STATE_DRAINING);
	assert_int_equal(lab_daemon_row(lab).config_version, 2);
	assert_int_equal(lab_set_backend(lab, "a", CONFIG_STATE_ACTIVE, UINT32_MAX, &done), 0);
	assert_int_equal(done.version, 3);
	assert_int_equal(lab_backend_row(lab, "a").state, CONFIG_STATE_ACTIVE);
}

static void a_change_is_remembered_over_a_restart(void **state)
{
	static const char one[] =
		"services:\n"
		"  - {name: web, vip: 203.0.113.10, protocol: tcp, port: 443, pool: web}\n"
		"pools:\n"
		"  - name: web\n"
		"    health: {type: none}\n"
		"    backends:\n"
		"      - {name: b, address: 10.0.0.2, weight: 300, zone: z}\n"
		"      - {name: c, address: 10.0.0.3}\n";
	struct message_row_service service;
	struct message_row_pool pool;
	struct lab *lab = *state;

	assert_int_equal(lab_apply_text(lab, lab_two, NULL), 0);
	assert_int_equal(lab_apply_text(lab, one, NULL), 0);
	lab_kill(lab);
	lab_start(lab);
	assert_int_equal(lab_daemon_row(lab).config_version, 2);
	// It is no longer asked for; connections that it had go on.
	assert_int_equal(lab_backend_row(lab, "a").state, CONFIG_STATE_LEAVING);
	assert_int_equal(lab_backend_row(lab, "b").state, CONFIG_STATE_ACTIVE);
	assert_int_equal(lab_backend_row(lab, "c").state, CONFIG_STATE_ACTIVE);
	while (lab_backend_row(lab, "c").share_ppm == 0)
		;
	assert_int_equal(lab_backend_row(lab, "a").share_ppm, 0);
	// Who leaves is not missing: the pool and its service have two backends, both usable.
	assert_int_equal(lab_show(lab, MESSAGE_SHOW_POOLS, &pool, 1, sizeof(pool)), 1);
	assert_int_equal(pool.backends, 2);
	assert_int_equal(lab_show(lab, MESSAGE_SHOW_SERVICES, &service, 1, sizeof(service)), 1);
	assert_int_equal(service.backends, 2);
	assert_int_equal(service.backends_usable, 2);
	lab_stop(lab);
}

static void a_drained_or_disabled_backend_has_no_share(void **state)
{
	static const uint32_t states[] = {CONFIG_STATE_DRAINING, CONFIG_STATE_DISABLED};
	struct message_row_backend row;

	assert_int_equal(lab_apply_text(*state, lab_two, NULL), 0);
	while (lab_backend_row(*state, "a").share_ppm == 0)
		;
	for (size_t i = 0; i < COUNT(states); i++) {
		assert_int_equal(lab_set_backend(*state, "a", states[i], UINT32_MAX, NULL), 0);
		row = lab_backend_row(*state, "a");
		assert_int_equal(row.share_ppm, 0);
		assert_int_equal(row.state, states[i]);
		assert_int_equal(row.health, HEALTH_UP);
		assert_int_equal(lab_backend_row(*state, "b").share_ppm, 1000000);
	}
}

// Weight 0 takes nothing new, and nobody calls it usable: not the backend's row, nor its service's
// or pool's.
static void nobody_is_usable_whose_weight_is_0(void **state)
{
	struct message_row_service service;
	struct message_row_pool pool;

	assert_int_equal(lab_apply_text(*state, lab_two, NULL), 0);
	while (lab_backend_row(*state, "a").share_ppm == 0)
		;
	assert_int_equal(lab_set_backend(*state, "a", CONFIG_STATE_UNSET, 0, NULL), 0);
	lab_show(*state, MESSAGE_SHOW_SERVICES, &service, 1, sizeof(service));
	assert_int_equal(service.backends_usable, 1);
	assert_string_equal(
		lab_backend_row(*state, "a").reason, "its weight is 0: it takes no new flows");
	assert_int_equal(lab_set_backend(*state, "b", CONFIG_STATE_UNSET, 0, NULL), 0);
	lab_show(*state, MESSAGE_SHOW_SERVICES, &service, 1, sizeof(service));
	lab_show(*state, MESSAGE_SHOW_POOLS, &pool, 1, sizeof(pool));
	assert_int_equal(service.backends_usable, 0);
	assert_int_equal(pool.backends_usable, 0);
}

// By what an operator types; it comes back by an apply alone.
static void one_that_leaves_can_be_disabled_and_drained(void **state)
{
	static const char one[] =
		"services:\n"
		"  - {name: web, vip: 203.0.113.10, protocol: tcp, port: 443, pool: web}\n"
		"pools:\n"
		"  - name: web\n"
		"    health: {type: none}\n"
		"    backends: [{name: b, address: 10.0.0.2, weight: 30}]\n";
	struct message_backend_set set = {.name = "a",
		.state = CONFIG_STATE_DRAINING,
		.weight = UINT32_MAX,
		.deadline_s = 600,
		.then = MESSAGE_THEN_RESET};
	struct message_done done;

	assert_int_equal(lab_apply_text(*state, lab_two, NULL), 0);
	assert_int_equal(lab_apply_text(*state, one, NULL), 0);
	assert_int_equal(lab_backend_row(*state, "a").state, CONFIG_STATE_LEAVING);
	lab_send(*state, MESSAGE_BACKEND_SET, &set, sizeof(set));
	assert_int_equal(lab_finish(*state, &done), 0);
	assert_in_range(lab_backend_row(*state, "a").drain_left_s, 500, 600);
	assert_int_equal(lab_set_backend(*state, "a", CONFIG_STATE_ACTIVE, UINT32_MAX, NULL), -1);
	assert_int_equal(lab_set_backend(*state, "a", CONFIG_STATE_UNSET, 10, NULL), -1);
	assert_int_equal(
		lab_set_backend(*state, "nobody", CONFIG_STATE_DISABLED, UINT32_MAX, NULL), -1);
	assert_int_equal(lab_set_backend(*state, "a", CONFIG_STATE_DISABLED, UINT32_MAX, NULL), 0);
	assert_int_equal(lab_backend_row(*state, "a").state, CONFIG_STATE_LEAVING);
	assert_string_equal(
		lab_backend_row(*state, "a").reason, "taken out, and disabled by the operator");
	// Back in the file it is what it was.
	assert_int_equal(lab_apply_text(*state, lab_two, NULL), 0);
	assert_int_equal(lab_backend_row(*state, "a").state, CONFIG_STATE_ACTIVE);
	while (lab_backend_row(*state, "a").share_ppm == 0)
		;
}

// a and b of pool web, the second a of pool ssh; a is one host.
static const char two_pools[] =
	"services:\n"
	"  - {name: web, vip: 203.0.113.10, protocol: tcp, port: 443, pool: web}\n"
	"  - {name: ssh, vip: 203.0.113.10, protocol: tcp, port: 22, pool: ssh}\n"
	"pools:\n"
	"  - name: web\n"
	"    backends:\n"
	"      - {name: a, address: 10.0.0.1, zone: x}\n"
	"      - {name: b, address: 10.0.0.2, zone: y}\n"
	"  - name: ssh\n"
	"    backends:\n"
	"      - {name: a, address: 10.0.0.1, zone: x}\n";

static void assert_states(struct lab *lab, const char *wanted)
{
	struct message_row_backend rows[3];
	char states[4] = "";

	assert_int_equal(lab_show(lab, MESSAGE_SHOW_BACKENDS, rows, 3, sizeof(rows[0])), 3);
	for (int i = 0; i < 3; i++)
		states[i] = rows[i].state == CONFIG_STATE_ACTIVE ? 'A' : 'D';
	assert_string_equal(states, wanted);
}

static void several_backends_change_as_one_version(void **state)
{
	static const struct {
		struct message_backend_select rows[2];
		uint32_t count;
		const char *states; // of web/a, web/b, ssh/a
		uint64_t changes;
	} cases[] = {
		{{{.name = "ssh/a"}, {.name = "b"}}, 2, "ADD", 2},
		{{{.address = {{10, 0, 0, 1}, ADDR_IPV4, {0}}}}, 1, "DAD", 2},
		{{{.zone = "x"}, {.name = "b"}}, 2, "DDD", 3},
		{{{.zone = "x", .pool = "ssh"}}, 1, "AAD", 1}, {{{.pool = "web"}}, 1, "DDA", 2},
		{{{.zone = "y"}, {.name = "b"}}, 2, "ADA", 1}, // the same one twice
	};
	const struct message_backend_select all[] = {{.pool = "web"}, {.pool = "ssh"}};
	struct message_done done;

	if (lab_apply_text(*state, two_pools, NULL) != 0)
		fail_msg("%s", lab_error(*state));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(lab_set_backends(*state, cases[i].rows, cases[i].count,
					 CONFIG_STATE_DRAINING, &done),
			0);
		assert_int_equal(done.changes, cases[i].changes);
		assert_int_equal(done.version, 2 + 2 * i);
		assert_states(*state, cases[i].states);
		assert_int_equal(lab_set_backends(*state, all, 2, CONFIG_STATE_ACTIVE, &done), 0);
		assert_int_equal(done.version, 3 + 2 * i);
	}
}

static void one_that_is_not_there_refuses_all(void **state)
{
	static const struct {
		struct message_backend_select rows[2];
		uint32_t count;
		int code;
		const char *words;
	} cases[] = {
		{{{.name = "b"}, {.name = "nobody"}}, 2, ENOENT, "there is no backend 'nobody'"},
		{{{.name = "b"}, {.name = "a"}}, 2, EEXIST, "say web/a or ssh/a"},
		{{{.name = "b"}, {.zone = "z"}}, 2, ENOENT, "there is no backend in zone 'z'"},
		{{{.zone = "y", .pool = "ssh"}}, 1, ENOENT, "in zone 'y' of pool 'ssh'"},
		{{{.address = {{10, 0, 0, 9}, ADDR_IPV4, {0}}}}, 1, ENOENT,
			"with the address 10.0.0.9"},
		{{{.name = "b"}, {.address = {{10}, 77, {0}}}}, 2, ENOENT, "there is no backend"},
		{{{.name = "b"}, {.name = ""}}, 2, ENOENT, "no backend is named"},
		{{{.name = ""}}, 0, ENOENT, "no backend is named"},
	};

	if (lab_apply_text(*state, two_pools, NULL) != 0)
		fail_msg("%s", lab_error(*state));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(lab_set_backends(*state, cases[i].rows, cases[i].count,
					 CONFIG_STATE_DRAINING, NULL),
			-1);
		assert_int_equal(lab_error_code(*state), cases[i].code);
		if (strstr(lab_error(*state), cases[i].words) == NULL)
			fail_msg("row %zu says '%s'", i, lab_error(*state));
		assert_states(*state, "AAA");
	}
}

static void a_weight_moves_the_shares(void **state)
{
	assert_int_equal(lab_apply_text(*state, lab_two, NULL), 0);
	while (lab_backend_row(*state, "a").share_ppm == 0)
		;
	assert_int_equal(lab_set_backend(*state, "a", CONFIG_STATE_UNSET, 300, NULL), 0);
	assert_in_range(lab_backend_row(*state, "a").share_ppm, 499000, 501000);
	assert_int_equal(lab_set_backend(*state, "a", CONFIG_STATE_UNSET, 0, NULL), 0);
	assert_int_equal(lab_backend_row(*state, "a").share_ppm, 0);
}

static int listen_on(const char *address, uint16_t port)
{
	struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int one = 1;

	inet_pton(AF_INET, address, &name.sin_addr);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	assert_int_equal(listen(fd, 64), 0);
	return fd;
}

static void wait_for_health(struct lab *lab, const char *name, uint8_t health)
{
	time_t until = time(NULL) + 20;

	while (lab_backend_row(lab, name).health != health) {
		if (time(NULL) > until)
			fail_msg("%s never had health %u", name, health);
	}
}

static void probes_find_out_who_is_up(void **state)
{
	static const char probed[] =
		"services:\n"
		"  - {name: web, vip: 203.0.113.10, protocol: tcp, port: 8443, pool: web}\n"
		"pools:\n"
		"  - name: web\n"
		"    health: {type: tcp, interval: 100ms, timeout: 90ms, rise: 2, fall: 2}\n"
		"    backends: [{name: a, address: 10.9.9.8}, {name: c, address: 10.9.9.9}]\n";
	int fd;

	lab_shell("ip addr replace 10.9.9.8/32 dev lo && ip addr replace 10.9.9.9/32 dev lo");
	fd = listen_on("10.9.9.9", 8443);
	assert_int_equal(lab_apply_text(*state, lab_two, NULL), 0);
	assert_int_equal(lab_backend_row(*state, "a").health, HEALTH_UP);
	assert_int_equal(lab_apply_text(*state, probed, NULL), 0);
	// Another address is another backend: nothing is known of it.
	wait_for_health(*state, "c", HEALTH_UP);
	wait_for_health(*state, "a", HEALTH_DOWN);
	close(fd);
	wait_for_health(*state, "c", HEALTH_DOWN);
	// And the probes end with the pool.
	assert_int_equal(lab_apply_text(*state, lab_two, NULL), 0);
	assert_int_equal(lab_backend_row(*state, "a").health, HEALTH_UP);
}

static void a_pool_without_a_service_is_explained(void **state)
{
	assert_int_equal(
		lab_apply_text(*state,
			"pools:\n  - name: web\n    backends: [{name: a, address: 10.0.0.1}]\n",
			NULL),
		0);
	assert_non_null(strstr(lab_backend_row(*state, "a").reason, "no port to probe"));
	assert_int_equal(lab_backend_row(*state, "a").health, HEALTH_UNKNOWN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, lab_setup_usual, lab_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_operators_state_stays_over_an_apply_and_a_restart),
		TEST(a_change_is_remembered_over_a_restart),
		TEST(a_drained_or_disabled_backend_has_no_share),
		TEST(nobody_is_usable_whose_weight_is_0),
		TEST(one_that_leaves_can_be_disabled_and_drained),
		TEST(several_backends_change_as_one_version),
		TEST(one_that_is_not_there_refuses_all),
		TEST(a_weight_moves_the_shares),
		TEST(probes_find_out_who_is_up),
		TEST(a_pool_without_a_service_is_explained),
	};

	return lab_enter_namespace() ? cmocka_run_group_tests(tests, NULL, NULL) : LAB_SKIPPED;
}
