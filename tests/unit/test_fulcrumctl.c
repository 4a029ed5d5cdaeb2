// SPDX-License-Identifier: BSD-3-Clause
// The tool itself, as a process, against the real server's side with rows of the test's own.
#include <base/clock.h>
#include <channel/channel.h>
#include <channel/message.h>

#include <errno.h>
#include <jansson.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *fulcrumctl; // the program under test
static const char *python_client; // another client
static char folder[64];
static char output[65536];
static pid_t daemon_pid;

// --- The daemon's side ---

static struct channel_message reply;
static struct channel_server *server;
static uint32_t records;
static uint32_t confirm_s;

static void say(uint16_t type, const void *body, uint32_t size)
{
	reply.type = type;
	reply.zero = 0;
	reply.size = size;
	memcpy(reply.body, body, size);
	while (channel_server_reply(server, &reply) == -EAGAIN)
		nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
}

static void say_done(uint64_t changes)
{
	const struct message_done done = {.version = 5, .changes = changes};

	say(MESSAGE_DONE, &done, sizeof(done));
}

static void say_error(int code, const char *text)
{
	struct message_error error = {.code = code};

	snprintf(error.text, sizeof(error.text), "%s", text);
	say(MESSAGE_ERROR, &error, sizeof(error));
}

static void say_backends(void)
{
	struct message_row_backend row = {
		.name = "web-1",
		.pool = "web",
		.address = {.bytes = {10, 0, 1, 11}, .family = ADDR_IPV4},
		.weight = 100,
		.state = CONFIG_STATE_DRAINING,
		.health = 1,
		.share_ppm = 333333,
		.packets = 1234567,
		.bytes = 999,
		.since_s = 1000000000,
	};

	say(MESSAGE_ROW_BACKEND, &row, sizeof(row));
	snprintf(row.name, sizeof(row.name), "web-2");
	snprintf(row.reason, sizeof(row.reason), "connection\033[31m refused");
	row.health = 2;
	row.since_s = 0;
	memset(row.zone, 'z', sizeof(row.zone)); // without a zero at its end
	say(MESSAGE_ROW_BACKEND, &row, sizeof(row));
}

static void say_show(uint32_t what)
{
	const struct message_row_service service = {.name = "web",
		.pool = "web",
		.vip = {.bytes = {203, 0, 113, 10}, .family = ADDR_IPV4},
		.port_first = 443,
		.port_last = 443,
		.protocol = CONFIG_TCP,
		.backends_usable = 2,
		.backends = 3};
	const struct message_row_drop drops[] = {
		{.name = "malformed", .text = "is no IP", .packets = 3}, {.name = "no_backend"}};
	const struct message_row_daemon daemon = {.version = "0.9.9",
		.dpdk = "DPDK 19.08.1",
		.pid = 77,
		.workers = 4,
		.started_s = 1};
	const struct message_row_port ports[] = {
		{.name = "wan", .device = "0000:03:00.0", .queues = 2, .rss = "ipv4 ipv6"},
		{.name = "lan", .device = "0000:03:00.1", .queues = 4, .rss = "off", .link_up = 1},
		{.name = "dmz",
			.device = "0000:04:00.0",
			.queues = 4,
			.rss = "ipv4 ipv4-tcp",
			.link_up = 1,
			.link_mbps = 25000}};

	switch (what) {
	case MESSAGE_SHOW_SERVICES:
		say(MESSAGE_ROW_SERVICE, &service, sizeof(service));
		break;
	case MESSAGE_SHOW_BACKENDS:
		say_backends();
		break;
	case MESSAGE_SHOW_DROPS:
		say(MESSAGE_ROW_DROP, &drops[0], sizeof(drops[0]));
		say(MESSAGE_ROW_DROP, &drops[1], sizeof(drops[1]));
		break;
	case MESSAGE_SHOW_VERSION:
		say(MESSAGE_ROW_DAEMON, &daemon, sizeof(daemon));
		break;
	case MESSAGE_SHOW_PORTS:
		for (size_t i = 0; i < COUNT(ports); i++)
			say(MESSAGE_ROW_PORT, &ports[i], sizeof(ports[i]));
		break;
	case MESSAGE_SHOW_CONFIG:
		say(MESSAGE_TEXT, "services:\n", 10);
		say(MESSAGE_TEXT, "  - name: web\n", 14);
		break;
	}
	say_done(0);
}

static void say_set(const struct message_backend_set *set)
{
	char line[256];

	if (strcmp(set->name, "nobody") == 0) {
		say_error(ENOENT, "there is no backend 'nobody'");
		return;
	}
	snprintf(line, sizeof(line), "%s: state %u, weight %d", set->name, set->state,
		(int)set->weight);
	say(MESSAGE_TEXT, line, (uint32_t)strlen(line));
	say_done(1);
}

static void say_flows(const struct message_flows *asked)
{
	struct message_row_flow row = {
		.service = "web",
		.pool = "web",
		.backend = "web-1",
		.client = {.bytes = {198, 51, 100, 7}, .family = ADDR_IPV4},
		.client_port = 40000,
		.state = MESSAGE_FLOW_ESTABLISHED,
		.age_s = 7200,
		.idle_s = 3,
	};

	if (asked->service[0] != '\0')
		memcpy(row.service, asked->service, sizeof(row.service));
	if (asked->backend[0] != '\0')
		memcpy(row.backend, asked->backend, sizeof(row.backend));
	if (asked->client.family != ADDR_NONE)
		row.client = asked->client;
	for (uint32_t i = 0; i < 2 && i < asked->limit; i++)
		say(MESSAGE_ROW_FLOW, &row, sizeof(row));
	say_done(asked->limit == 100 ? 2 : 7);
}

static void answer(const struct channel_message *request)
{
	const struct message_row_plan plan = {
		.pool = "web", .slots = 65537, .slots_moved = 21846, .flows_kept = 801};
	struct message_apply begin;
	struct message_show show;
	char line[64];

	switch (request->type) {
	case MESSAGE_APPLY_BEGIN:
		memcpy(&begin, request->body, sizeof(begin));
		records = 0;
		confirm_s = begin.confirm_s;
		if (begin.if_version == 4)
			say_error(EAGAIN, "version 5 is in force, not 4");
		else
			say_done(0);
		break;
	case MESSAGE_APPLY_SERVICE:
	case MESSAGE_APPLY_POOL:
	case MESSAGE_APPLY_BACKEND:
		records++;
		break;
	case MESSAGE_APPLY_COMMIT:
		snprintf(line, sizeof(line), "%u records came, to be confirmed in %u s", records,
			confirm_s);
		say(MESSAGE_TEXT, line, (uint32_t)strlen(line));
		say_done(records);
		break;
	case MESSAGE_SHOW:
		memcpy(&show, request->body, sizeof(show));
		say_show(show.what);
		break;
	case MESSAGE_PLAN:
		say(MESSAGE_TEXT, "backend web/web-3: added", 24);
		say(MESSAGE_ROW_PLAN, &plan, sizeof(plan));
		say_done(1);
		break;
	case MESSAGE_CONFIRM:
		say_done(((const struct message_confirm *)request->body)->takes_back);
		break;
	case MESSAGE_FLOWS:
		say_flows((const struct message_flows *)request->body);
		break;
	case MESSAGE_BACKEND_SET:
		say_set((const struct message_backend_set *)request->body);
		break;
	}
}

static void serve(const char *path, int ready)
{
	static struct channel_message request;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (channel_server_new(path, 0600, &server, NULL) < 0 || write(ready, "r", 1) != 1)
		_exit(1);
	for (;;)
		if (channel_server_poll(server, &request) == CHANNEL_MESSAGE)
			answer(&request);
		else
			nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
}

// --- Running the tool ---

static void write_file(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

// Runs it with these arguments in the test's folder; 'output' then has both of its streams. Returns the exit status.
static int run(const char *arguments)
{
	char command[1024];
	size_t size;
	FILE *pipe;
	int status;

	snprintf(command, sizeof(command),
		"cd %s && FULCRUM_CHANNEL=%s/channel '%s' </dev/null %s 2>&1", folder, folder,
		fulcrumctl, arguments);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	size = fread(output, 1, sizeof(output) - 1, pipe);
	output[size] = '\0';
	status = pclose(pipe);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void says(const char *text)
{
	if (strstr(output, text) == NULL)
		fail_msg("'%s' is not in:\n%s", text, output);
}

static void does_not_say(const char *text)
{
	if (strstr(output, text) != NULL)
		fail_msg("'%s' is in:\n%s", text, output);
}

// A folder in it.
static void make_parts(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/parts", folder);
	assert_int_equal(mkdir(path, 0700), 0);
}

static int make_folder(void **state)
{
	snprintf(folder, sizeof(folder), "/tmp/test_fulcrumctl.XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	make_parts();
	write_file("good.yaml",
		"services:\n"
		"  - {name: web, vip: 203.0.113.10, protocol: tcp, port: 443, forwarding: ipip, pool: web}\n"
		"pools:\n"
		"  - name: web\n"
		"    health: {type: tcp, interval: 2s, timeout: 1s, rise: 2, fall: 3}\n"
		"    backends:\n"
		"      - {name: web-1, address: 10.0.1.11}\n"
		"      - {name: web-2, address: 10.0.1.12}\n");
	write_file("bad.yaml",
		"services:\n"
		"  - {name: web, vip: 203.0.113.10, protocol: tcp, port: 443, forwarding: ipip, pool: web}\n"
		"pools:\n"
		"  - name: web\n"
		"    colour: green\n"
		"    backends:\n"
		"      - {name: web-1, address: 10.0.1.311}\n");
	return 0;
}

static int remove_folder(void **state)
{
	static const char *const names[] = {"good.yaml", "bad.yaml", "channel", "parts/10.yaml",
		"parts/20.yaml", "parts/.#10.yaml", "parts/notes.txt"};
	char path[128];

	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/parts", folder);
	return rmdir(path) != 0 ? -1 : rmdir(folder);
}

static int start_daemon(void **state)
{
	char path[128], byte;
	int ready[2];

	if (make_folder(state) != 0 || pipe(ready) != 0)
		return -1;
	snprintf(path, sizeof(path), "%s/channel", folder);
	daemon_pid = fork();
	if (daemon_pid == 0)
		serve(path, ready[1]);
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		return -1;
	return close(ready[0]);
}

static int stop_daemon(void **state)
{
	kill(daemon_pid, SIGKILL);
	waitpid(daemon_pid, NULL, 0);
	return remove_folder(state);
}

// --- Tests ---

static void bad_usage_ends_with_2(void **state)
{
	static const char *const rows[] = {"", "frobnicate", "--wait 5 show", "--wait show",
		"show nothing", "show services pools", "show -o xml", "check", "check -f", "apply",
		"backend", "backend drain", "backend drain a b", "backend weight a",
		"backend weight a 65536", "backend weight a -1", "backend weight a x",
		"backend paint a", "apply -f good.yaml --if-version x", "check -f good.yaml more",
		"doctor more", "doctor -o xml", "doctor -c nowhere.yaml", "flows more",
		"flows --client here", "flows --limit x", "flows --limit 100001",
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
	says("backend web/web-3: added\n1 change to version 5; none was made\n");
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
}

static void a_good_file_is_right_without_a_daemon(void **state)
{
	assert_int_equal(run("check -f good.yaml"), 0);
	says("right: 1 service, 1 pool, 2 backends\n");
	says("no hash_key");
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

	write_file("parts/20.yaml", "pools:\n  - {name: mail, backends: []}\n");
	write_file("parts/10.yaml",
		"services:\n"
		"  - {name: mail, vip: 203.0.113.11, protocol: tcp, port: 25, pool: mail}\n");
	write_file("parts/.#10.yaml", "an editor's");
	write_file("parts/notes.txt", "no YAML: at: all");
	for (size_t i = 0; i < COUNT(also); i++) {
		assert_int_equal(run(also[i]), 0);
		says("right: 2 services, 2 pools, 2 backends\n");
		says(" and others: note: no hash_key");
	}
	assert_int_equal(run("apply -f good.yaml -f parts"), 0);
	says("6 records came");
	assert_int_equal(run("plan -f good.yaml -f parts"), 0);
	assert_int_equal(run("backend-setup --backend web-1 -f parts -f good.yaml"), 0);
	says("backend-setup from parts and others;");
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
	says("fulcrumctl: parts: there is no *.yaml in this folder\n");
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
	says("web-1: state 2, weight -1\n1 change; version 5 is in force\n");
	assert_int_equal(run("backend undrain web/web-1"), 0);
	says("web/web-1: state 1, weight -1\n");
	assert_int_equal(run("backend disable web-1"), 0);
	says("web-1: state 3, weight -1\n");
	assert_int_equal(run("backend weight web-1 65535"), 0);
	says("web-1: state 0, weight 65535\n");
	assert_int_equal(run("backend drain nobody"), 1);
	says("there is no backend 'nobody'");
}

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

#define with_daemon(function) cmocka_unit_test_setup_teardown(function, start_daemon, stop_daemon)
#define without_daemon(function) \
	cmocka_unit_test_setup_teardown(function, make_folder, remove_folder)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		with_daemon(bad_usage_ends_with_2),
		without_daemon(without_a_daemon_it_ends_with_3),
		without_daemon(a_bad_file_ends_with_2_and_a_caret),
		without_daemon(a_good_file_is_right_without_a_daemon),
		without_daemon(a_file_may_come_from_standard_input),
		with_daemon(several_files_and_folders_are_one_configuration),
		without_daemon(a_fault_of_several_files_is_shown_in_its_own),
		without_daemon(a_folder_without_a_pool_file_is_refused),
		without_daemon(help_tells_the_exit_statuses),
		with_daemon(an_apply_sends_every_record_and_tells_what_changed),
		with_daemon(a_plan_tells_changes_and_what_they_cost),
		with_daemon(a_trial_is_begun_confirmed_and_taken_back),
		with_daemon(a_backend_is_changed_by_its_name),
		with_daemon(tables_are_short_and_quiet),
		with_daemon(drops_that_never_happened_are_shown_on_demand),
		with_daemon(flows_are_listed_and_the_rest_is_counted),
		with_daemon(json_is_exact),
		with_daemon(the_summary_has_the_daemon_and_what_it_serves),
		with_daemon(a_doctor_asks_a_running_daemon_about_its_ports),
		with_daemon(a_doctor_tells_of_a_daemon_that_died),
		with_daemon(a_full_disk_is_told),
		with_daemon(a_busy_channel_ends_with_5),
		with_daemon(a_client_written_from_the_page_alone_is_served),
	};

	if (argc != 3) {
		fprintf(stderr, "usage: test_fulcrumctl PROGRAM PYTHON-CLIENT\n");
		return 2;
	}
	fulcrumctl = realpath(argv[1], NULL);
	if (fulcrumctl == NULL) {
		perror(argv[1]);
		return 2;
	}
	python_client = argv[2];
	return cmocka_run_group_tests_name("fulcrumctl", tests, NULL, NULL);
}
