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
	says("connection?[31m refused\n");
	does_not_say("\033");
	assert_int_equal(run("show services"), 0);
	says("web      203.0.113.10   443  tcp    ipip     web      2/3");
	assert_int_equal(run("show workers"), 0);
	says("no workers\n");
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
		WITH_DAEMON(drops_that_never_happened_are_shown_on_demand),
		WITH_DAEMON(flows_are_listed_and_the_rest_is_counted),
		WITH_DAEMON(json_is_exact),
		WITH_DAEMON(the_summary_has_the_daemon_and_what_it_serves),
		WITH_DAEMON(a_doctor_asks_a_running_daemon_about_its_ports),
		WITH_DAEMON(a_doctor_tells_of_a_daemon_that_died),
	};

	return RUN_FULCRUMCTL_TESTS(argc, argv, tests);
}
