// SPDX-License-Identifier: BSD-3-Clause
#include "view.h"

#include <channel/message.h>

#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

static const char *forwarding_name(uint64_t value)
{
	return value == CONFIG_IPIP ? "ipip" : value == CONFIG_DSR ? "dsr" : "?";
}

const char *view_state(uint64_t value)
{
	static const char *const names[] = {
		[CONFIG_STATE_UNSET] = "active",
		[CONFIG_STATE_ACTIVE] = "active",
		[CONFIG_STATE_DRAINING] = "draining",
		[CONFIG_STATE_DISABLED] = "disabled",
		[CONFIG_STATE_LEAVING] = "leaving",
	};

	return value < sizeof(names) / sizeof(names[0]) ? names[value] : "?";
}

const char *view_health(uint64_t value)
{
	static const char *const names[] = {"unknown", "up", "down", "partly"};

	return value < sizeof(names) / sizeof(names[0]) ? names[value] : "?";
}

const char *view_flow_state(uint64_t value)
{
	static const char *const names[] = {
		[MESSAGE_FLOW_NEW] = "new",
		[MESSAGE_FLOW_ESTABLISHED] = "established",
		[MESSAGE_FLOW_CLOSING] = "closing",
		[MESSAGE_FLOW_UDP] = "udp",
		[MESSAGE_FLOW_FINISHED] = "finished",
		[MESSAGE_FLOW_HALF_CLOSED] = "half_closed",
	};

	return value != 0 && value < sizeof(names) / sizeof(names[0]) ? names[value] : "?";
}

static const char *link_name(uint64_t value)
{
	return value != 0 ? "up" : "down";
}

static bool drop_is_minor(const void *row)
{
	return ((const struct message_row_drop *)row)->packets == 0;
}

static const char *user_name(uint64_t uid)
{
	const struct passwd *user = uid == UINT32_MAX ? NULL : getpwuid((uid_t)uid);
	static char number[24];

	if (uid == UINT32_MAX)
		return "?";
	if (user != NULL)
		return user->pw_name;
	snprintf(number, sizeof(number), "%" PRIu64, uid);
	return number;
}

// A user's number and 1, as COLUMN_NAME_OR_NONE wants it.
static const char *user_name_after(uint64_t after)
{
	return user_name(after - 1);
}

static const struct column service_columns[] = {
	{"SERVICE", "name", COLUMN_TEXT, FIELD(row_service, name), NULL},
	{"VIP", "vip", COLUMN_ADDR, FIELD(row_service, vip), NULL},
	{"PORT", "ports", COLUMN_TEXT, FIELD(row_service, ports), NULL},
	{NULL, "port_first", COLUMN_NUMBER, FIELD(row_service, port_first), NULL},
	{NULL, "port_last", COLUMN_NUMBER, FIELD(row_service, port_last), NULL},
	{NULL, "target_port", COLUMN_NUMBER, FIELD(row_service, target_port), NULL},
	{"PROTO", "protocol", COLUMN_TEXT, FIELD(row_service, protocols), NULL, 1},
	{"FORWARD", "forwarding", COLUMN_NAME, FIELD(row_service, forwarding), forwarding_name, 6},
	{"POOL", "pool", COLUMN_TEXT, FIELD(row_service, pool), NULL, 2},
	{"USABLE", NULL, COLUMN_OF, PAIR(row_service, backends_usable), NULL},
	{NULL, "backends_usable", COLUMN_NUMBER, FIELD(row_service, backends_usable), NULL},
	{NULL, "backends", COLUMN_NUMBER, FIELD(row_service, backends), NULL},
	{"NEW FLOWS", "new_flows", COLUMN_COUNT, FIELD(row_service, new_flows), NULL, 4},
	{"PACKETS", "packets", COLUMN_COUNT, FIELD(row_service, packets), NULL, 3},
	{"BYTES", "bytes", COLUMN_BYTES, FIELD(row_service, bytes), NULL, 5},
	{0},
};

static const struct column pool_columns[] = {
	{"POOL", "name", COLUMN_TEXT, FIELD(row_pool, name), NULL},
	{"USABLE", NULL, COLUMN_OF, PAIR(row_pool, backends_usable), NULL},
	{NULL, "backends_usable", COLUMN_NUMBER, FIELD(row_pool, backends_usable), NULL},
	{NULL, "backends", COLUMN_NUMBER, FIELD(row_pool, backends), NULL},
	{"KEPT", "backends_kept", COLUMN_NUMBER, FIELD(row_pool, backends_kept), NULL},
	{NULL, "max_down_percent", COLUMN_NUMBER, FIELD(row_pool, max_down_percent), NULL},
	{"SLOTS", "table_size", COLUMN_NUMBER, FIELD(row_pool, table_size), NULL, 2},
	{"TABLES BUILT", "table_generation", COLUMN_NUMBER, FIELD(row_pool, table_generation), NULL,
		3},
	{"PACKETS", "packets", COLUMN_COUNT, FIELD(row_pool, packets), NULL},
	{"BYTES", "bytes", COLUMN_BYTES, FIELD(row_pool, bytes), NULL, 1},
	{0},
};

static const struct column backend_columns[] = {
	{"POOL", "pool", COLUMN_TEXT, FIELD(row_backend, pool), NULL},
	{"BACKEND", "name", COLUMN_TEXT, FIELD(row_backend, name), NULL},
	{"ADDRESS", "address", COLUMN_ADDR, FIELD(row_backend, address), NULL, 2},
	{"ZONE", "zone", COLUMN_TEXT, FIELD(row_backend, zone), NULL, 6},
	{"WEIGHT", "weight", COLUMN_NUMBER, FIELD(row_backend, weight), NULL, 4},
	{"STATE", "state", COLUMN_NAME, FIELD(row_backend, state), view_state},
	{"HEALTH", "health", COLUMN_NAME, FIELD(row_backend, health), view_health},
	{"SINCE", "since", COLUMN_TIME, FIELD(row_backend, since_s), NULL, 3},
	{"FAILURES", "downs", COLUMN_NUMBER, FIELD(row_backend, downs), NULL, 7},
	{NULL, "kept", COLUMN_BOOL, FIELD(row_backend, is_kept), NULL},
	{"SHARE", "share_ppm", COLUMN_SHARE, FIELD(row_backend, share_ppm), NULL, 5},
	{"FLOWS", "flows", COLUMN_COUNT, FIELD(row_backend, flows), NULL, 1},
	{NULL, "oldest_flow_s", COLUMN_NUMBER, FIELD(row_backend, oldest_s), NULL},
	{NULL, "drain_left_s", COLUMN_NUMBER, FIELD(row_backend, drain_left_s), NULL},
	{NULL, "new_flows", COLUMN_COUNT, FIELD(row_backend, new_flows), NULL},
	{"SYN RETRANS", "syn_repeats", COLUMN_COUNT, FIELD(row_backend, syn_repeats), NULL, 10},
	{"SYN RST", "syn_resets", COLUMN_COUNT, FIELD(row_backend, syn_resets), NULL, 10},
	{"PACKETS", "packets", COLUMN_COUNT, FIELD(row_backend, packets), NULL, 8},
	{"BYTES", "bytes", COLUMN_BYTES, FIELD(row_backend, bytes), NULL, 9},
	{"REASON", "reason", COLUMN_TEXT, FIELD(row_backend, reason), NULL},
	{0},
};

static const char *rank_name(uint64_t value)
{
	static char number[24];

	snprintf(number, sizeof(number), "%" PRIu64, value);
	return value == 0 ? "-" : number;
}

static const struct column zone_columns[] = {
	{"SERVICE", "service", COLUMN_TEXT, FIELD(row_zone, service), NULL},
	{"POOL", "pool", COLUMN_TEXT, FIELD(row_zone, pool), NULL, 1},
	{"ZONE", "zone", COLUMN_TEXT, FIELD(row_zone, zone), NULL},
	{"PREFERRED", NULL, COLUMN_NAME, FIELD(row_zone, rank), rank_name},
	{NULL, "rank", COLUMN_NUMBER, FIELD(row_zone, rank), NULL},
	{"USABLE", NULL, COLUMN_OF, PAIR(row_zone, backends_usable), NULL},
	{NULL, "backends_usable", COLUMN_NUMBER, FIELD(row_zone, backends_usable), NULL},
	{NULL, "backends", COLUMN_NUMBER, FIELD(row_zone, backends), NULL},
	{"ABLE", "weight_able", COLUMN_NUMBER, FIELD(row_zone, weight_able), NULL, 2},
	{"WEIGHT", "weight", COLUMN_NUMBER, FIELD(row_zone, weight), NULL, 2},
	{"SHARE", "share_ppm", COLUMN_SHARE, FIELD(row_zone, share_ppm), NULL},
	{0},
};

static const struct column drop_columns[] = {
	{"REASON", "name", COLUMN_TEXT, FIELD(row_drop, name), NULL},
	{"PACKETS", "packets", COLUMN_COUNT, FIELD(row_drop, packets), NULL},
	{"MEANING", "text", COLUMN_TEXT, FIELD(row_drop, text), NULL},
	{0},
};

static const struct column worker_columns[] = {
	{"WORKER", "index", COLUMN_NUMBER, FIELD(row_worker, index), NULL},
	{"CORE", "core", COLUMN_NUMBER, FIELD(row_worker, core), NULL, 12},
#define X(member, identifier, type, name, unit, help, column, key, rank) \
	{column, key, COLUMN_COUNT, FIELD(row_worker, member), NULL, rank},
	PACKET_COUNTERS(X)
#undef X
		{"DROPPED", "dropped", COLUMN_COUNT, FIELD(row_worker, dropped), NULL},
	{"FLOWS", "flows", COLUMN_COUNT, FIELD(row_worker, flows), NULL},
	{"CAPACITY", "flow_capacity", COLUMN_COUNT, FIELD(row_worker, flow_capacity), NULL, 2},
	{"BUSY", "busy_ppm", COLUMN_SHARE, FIELD(row_worker, busy_ppm), NULL},
	{NULL, "stuck_ms", COLUMN_COUNT, FIELD(row_worker, stuck_ms), NULL},
	{0},
};

static const struct column port_columns[] = {
	{"PORT", "name", COLUMN_TEXT, FIELD(row_port, name), NULL},
	{"DEVICE", "device", COLUMN_TEXT, FIELD(row_port, device), NULL, 9},
	{"KERNEL", "kernel_interface", COLUMN_TEXT, FIELD(row_port, kernel_interface), NULL, 3},
	{"MAC", "mac", COLUMN_TEXT, FIELD(row_port, mac), NULL, 8},
	{"MTU", "mtu", COLUMN_NUMBER, FIELD(row_port, mtu), NULL, 4},
	{"QUEUES", "queues", COLUMN_NUMBER, FIELD(row_port, queues), NULL, 5},
	{"RSS", "rss", COLUMN_TEXT, FIELD(row_port, rss), NULL, 7},
	{"LINK", NULL, COLUMN_NAME, FIELD(row_port, link_up), link_name},
	{NULL, "link_up", COLUMN_BOOL, FIELD(row_port, link_up), NULL},
	{"MBIT/S", "link_mbps", COLUMN_NUMBER, FIELD(row_port, link_mbps), NULL, 2},
	{"RX", "rx_packets", COLUMN_COUNT, FIELD(row_port, rx_packets), NULL},
	{"RX BYTES", "rx_bytes", COLUMN_BYTES, FIELD(row_port, rx_bytes), NULL, 6},
	{"TX", "tx_packets", COLUMN_COUNT, FIELD(row_port, tx_packets), NULL},
	{"TX BYTES", "tx_bytes", COLUMN_BYTES, FIELD(row_port, tx_bytes), NULL, 6},
	{"MISSED", "rx_missed", COLUMN_COUNT, FIELD(row_port, rx_missed), NULL},
	{"TX FULL", "tx_full", COLUMN_COUNT, FIELD(row_port, tx_full), NULL},
	{NULL, "rx_checksum_partial", COLUMN_COUNT, FIELD(row_port, rx_checksum_partial), NULL},
	{0},
};

static const struct column daemon_columns[] = {
	{"fulcrumd", "version", COLUMN_TEXT, FIELD(row_daemon, version), NULL},
	{"DPDK", "dpdk", COLUMN_TEXT, FIELD(row_daemon, dpdk), NULL},
	{"process", "pid", COLUMN_NUMBER, FIELD(row_daemon, pid), NULL},
	{"workers", "workers", COLUMN_NUMBER, FIELD(row_daemon, workers), NULL},
	{"runs for", "started", COLUMN_TIME, FIELD(row_daemon, started_s), NULL},
	{"configuration", "config_version", COLUMN_NUMBER, FIELD(row_daemon, config_version), NULL},
	{"applied since", "applied", COLUMN_TIME, FIELD(row_daemon, applied_s), NULL},
	{"apply took us", "apply_us", COLUMN_NUMBER, FIELD(row_daemon, apply_us), NULL},
	{"secret hash key", "hash_key_secret", COLUMN_BOOL, FIELD(row_daemon, hash_key_secret),
		NULL},
	{"not kept", "is_unkept", COLUMN_BOOL, FIELD(row_daemon, is_unkept), NULL},
	{"nothing written for", "state_late_s", COLUMN_LEFT, FIELD(row_daemon, state_late_s), NULL},
	{"to be confirmed", "confirm_left_s", COLUMN_LEFT, FIELD(row_daemon, confirm_left_s), NULL},
	{NULL, "confirm_before", COLUMN_NUMBER, FIELD(row_daemon, confirm_before), NULL},
	{"pools are read from", "pools", COLUMN_TEXT, FIELD(row_daemon, pools), NULL},
	{"and were refused", "pools_refused", COLUMN_TEXT, FIELD(row_daemon, pools_refused), NULL},
	{0},
};

static const struct column flow_columns[] = {
	{"CLIENT", "client", COLUMN_ADDR, FIELD(row_flow, client), NULL},
	{"PORT", "client_port", COLUMN_NUMBER, FIELD(row_flow, client_port), NULL},
	{"SERVICE", "service", COLUMN_TEXT, FIELD(row_flow, service), NULL},
	{"POOL", "pool", COLUMN_TEXT, FIELD(row_flow, pool), NULL, 3},
	{"BACKEND", "backend", COLUMN_TEXT, FIELD(row_flow, backend), NULL},
	{"STATE", "state", COLUMN_NAME, FIELD(row_flow, state), view_flow_state},
	{"AGE", "age_s", COLUMN_SPAN, FIELD(row_flow, age_s), NULL, 1},
	{"IDLE", "idle_s", COLUMN_SPAN, FIELD(row_flow, idle_s), NULL, 2},
	{"WORKER", "worker", COLUMN_NUMBER, FIELD(row_flow, worker), NULL, 4},
	{0},
};

static const char *plan_change(uint64_t value)
{
	static const char *const names[] = {[MESSAGE_PLAN_KEPT] = "stays",
		[MESSAGE_PLAN_ADDED] = "added",
		[MESSAGE_PLAN_REMOVED] = "removed"};

	return value < sizeof(names) / sizeof(names[0]) ? names[value] : "?";
}

static const struct column plan_columns[] = {
	{"POOL", "pool", COLUMN_TEXT, FIELD(row_plan, pool), NULL},
	{"CHANGE", "change", COLUMN_NAME, FIELD(row_plan, change), plan_change},
	{"SLOTS", "slots", COLUMN_NUMBER, FIELD(row_plan, slots), NULL, 1},
	{"MOVED", "slots_moved", COLUMN_NUMBER, FIELD(row_plan, slots_moved), NULL},
	{"FLOWS KEPT", "flows_kept", COLUMN_NUMBER, FIELD(row_plan, flows_kept), NULL},
	{"REMEMBERED", "flows_remembered", COLUMN_NUMBER, FIELD(row_plan, flows_remembered), NULL},
	{"ENDED", "flows_ended", COLUMN_NUMBER, FIELD(row_plan, flows_ended), NULL},
	{"NOT JUDGED", "flows_not_judged", COLUMN_NUMBER, FIELD(row_plan, flows_not_judged), NULL,
		2},
	{0},
};

static const char *history_kind(uint64_t value)
{
	static const char *const names[] = {[MESSAGE_HISTORY_APPLY] = "apply",
		[MESSAGE_HISTORY_BACKEND] = "backend",
		[MESSAGE_HISTORY_ROLLBACK] = "rollback",
		[MESSAGE_HISTORY_TAKEN_BACK] = "taken-back",
		[MESSAGE_HISTORY_EXPIRED] = "not-confirmed",
		[MESSAGE_HISTORY_FILE] = "file"};

	return value < sizeof(names) / sizeof(names[0]) ? names[value] : "?";
}

static const struct column history_columns[] = {
	{"VERSION", "version", COLUMN_NUMBER, FIELD(row_history, version), NULL},
	{"APPLIED", "applied", COLUMN_TIME, FIELD(row_history, applied_s), NULL},
	{"HOW", "how", COLUMN_NAME, FIELD(row_history, kind), history_kind},
	{"OF", "of", COLUMN_NUMBER_OR_NONE, FIELD(row_history, of), NULL},
	{"BY", "user", COLUMN_NAME, FIELD(row_history, uid), user_name},
	{"PROCESS", "pid", COLUMN_NUMBER, FIELD(row_history, pid), NULL, 1},
	{"IN FORCE", "running", COLUMN_BOOL, FIELD(row_history, running), NULL},
	{"TO BE CONFIRMED", "confirm_left_s", COLUMN_LEFT, FIELD(row_history, confirm_left_s), NULL,
		2},
	{"CONFIRMED BY", "confirmed_by", COLUMN_NAME_OR_NONE, FIELD(row_history, confirmed_by),
		user_name_after, 3},
	{NULL, "confirmed_pid", COLUMN_NUMBER, FIELD(row_history, confirmed_pid), NULL},
	{"TRIED BY", "tried_by", COLUMN_NAME_OR_NONE, FIELD(row_history, tried_by), user_name_after,
		3},
	{NULL, "tried_pid", COLUMN_NUMBER, FIELD(row_history, tried_pid), NULL},
	{0},
};

static const char *announce_mode(uint64_t value)
{
	static const char *const names[] = {
		[CONFIG_ANNOUNCE_NONE] = "none",
		[CONFIG_ANNOUNCE_ARP] = "arp",
		[CONFIG_ANNOUNCE_ROUTE] = "route",
	};

	return value < sizeof(names) / sizeof(names[0]) ? names[value] : "?";
}

static const char *vip_state(uint64_t value)
{
	static const char *const names[] = {
		[MESSAGE_VIP_UNMANAGED] = "-",
		[MESSAGE_VIP_ANNOUNCED] = "announced",
		[MESSAGE_VIP_SUPPRESSED] = "suppressed",
		[MESSAGE_VIP_HOLDING] = "holding",
		[MESSAGE_VIP_FAILED] = "failed",
	};

	return value < sizeof(names) / sizeof(names[0]) ? names[value] : "?";
}

static const struct column vip_columns[] = {
	{"VIP", "vip", COLUMN_ADDR, FIELD(row_vip, vip), NULL},
	{"SERVICES", "services", COLUMN_NUMBER, FIELD(row_vip, services), NULL, 3},
	{"MODE", "mode", COLUMN_NAME, FIELD(row_vip, mode), announce_mode},
	{"STATE", "state", COLUMN_NAME, FIELD(row_vip, state), vip_state},
	{"SINCE", "since", COLUMN_TIME, FIELD(row_vip, since_s), NULL, 1},
	{"INTERFACE", "interface", COLUMN_TEXT, FIELD(row_vip, interface), NULL, 2},
	{NULL, "hold_ms", COLUMN_NUMBER, FIELD(row_vip, hold_ms), NULL},
	{NULL, "metric", COLUMN_NUMBER, FIELD(row_vip, metric), NULL},
	{"WHY", "reason", COLUMN_TEXT, FIELD(row_vip, reason), NULL},
	{0},
};

static const struct column memory_columns[] = {
	{"PART", "part", COLUMN_TEXT, FIELD(row_memory, part), NULL},
	{"WHERE", "place", COLUMN_TEXT, FIELD(row_memory, place), NULL},
	{"COUNT", "count", COLUMN_NUMBER, FIELD(row_memory, count), NULL},
	{"OF", "unit", COLUMN_TEXT, FIELD(row_memory, unit), NULL, 1},
	{"BYTES EACH", "bytes_each", COLUMN_NUMBER, FIELD(row_memory, bytes_each), NULL, 2},
	{"BYTES", "bytes", COLUMN_BYTES, FIELD(row_memory, bytes), NULL},
	{NULL, "is_sum", COLUMN_BOOL, FIELD(row_memory, is_sum), NULL},
	{0},
};

static const struct column event_columns[] = {
	{"NUMBER", "sequence", COLUMN_NUMBER, FIELD(row_event, sequence), NULL, 4},
	{"TIME", "time", COLUMN_MOMENT, FIELD(row_event, time_ms), NULL},
	{"KIND", "kind", COLUMN_TEXT, FIELD(row_event, kind), NULL},
	{NULL, "level", COLUMN_TEXT, FIELD(row_event, level), NULL},
	{"OBJECT", "object", COLUMN_TEXT, FIELD(row_event, object), NULL},
	{"WAS", "before", COLUMN_TEXT, FIELD(row_event, before), NULL, 2},
	{"IS", "after", COLUMN_TEXT, FIELD(row_event, after), NULL, 1},
	{"BY", "user", COLUMN_NAME_OR_NONE, FIELD(row_event, by), user_name_after, 3},
	{NULL, "pid", COLUMN_NUMBER_OR_NONE, FIELD(row_event, pid), NULL},
	{NULL, "version", COLUMN_NUMBER_OR_NONE, FIELD(row_event, version), NULL},
	{"WHAT", "message", COLUMN_TEXT, FIELD(row_event, message), NULL},
	{0},
};

const struct view view_events = {
	"events", 0, MESSAGE_ROW_EVENT, sizeof(struct message_row_event), NULL, event_columns};

const struct view views[] = {
	{"services", MESSAGE_SHOW_SERVICES, MESSAGE_ROW_SERVICE, sizeof(struct message_row_service),
		NULL, service_columns},
	{"pools", MESSAGE_SHOW_POOLS, MESSAGE_ROW_POOL, sizeof(struct message_row_pool), NULL,
		pool_columns},
	{"backends", MESSAGE_SHOW_BACKENDS, MESSAGE_ROW_BACKEND, sizeof(struct message_row_backend),
		NULL, backend_columns, "active|draining|disabled|leaving|unknown|up|down|partly"},
	{"zones", MESSAGE_SHOW_ZONES, MESSAGE_ROW_ZONE, sizeof(struct message_row_zone), NULL,
		zone_columns},
	{"drops", MESSAGE_SHOW_DROPS, MESSAGE_ROW_DROP, sizeof(struct message_row_drop),
		drop_is_minor, drop_columns},
	{"workers", MESSAGE_SHOW_WORKERS, MESSAGE_ROW_WORKER, sizeof(struct message_row_worker),
		NULL, worker_columns},
	{"ports", MESSAGE_SHOW_PORTS, MESSAGE_ROW_PORT, sizeof(struct message_row_port), NULL,
		port_columns, "up|down"},
	{"vips", MESSAGE_SHOW_VIPS, MESSAGE_ROW_VIP, sizeof(struct message_row_vip), NULL,
		vip_columns, "announced|suppressed|holding"},
	{"history", MESSAGE_SHOW_HISTORY, MESSAGE_ROW_HISTORY, sizeof(struct message_row_history),
		NULL, history_columns},
	{"memory", MESSAGE_SHOW_MEMORY, MESSAGE_ROW_MEMORY, sizeof(struct message_row_memory), NULL,
		memory_columns},
	{0},
};

const struct view view_daemon = {"daemon", MESSAGE_SHOW_VERSION, MESSAGE_ROW_DAEMON,
	sizeof(struct message_row_daemon), NULL, daemon_columns};

const struct view view_flows = {
	"flows", 0, MESSAGE_ROW_FLOW, sizeof(struct message_row_flow), NULL, flow_columns};

const struct view view_plan = {
	"pools", 0, MESSAGE_ROW_PLAN, sizeof(struct message_row_plan), NULL, plan_columns};

const struct view *view_find(const char *name)
{
	for (const struct view *view = views; view->name != NULL; view++)
		if (strcmp(view->name, name) == 0)
			return view;
	return NULL;
}
