// SPDX-License-Identifier: BSD-3-Clause
#include "fulcrumctl_run.h"

#include <channel/channel.h>
#include <channel/message.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct channel_message reply;
static struct channel_server *server;
static uint32_t records;
static uint32_t confirm_s;
static char selected[1024]; // by the session
static bool is_nobody;

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
	snprintf(row.reason, sizeof(row.reason), "connection\033[31m refused\xe2\x80\xae");
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
		.protocols = "tcp",
		.ports = "443",
		.backends_usable = 2,
		.backends = 3};
	const struct message_row_drop drops[] = {
		{.name = "malformed", .text = "is no IP", .packets = 3}, {.name = "no_backend"}};
	const struct message_row_daemon daemon = {.version = "0.9.9",
		.dpdk = "DPDK 19.08.1",
		.pid = 77,
		.workers = 4,
		.started_s = 1};
	const struct message_row_worker workers[] = {
		{.index = 0, .core = 2}, {.index = 1, .core = 3, .stuck_ms = 25300}};
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
	case MESSAGE_SHOW_POOLS:
		say(MESSAGE_ROW_POOL, &(const struct message_row_pool){.name = "web"},
			sizeof(struct message_row_pool));
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
	case MESSAGE_SHOW_WORKERS:
		say(MESSAGE_ROW_WORKER, &workers[0], sizeof(workers[0]));
		say(MESSAGE_ROW_WORKER, &workers[1], sizeof(workers[1]));
		break;
	case MESSAGE_SHOW_CONFIG:
		say(MESSAGE_TEXT, "services:\n", 10);
		say(MESSAGE_TEXT, "  - name: web\n", 14);
		break;
	}
	say_done(0);
}

static void say_selected(const struct message_backend_select *select)
{
	char address[ADDR_TEXT_SIZE];

	addr_format(&select->address, address, sizeof(address));
	if (strlen(selected) + sizeof(*select) + sizeof(address) < sizeof(selected))
		sprintf(selected + strlen(selected), "[%s %s %s %s]", select->name, select->pool,
			select->zone, address);
	if (strcmp(select->name, "nobody") == 0)
		is_nobody = true;
}

static void say_set(const struct message_backend_set *set)
{
	char line[1200];

	if (is_nobody) {
		is_nobody = false;
		selected[0] = '\0';
		say_error(ENOENT, "there is no backend 'nobody'");
		return;
	}
	snprintf(line, sizeof(line), "%s: state %u, weight %d", selected, set->state,
		(int)set->weight);
	selected[0] = '\0';
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
	if (asked->clients.address.family != ADDR_NONE)
		row.client = asked->clients.address;
	if (asked->clients.address.family != ADDR_NONE && asked->clients.bits < 32)
		row.client_port = asked->clients.bits;
	for (uint32_t i = 0; i < 2 && i < asked->limit; i++)
		say(MESSAGE_ROW_FLOW, &row, sizeof(row));
	say_done(asked->limit == 100 ? 2 : 7);
}

// As another process that may write the channel would answer.
#define HOSTILE "w\033[2J\r\n\xc2\x9b\xe2\x80\xae"

static void say_explain(void)
{
	struct message_row_explain packet = {
		.service = HOSTILE, .pool = HOSTILE, .current = HOSTILE, .slots = 7};
	struct message_row_explain_flow flow = {
		.backend = HOSTILE, .flow_backend = HOSTILE, .is_known = 1, .zone = HOSTILE};

	memset(packet.zones, '\033', sizeof(packet.zones)); // without an end
	memset(flow.drop, '\033', sizeof(flow.drop));
	say(MESSAGE_ROW_EXPLAIN, &packet, sizeof(packet));
	say(MESSAGE_ROW_EXPLAIN_FLOW, &flow, sizeof(flow));
	say_done(0);
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
		say(MESSAGE_TEXT, "pool " HOSTILE, sizeof("pool " HOSTILE) - 1);
		say(MESSAGE_LOSS, "loses " HOSTILE, sizeof("loses " HOSTILE) - 1);
		say(MESSAGE_ROW_PLAN, &plan, sizeof(plan));
		say_done(1);
		break;
	case MESSAGE_CONFIRM:
		say_done(((const struct message_confirm *)request->body)->takes_back);
		break;
	case MESSAGE_EXPLAIN:
		say_explain();
		break;
	case MESSAGE_FLOWS:
		say_flows((const struct message_flows *)request->body);
		break;
	case MESSAGE_BACKEND_SELECT:
		say_selected((const struct message_backend_select *)request->body);
		break;
	case MESSAGE_BACKEND_SET:
		say_set((const struct message_backend_set *)request->body);
		break;
	}
}

void serve(const char *path, int ready)
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
