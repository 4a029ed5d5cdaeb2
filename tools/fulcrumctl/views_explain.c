// SPDX-License-Identifier: BSD-3-Clause
#include "view.h"

#include <channel/message.h>

static const char *view_by_rss(uint64_t value)
{
	static const char *const names[] = {"unknown", "no", "yes"};

	return value < sizeof(names) / sizeof(names[0]) ? names[value] : "?";
}

static const char *view_answer(uint64_t value)
{
	static const char *const names[] = {"none", "reset", "port_unreachable"};

	return value < sizeof(names) / sizeof(names[0]) ? names[value] : "?";
}

static const struct column packet_columns[] = {
	{NULL, "service", COLUMN_TEXT, FIELD(row_explain, service), NULL},
	{NULL, "pool", COLUMN_TEXT, FIELD(row_explain, pool), NULL},
	{NULL, "to_kernel", COLUMN_BOOL, FIELD(row_explain, to_kernel), NULL},
	{NULL, "drop", COLUMN_TEXT, FIELD(row_explain, drop), NULL},
	{NULL, "answer", COLUMN_NAME, FIELD(row_explain, answer), view_answer},
	{NULL, "zones", COLUMN_TEXT, FIELD(row_explain, zones), NULL},
	{NULL, "slot", COLUMN_NUMBER, FIELD(row_explain, slot), NULL},
	{NULL, "slots", COLUMN_NUMBER, FIELD(row_explain, slots), NULL},
	{NULL, "current", COLUMN_TEXT, FIELD(row_explain, current), NULL},
	{NULL, "previous", COLUMN_TEXT, FIELD(row_explain, previous), NULL},
	{0},
};

static const struct column flow_columns[] = {
	{NULL, "worker", COLUMN_NUMBER, FIELD(row_explain_flow, worker), NULL},
	{NULL, "by_rss", COLUMN_NAME, FIELD(row_explain_flow, by_rss), view_by_rss},
	{NULL, "known", COLUMN_BOOL, FIELD(row_explain_flow, is_known), NULL},
	{NULL, "flow_state", COLUMN_NAME_OR_NONE, FIELD(row_explain_flow, flow_state),
		view_flow_state},
	{NULL, "flow_backend", COLUMN_TEXT, FIELD(row_explain_flow, flow_backend), NULL},
	{NULL, "age_s", COLUMN_NUMBER, FIELD(row_explain_flow, age_s), NULL},
	{NULL, "idle_s", COLUMN_NUMBER, FIELD(row_explain_flow, idle_s), NULL},
	{NULL, "hit", COLUMN_BOOL, FIELD(row_explain_flow, hit), NULL},
	{NULL, "by_previous", COLUMN_BOOL, FIELD(row_explain_flow, by_previous), NULL},
	{NULL, "resets", COLUMN_BOOL, FIELD(row_explain_flow, resets), NULL},
	{NULL, "rejects", COLUMN_BOOL, FIELD(row_explain_flow, rejects), NULL},
	{NULL, "drop", COLUMN_TEXT, FIELD(row_explain_flow, drop), NULL},
	{NULL, "backend", COLUMN_TEXT, FIELD(row_explain_flow, backend), NULL},
	{NULL, "zone", COLUMN_TEXT, FIELD(row_explain_flow, zone), NULL},
	{NULL, "address", COLUMN_ADDR, FIELD(row_explain_flow, address), NULL},
	{NULL, "state", COLUMN_NAME, FIELD(row_explain_flow, state), view_state},
	{NULL, "health", COLUMN_NAME, FIELD(row_explain_flow, health), view_health},
	{NULL, "reason", COLUMN_TEXT, FIELD(row_explain_flow, reason), NULL},
	{NULL, "port", COLUMN_TEXT, FIELD(row_explain_flow, port), NULL},
	{NULL, "source_mac", COLUMN_TEXT, FIELD(row_explain_flow, source_mac), NULL},
	{NULL, "next_hop_mac", COLUMN_TEXT, FIELD(row_explain_flow, next_hop_mac), NULL},
	{NULL, "path_mtu", COLUMN_NUMBER, FIELD(row_explain_flow, path_mtu), NULL},
	{NULL, "room", COLUMN_NUMBER, FIELD(row_explain_flow, room), NULL},
	{0},
};

const struct view view_explain = {
	"packet", 0, MESSAGE_ROW_EXPLAIN, sizeof(struct message_row_explain), NULL, packet_columns};
const struct view view_explain_flow = {"workers", 0, MESSAGE_ROW_EXPLAIN_FLOW,
	sizeof(struct message_row_explain_flow), NULL, flow_columns};
