// SPDX-License-Identifier: BSD-3-Clause
// The tool as a process: what it shows of a daemon.
#include "fulcrumctl_run.h"

#include <jansson.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
// cmocka wants the headers above first
#include <cmocka.h>

static void tables_are_short_and_quiet(void **state)
{
	assert_int_equal(run("show backends"), 0);
	says("POOL  BACKEND  ADDRESS ");
	says("web-1    10.0.1.11  - ");
	says("draining  up ");
	says("33.3%");
	says("1.23M  999 B  -\n");
	says("connection?[31m refused?\n");
	does_not_say("\033");
	assert_int_equal(run("show backends web-2 -o json"), 0);
	does_not_say("\033");
	does_not_say("\xe2\x80\xae");
	says("\\u202E");
	assert_int_equal(run("show services"), 0);
	says("web      203.0.113.10  443   tcp    ipip     web      2/3");
	assert_int_equal(run("show vips"), 0);
	says("no vips\n");
}

static void what_another_process_answers_moves_no_cursor(void **state)
{
	static const char *const commands[] = {"explain tcp 198.51.100.7:1 203.0.113.10:443 2>&1",
		"explain tcp 198.51.100.7:1 203.0.113.10:443 -o json 2>&1", "show backends 2>&1",
		"show config 2>&1"};

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		assert_int_equal(run(commands[i]), 0);
		does_not_say("\033");
		does_not_say("\r");
		does_not_say("\xc2\x9b");
		does_not_say("\xe2\x80\xae");
	}
	assert_int_equal(run("explain tcp 198.51.100.7:1 203.0.113.10:443"), 0);
	says("service    w?[2J????, pool w?[2J????\n");
	says("goes to w?[2J????");
}

static void a_show_is_filtered_and_sorted(void **state)
{
	static const struct {
		const char *arguments;
		int status;
		const char *says, *says_not;
	} rows[] = {
		{"backends web-1", 0, "web-1", "web-2"},
		{"backends web/web-2 web-1", 0, "web-2", "other"},
		{"backends 'web-*'", 0, "web-1", "other"},
		{"backends other/web-1", 1, "none of the backends is called 'other/web-1'", "POOL"},
		{"backends web-1 web-9", 1, "called 'web-9'; did you mean 'web-1'?", "POOL"},
		{"backends --state down", 0, "web-2", "web-1"},
		{"backends --state up", 0, "web-1", "web-2"},
		{"backends --state draining", 0, "web-1", "other"},
		{"backends --state disabled", 0, "no backends", "web-1"},
		{"backends --state dwon", 2, "did you mean 'down'? There are: active,", "POOL"},
		{"drops --state down", 2, "--state: drops have no state", "REASON"},
		{"ports --state down", 0, "wan", "lan"},
		{"backends --pool web", 0, "web-1", "other"},
		{"backends --pool wbe", 1, "none of the pools is called 'wbe'; did you mean 'web'?",
			"POOL"},
		{"drops --pool web", 2, "--pool: drops belong to no pool", "REASON"},
		{"backends --service web", 0, "web-1", "other"},
		{"backends --service shop", 1, "none of the services is called 'shop'", "POOL"},
		{"services --service web", 0, "203.0.113.10", "other"},
		{"workers --service web", 2, "--service: workers belong to no service", "WORKER"},
		{"backends --sort pakets", 2, "no column 'pakets'; did you mean 'packets'?",
			"POOL"},
		{"--pool web", 2, "say of what", "fulcrumd "},
		{"version web", 2, "'version' is shown whole", "0.9.9"},
		{"backends --watch 5", 2, "'5' is no time from 100ms to 1h", "POOL"},
		{"backends web-1 -o json", 0, "\"web-1\"", "web-2"},
		{"ports --sort link_mbps", 0, "dmz", "columns more"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char line[128];

		snprintf(line, sizeof(line), "show %s", rows[i].arguments);
		if (run(line) != rows[i].status)
			fail_msg("'%s' ends otherwise: %s", line, output);
		says(rows[i].says);
		does_not_say(rows[i].says_not);
	}
}

static void assert_order(const char *arguments, const char *first, const char *second)
{
	assert_int_equal(run(arguments), 0);
	says(first);
	says(second);
	assert_true(strstr(output, first) < strstr(output, second));
}

static void rows_are_sorted_by_names_from_a_and_numbers_from_the_largest(void **state)
{
	assert_order("show ports --sort port", "dmz", "lan");
	assert_order("show ports --sort PORT --reverse", "wan", "lan");
	assert_order("show ports --sort MBIT/S", "dmz", "wan");
	assert_order("show ports --sort queues", "lan", "wan");
	assert_order("show ports --sort queues --reverse", "wan", "lan");
	assert_order("show backends --sort since", "web-1", "web-2");
	assert_order("show backends --reverse", "web-2", "web-1");
	assert_order("show ports --sort queues -o json", "\"lan\"", "\"wan\"");
}

static size_t widest_line(void)
{
	size_t most = 0;

	for (const char *at = output; *at != '\0'; at += strcspn(at, "\n") + (*at != '\0'))
		if (strcspn(at, "\r\n") > most)
			most = strcspn(at, "\r\n");
	return most;
}

static void a_table_fits_its_terminal(void **state)
{
	static const char *const views[] = {
		"backends", "services", "ports", "drops", "pools", "history"};
	char line[64];

	for (unsigned short columns = 60; columns <= 140; columns += 20) {
		for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++) {
			snprintf(line, sizeof(line), "show %s", views[i]);
			assert_int_equal(run_on_terminal(line, columns, 0), 0);
			if (widest_line() > columns)
				fail_msg("%s: wider than %u:\n%s", line, columns, output);
		}
	}
	assert_int_equal(run_on_terminal("show backends", 80, 0), 0);
	says("HEALTH");
	says("REASON");
	does_not_say("SYN RST");
	says("columns more: --wide)");
	assert_int_equal(run_on_terminal("show backends --wide", 80, 0), 0);
	says("SYN RST");
	does_not_say("more:");
	assert_int_equal(run("show backends"), 0); // a pipe
	says("SYN RST");
	does_not_say("more:");
}

static void a_watch_redraws_a_terminal_and_ends_by_ctrl_c(void **state)
{
	char *second;

	assert_int_equal(run_on_terminal("show services --watch 100ms", 80, 3), 0);
	second = strstr(strstr(output, "\033[H") + 1, "\033[H");
	assert_non_null(second);
	assert_non_null(strstr(second, "203.0.113.10"));
	assert_int_equal(run("show services --watch 100ms | head -n 5"), 0);
	assert_string_equal(strstr(output, "\n\n") + 2, output + (strlen(output) + 1) / 2);
	does_not_say("\033");
}

static void flows_are_listed_and_the_rest_is_counted(void **state)
{
	json_t *json, *flows;

	assert_int_equal(run("flows"), 0);
	says("CLIENT         PORT  SERVICE ");
	says("198.51.100.7  40000  web      web   web-1    established   2h    3s       0\n");
	does_not_say("matched");
	assert_int_equal(
		run("flows --service shop --backend a/b --client 2001:db8::1 --limit 2"), 0);
	says("2001:db8::1  40000  shop ");
	says(" a/b ");
	says("\n5 more matched\n");
	assert_int_equal(run("flows --limit 0"), 0);
	assert_string_equal(output, "7 matched\n");
	assert_int_equal(run("flows --limit 1 -o json"), 0);
	json = json_loads(output, 0, NULL);
	assert_int_equal(json_integer_value(json_object_get(json, "matched")), 7);
	flows = json_object_get(json, "flows");
	assert_int_equal(json_array_size(flows), 1);
	assert_int_equal(
		json_integer_value(json_object_get(json_array_get(flows, 0), "age_s")), 7200);
	json_decref(json);
}

static void drops_that_never_happened_are_shown_on_demand(void **state)
{
	assert_int_equal(run("show drops"), 0);
	says("malformed        3  is no IP\n");
	does_not_say("no_backend");
	assert_int_equal(run("show drops --all"), 0);
	says("no_backend");
}

static void json_is_exact(void **state)
{
	json_t *json;

	assert_int_equal(run("show backends -o json"), 0);
	json = json_loads(output, 0, NULL);
	assert_int_equal(json_array_size(json), 2);
	assert_int_equal(
		json_integer_value(json_object_get(json_array_get(json, 0), "packets")), 1234567);
	assert_string_equal(json_string_value(json_object_get(json_array_get(json, 0), "since")),
		"2001-09-09T01:46:40Z");
	assert_true(json_is_null(json_object_get(json_array_get(json, 1), "since")));
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(json, 1), "health")), "down");
	assert_int_equal(
		strlen(json_string_value(json_object_get(json_array_get(json, 1), "zone"))), 64);
	json_decref(json);
}

static void the_summary_has_the_daemon_and_what_it_serves(void **state)
{
	json_t *json;

	assert_int_equal(run("show"), 0);
	says("fulcrumd         0.9.9\n");
	says("\nSERVICE ");
	says("web-2");
	assert_int_equal(run("show -o json"), 0);
	json = json_loads(output, 0, NULL);
	assert_int_equal(
		json_integer_value(json_object_get(json_object_get(json, "daemon"), "pid")), 77);
	assert_int_equal(json_array_size(json_object_get(json, "services")), 1);
	json_decref(json);
	assert_int_equal(run("show version"), 0);
	says("fulcrumctl       " FULCRUM_VERSION "\nfulcrumd         0.9.9\n");
	assert_int_equal(run("show config"), 0);
	assert_string_equal(output, "services:\n  - name: web\n");
	assert_int_equal(run("show config -o json"), 0);
	says("\"services:\\n  - name: web\\n\"");
}

static void a_doctor_asks_a_running_daemon_about_its_ports(void **state)
{
	assert_int_equal(run("doctor --root ."), 1);
	says("ok           daemon            fulcrumd 0.9.9 runs, process 77, 4 worker(s)\n");
	says("the daemon runs with DPDK 19.08.1, but was built with ");
	says("mend  apt-get install --reinstall fulcrum && systemctl restart fulcrumd\n");
	says("wrong        workers           worker 1 on core 3 has stood still for 25 s");
	says("wrong        queues            wan: 2 queue(s) for 4 workers");
	says("leave 2 of workers: {cores: [...]}, then systemctl restart fulcrumd\n");
	says("ok           queues            lan: 4 queue(s) for 4 worker(s)\n");
	says("wrong        rss               wan spreads by addresses alone");
	says("wrong        rss               lan spreads nothing");
	says("ok           rss               dmz: ipv4 ipv4-tcp\n");
	says("wrong        link              wan: down\n");
	says("mend  plug the cable in");
	says("ok           link              dmz: up, 25000 Mbit/s\n");
}

static void a_doctor_tells_of_a_daemon_that_died(void **state)
{
	kill(daemon_pid, SIGKILL);
	waitpid(daemon_pid, NULL, 0);
	assert_int_equal(run("doctor --root ."), 1);
	says("wrong        daemon ");
	says("mend  systemctl start fulcrumd; journalctl -u fulcrumd -n 50\n");
	says("cannot tell  link ");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		WITH_DAEMON(tables_are_short_and_quiet),
		WITH_DAEMON(what_another_process_answers_moves_no_cursor),
		WITH_DAEMON(drops_that_never_happened_are_shown_on_demand),
		WITH_DAEMON(a_show_is_filtered_and_sorted),
		WITH_DAEMON(rows_are_sorted_by_names_from_a_and_numbers_from_the_largest),
		WITH_DAEMON(a_table_fits_its_terminal),
		WITH_DAEMON(a_watch_redraws_a_terminal_and_ends_by_ctrl_c),
		WITH_DAEMON(flows_are_listed_and_the_rest_is_counted),
		WITH_DAEMON(json_is_exact),
		WITH_DAEMON(the_summary_has_the_daemon_and_what_it_serves),
		WITH_DAEMON(a_doctor_asks_a_running_daemon_about_its_ports),
		WITH_DAEMON(a_doctor_tells_of_a_daemon_that_died),
	};

	return RUN_FULCRUMCTL_TESTS(argc, argv, tests);
}
