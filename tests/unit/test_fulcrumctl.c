// SPDX-License-Identifier: BSD-3-Clause
// The tool as a process: how it is called, what it sends, how it ends.
#include "fulcrumctl_run.h"

#include <channel/channel.h>

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void bad_usage_ends_with_2(void **state)
{
	static const char *const rows[] = {"", "frobnicate", "--wait 5 show", "--wait show",
		"show nothing", "show version pools", "show -o xml", "check", "check -f", "apply",
		"backend", "backend drain", "backend drain ''", "backend drain a --zone z",
		"backend drain --zone", "backend drain --zone ''", "backend drain --address x",
		"backend drain a --then reset", "backend disable a --deadline 1m", "backend weight",
		"backend weight a", "backend weight 5", "backend weight a 65536",
		"backend weight a -1", "backend weight a x", "backend paint a",
		"apply -f good.yaml --if-version x", "check -f good.yaml more", "doctor more",
		"doctor -o xml", "doctor -c nowhere.yaml", "flows more", "flows --client here",
		"flows --client 192.0.2.0/33", "flows --client 192.0.2.1/24",
		"flows --client 2001:db8::/", "flows --limit x", "flows --limit 100001",
		"apply -f good.yaml --confirm soon", "apply -f good.yaml --confirm 25h",
		"apply -f good.yaml --confirm 500ms", "confirm 3", "plan",
		"plan -f good.yaml -o xml", "flows -o xml", "flows --service ''"};

	for (size_t i = 0; i < COUNT(rows); i++)
		if (run(rows[i]) != 2)
			fail_msg("'%s' ends otherwise: %s", rows[i], output);
}

static void without_a_daemon_it_ends_with_3(void **state)
{
	static const char *const rows[] = {
		"show", "show services -o json", "apply -f good.yaml", "backend drain web-1"};

	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(run(rows[i]), 3);
		says("no fulcrumd runs");
	}
}

static void a_plan_tells_changes_and_what_they_cost(void **state)
{
	json_t *json;

	assert_int_equal(run("plan -f good.yaml"), 0);
	says("loses w?[2J????\n");
	does_not_say("\033");
	// The line in between is of another process that answers.
	says("backend web/web-3: added\npool w?[2J????\n1 change to version 5; none was made\n");
	says("web   stays   65537  21846         801");
	assert_int_equal(run("plan -f good.yaml -o json 2>/dev/null"), 0);
	json = json_loads(output, 0, NULL);
	assert_string_equal(json_string_value(json_array_get(json_object_get(json, "changes"), 0)),
		"backend web/web-3: added");
	assert_int_equal(json_integer_value(json_object_get(
				 json_array_get(json_object_get(json, "pools"), 0), "slots_moved")),
		21846);
	json_decref(json);
}

static void a_trial_is_begun_confirmed_and_taken_back(void **state)
{
	assert_int_equal(run("apply -f good.yaml --confirm 5m"), 0);
	says("to be confirmed in 300 s");
	assert_int_equal(run("confirm"), 0);
	says("version 5 is confirmed\n");
	assert_int_equal(run("confirm --revert"), 0);
	says("1 change; version 5 is in force\n");
}

static void a_bad_file_ends_with_2_and_a_caret(void **state)
{
	static const char *const rows[] = {
		"check -f bad.yaml", "plan -f bad.yaml", "apply -f bad.yaml"};

	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(run(rows[i]), 2);
		says("bad.yaml:5:5: ");
		says("     5 |     colour: green\n       |     ^\n");
		says("bad.yaml:7:32: "); // the second error, too
		says("\n       |                                ^\n");
		does_not_say("\033");
	}
	assert_int_equal(run("check -f nowhere.yaml"), 2);
	says("nowhere.yaml");
	assert_int_equal(run("apply good.yaml"), 2);
	says("fulcrumctl apply: 'good.yaml' is one word too many; a file is named by -f");
}

static void a_good_file_is_right_without_a_daemon(void **state)
{
	assert_int_equal(run("check -f good.yaml"), 0);
	says("right: 1 service, 1 pool, 2 backends\n");
	says("no hash_key");
}

static void a_quorum_that_no_pool_reaches_is_told(void **state)
{
	write_file("quorum.yaml",
		"services:\n"
		"  - {name: web, vip: 203.0.113.10, protocol: tcp, port: 443, pool: web,\n"
		"     announce: {mode: route, quorum: 2}}\n"
		"pools:\n"
		"  - {name: web, backends: [{name: a, address: 10.0.0.1}]}\n");
	assert_int_equal(run("check -f quorum.yaml"), 0);
	says("note: service 'web' is announced when 2 of its backends serve, and pool 'web' has 1\n");
	assert_int_equal(run("check -f good.yaml"), 0);
	does_not_say("is announced when");
}

static void a_pool_that_takes_nothing_is_told(void **state)
{
	write_file("weights.yaml",
		"services:\n"
		"  - {name: web, vip: 203.0.113.10, protocol: tcp, port: 443, pool: web,\n"
		"     announce: {mode: route, quorum: 1}}\n"
		"pools:\n"
		"  - {name: web, backends: [{name: a, address: 10.0.0.1, weight: 0}]}\n");
	assert_int_equal(run("check -f weights.yaml"), 0);
	says("note: pool 'web': every backend has weight 0: none of them takes a new flow\n");
	says("note: service 'web' is announced when 1 of its backends serve, and pool 'web' has 0\n");
	assert_int_equal(run("check -f good.yaml"), 0);
	does_not_say("has weight 0");
}

static void a_file_may_come_from_standard_input(void **state)
{
	assert_int_equal(run("check -f - <good.yaml"), 0);
	says("right: 1 service, 1 pool, 2 backends\n");
	assert_int_equal(run("check -f - <bad.yaml"), 2);
	says("-:5:5: ");
	says("-:7:32: ");
	does_not_say("^");
	assert_int_equal(run("check -f -"), 2); // nothing in it
}

static void several_files_and_folders_are_one_configuration(void **state)
{
	static const char *const also[] = {
		"check -f good.yaml -f parts", "check -f parts/ -f - <good.yaml"};

	write_file("parts/20.yml", "\xef\xbb\xbfpools:\n  - {name: mail, backends: []}\n");
	write_file("parts/10.yaml",
		"services:\n"
		"  - {name: mail, vip: 203.0.113.11, protocol: tcp, port: 25, pool: mail}\n");
	write_file("parts/.#10.yaml", "an editor's");
	write_file("parts/notes.txt", "no YAML: at: all");
	for (size_t i = 0; i < COUNT(also); i++) {
		assert_int_equal(run(also[i]), 0);
		says("right: 2 services, 2 pools, 2 backends\n");
		says(" and others: note: no hash_key");
		says("parts/notes.txt: note: passed over: of a folder, files that end in .yaml or .yml are taken\n");
		does_not_say("#10.yaml");
	}
	assert_int_equal(run("apply -f good.yaml -f parts"), 0);
	says("6 records came");
	assert_int_equal(run("plan -f good.yaml -f parts"), 0);
	assert_int_equal(run("backend-setup --backend web-1 -f parts -f good.yaml"), 0);
	says("backend-setup from parts and others;");
}

// What turns the direction of a text round, moves a cursor, or hides.
static void a_terminal_sees_no_mark_that_a_file_hides(void **state)
{
	write_file("parts/10.yaml",
		"services: []\npools:\n\t# \xe2\x80\xae\n  - {name: \"a\xe2\x80\xae"
		"b\", x\xef\xbb\xbf: 1}\n");
	assert_int_equal(run("check -f parts/10.yaml"), 2);
	does_not_say("\xe2\x80\xae");
	does_not_say("\xef\xbb\xbf");
	write_file("parts/10.yaml", "services: []\npools:\n  - {name: \"a\x1b[31mb\"}\n");
	assert_int_equal(run("check -f parts/10.yaml"), 2);
	does_not_say("\x1b");
	says("     3 |   - {name: \"a?[31mb\"}\n       |              ^\n");
	write_file("parts/10.yaml", "services: []\npools:\n  - {name: \"a\xe2\x80\xae"
				    "b\"}\n");
	assert_int_equal(run("check -f parts/10.yaml"), 2);
	does_not_say("\xe2\x80\xae");
	says("not 'a?b'\n     3 |   - {name: \"a?b\"}\n       |            ^\n");
}

static void a_fault_of_several_files_is_shown_in_its_own(void **state)
{
	write_file("parts/10.yaml", "pools:\n  - name: other\n    backends: []\n  - name: web\n");
	write_file("parts/20.yaml", "# none\n\n\npools:\n  - name: other\n    backends: []\n");
	assert_int_equal(run("check -f good.yaml -f parts"), 2);
	says("parts/10.yaml:4:11: pool 'web' is named twice (first at good.yaml:4)\n"
	     "     4 |   - name: web\n"
	     "       |           ^\n");
	says("parts/20.yaml:5:11: pool 'other' is named twice (first at parts/10.yaml:2)\n"
	     "     5 |   - name: other\n"
	     "       |           ^\n");
	assert_int_equal(run("check -f parts/10.yaml -f - <good.yaml"), 2);
	says("-:4:11: pool 'web' is named twice (first at parts/10.yaml:4)\n");
	assert_int_equal(run("check -f good.yaml -f good.yaml"), 2);
	says("-f good.yaml is given twice");
}

static void a_folder_without_a_pool_file_is_refused(void **state)
{
	write_file("parts/notes.txt", "no YAML: at: all");
	assert_int_equal(run("apply -f good.yaml -f parts"), 2);
	says("fulcrumctl: parts: there is no *.yaml or *.yml in this folder\n");
}

static void help_tells_the_exit_statuses(void **state)
{
	assert_int_equal(run("--help"), 0);
	says("Exit status: 0 done; 1 failed;");
	assert_int_equal(run("--version"), 0);
	says("fulcrumctl ");
	assert_int_equal(run("show --help"), 0);
	says("fulcrumctl show");
}

static void an_apply_sends_every_record_and_tells_what_changed(void **state)
{
	assert_int_equal(run("apply -f good.yaml"), 0);
	says("4 records came, to be confirmed in 0 s\n4 changes; version 5 is in force\n");
	assert_int_equal(run("apply -f good.yaml --if-version 4"), 1);
	says("version 5 is in force, not 4");
}

static void a_backend_is_changed_by_its_name(void **state)
{
	assert_int_equal(run("backend drain web-1"), 0);
	says("[web-1   -]: state 2, weight -1\n1 change; version 5 is in force\n");
	assert_int_equal(run("backend undrain web/web-1"), 0);
	says("[web/web-1   -]: state 1, weight -1\n");
	assert_int_equal(run("backend disable web-1"), 0);
	says("[web-1   -]: state 3, weight -1\n");
	assert_int_equal(run("backend weight web-1 65535"), 0);
	says("[web-1   -]: state 0, weight 65535\n");
	assert_int_equal(run("backend drain nobody"), 1);
	says("there is no backend 'nobody'");
}

static void several_backends_are_changed_by_one_request(void **state)
{
	assert_int_equal(run("backend drain web-1 web/web-2 --deadline 10m"), 0);
	says("[web-1   -][web/web-2   -]: state 2, weight -1\n1 change; version 5 is in force\n"
	     "in 10m what is left of their connections goes on\n");
	assert_int_equal(run("backend disable --address 10.0.1.11"), 0);
	says("[   10.0.1.11]: state 3, weight -1\n");
	assert_int_equal(run("backend weight --zone a --pool web 0"), 0);
	says("[ web a -]: state 0, weight 0\n");
	assert_int_equal(run("backend weight web-1 web-2 7"), 0);
	says("[web-1   -][web-2   -]: state 0, weight 7\n");
	assert_int_equal(run("backend enable web-1 nobody"), 1);
	says("there is no backend 'nobody'");
	does_not_say("did you mean");
	assert_int_equal(run("backend enable nobody wbe-1"), 1);
	says("(did you mean 'web-1'?)");
}

static void what_is_not_known_is_answered_with_the_nearest(void **state)
{
	static const struct {
		const char *arguments, *text;
	} rows[] = {
		{"shwo",
			"there is no command 'shwo'; did you mean 'show'? There are: check, plan,"},
		{"help shwo", "did you mean 'show'?"},
		{"backend dran web-1", "did you mean 'drain'? There are: drain, undrain, disable,"},
		{"backend", "a command is missing; there are: drain, undrain"},
		{"show backend", "'backend'; did you mean 'backends'? There are: services, pools"},
		{"show --al", "no fulcrumd runs"}, // as getopt has it: a beginning is enough
		{"show --outptu json", "there is no option '--outptu'; did you mean '--output'?"},
		{"--chanel x show", "did you mean '--channel'?"},
		{"backend drain web-1 --deadlin=5m --wacth", "did you mean '--watch'?"},
		{"flows -z", "there is no option '-z'; there are: --service"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_not_equal(run(rows[i].arguments), 0);
		says(rows[i].text);
	}
}

static void a_prefix_of_clients_is_asked_for(void **state)
{
	assert_int_equal(run("flows --client 192.0.2.0/24"), 0);
	says("192.0.2.0    24  web");
	assert_int_equal(run("flows --client 2001:db8::/31"), 0);
	says("2001:db8::    31  web");
	assert_int_equal(run("flows --client 192.0.2.9"), 0);
	says("192.0.2.9  40000  web");
}

static void a_full_disk_is_told(void **state)
{
	assert_int_equal(run("show -o json >/dev/full"), 1);
}

static void a_busy_channel_ends_with_5(void **state)
{
	struct channel_client *client;
	char path[128], pid[32];

	snprintf(path, sizeof(path), "%s/channel", folder);
	assert_int_equal(channel_client_open(path, 1000, &client, NULL), 0);
	assert_int_equal(run("--wait 20ms show"), 5);
	snprintf(pid, sizeof(pid), "process %d ", (int)getpid());
	says(pid);
	channel_client_close(client);
	assert_int_equal(run("--wait 20ms show version"), 0);
}

static void a_client_written_from_the_page_alone_is_served(void **state)
{
	char command[512];
	FILE *pipe;

	snprintf(command, sizeof(command), "python3 '%s' %s/channel 2>&1", python_client, folder);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	assert_non_null(fgets(output, sizeof(output), pipe));
	assert_string_equal(output, "fulcrumd 0.9.9, process 77\n");
	assert_int_equal(pclose(pipe), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		WITH_DAEMON(bad_usage_ends_with_2),
		WITHOUT_DAEMON(without_a_daemon_it_ends_with_3),
		WITHOUT_DAEMON(a_bad_file_ends_with_2_and_a_caret),
		WITHOUT_DAEMON(a_good_file_is_right_without_a_daemon),
		WITHOUT_DAEMON(a_quorum_that_no_pool_reaches_is_told),
		WITHOUT_DAEMON(a_pool_that_takes_nothing_is_told),
		WITHOUT_DAEMON(a_file_may_come_from_standard_input),
		WITH_DAEMON(several_files_and_folders_are_one_configuration),
		WITHOUT_DAEMON(a_terminal_sees_no_mark_that_a_file_hides),
		WITHOUT_DAEMON(a_fault_of_several_files_is_shown_in_its_own),
		WITHOUT_DAEMON(a_folder_without_a_pool_file_is_refused),
		WITHOUT_DAEMON(help_tells_the_exit_statuses),
		WITH_DAEMON(an_apply_sends_every_record_and_tells_what_changed),
		WITH_DAEMON(a_plan_tells_changes_and_what_they_cost),
		WITH_DAEMON(a_trial_is_begun_confirmed_and_taken_back),
		WITH_DAEMON(a_backend_is_changed_by_its_name),
		WITH_DAEMON(several_backends_are_changed_by_one_request),
		WITH_DAEMON(a_prefix_of_clients_is_asked_for),
		WITHOUT_DAEMON(what_is_not_known_is_answered_with_the_nearest),
		WITH_DAEMON(a_full_disk_is_told),
		WITH_DAEMON(a_busy_channel_ends_with_5),
		WITH_DAEMON(a_client_written_from_the_page_alone_is_served),
	};

	return RUN_FULCRUMCTL_TESTS(argc, argv, tests);
}
