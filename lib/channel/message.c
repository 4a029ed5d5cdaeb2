// SPDX-License-Identifier: BSD-3-Clause
#include <channel/channel.h>
#include <channel/message.h>

#define BODY(type) .is_known = true, .size = sizeof(struct type)

// Of each type that there is.
static const struct body {
	bool is_known;
	bool is_text; // of any size that fits
	uint16_t size;
} bodies[] = {
	[MESSAGE_APPLY_BEGIN] = {BODY(message_apply)},
	[MESSAGE_APPLY_SERVICE] = {BODY(config_service)},
	[MESSAGE_APPLY_POOL] = {BODY(config_pool)},
	[MESSAGE_APPLY_BACKEND] = {BODY(config_backend)},
	[MESSAGE_APPLY_COMMIT] = {.is_known = true},
	[MESSAGE_APPLY_ABORT] = {.is_known = true},
	[MESSAGE_PLAN] = {.is_known = true},
	[MESSAGE_SHOW] = {BODY(message_show)},
	[MESSAGE_BACKEND_SELECT] = {BODY(message_backend_select)},
	[MESSAGE_EVENTS] = {BODY(message_events)},
	[MESSAGE_BACKEND_SET] = {BODY(message_backend_set)},
	[MESSAGE_CAPTURE_BEGIN] = {BODY(message_capture)},
	[MESSAGE_CAPTURE_END] = {BODY(message_capture_end)},
	[MESSAGE_FLOWS] = {BODY(message_flows)},
	[MESSAGE_EXPLAIN] = {BODY(message_explain)},
	[MESSAGE_ROLLBACK] = {BODY(message_rollback)},
	[MESSAGE_CONFIRM] = {BODY(message_confirm)},
	[MESSAGE_DONE] = {BODY(message_done)},
	[MESSAGE_ERROR] = {BODY(message_error)},
	[MESSAGE_LOSS] = {.is_known = true, .is_text = true},
	[MESSAGE_TEXT] = {.is_known = true, .is_text = true},
	[MESSAGE_ROW_SERVICE] = {BODY(message_row_service)},
	[MESSAGE_ROW_POOL] = {BODY(message_row_pool)},
	[MESSAGE_ROW_BACKEND] = {BODY(message_row_backend)},
	[MESSAGE_ROW_DROP] = {BODY(message_row_drop)},
	[MESSAGE_ROW_WORKER] = {BODY(message_row_worker)},
	[MESSAGE_ROW_PORT] = {BODY(message_row_port)},
	[MESSAGE_ROW_DAEMON] = {BODY(message_row_daemon)},
	[MESSAGE_ROW_CAPTURE] = {BODY(message_row_capture)},
	[MESSAGE_ROW_HISTORY] = {BODY(message_row_history)},
	[MESSAGE_ROW_ZONE] = {BODY(message_row_zone)},
	[MESSAGE_ROW_VIP] = {BODY(message_row_vip)},
	[MESSAGE_ROW_PLAN] = {BODY(message_row_plan)},
	[MESSAGE_ROW_MEMORY] = {BODY(message_row_memory)},
	[MESSAGE_ROW_EXPLAIN] = {BODY(message_row_explain)},
	[MESSAGE_ROW_EXPLAIN_FLOW] = {BODY(message_row_explain_flow)},
	[MESSAGE_ROW_EVENT] = {BODY(message_row_event)},
	[MESSAGE_ROW_FLOW] = {BODY(message_row_flow)},
};

bool message_size_valid(uint16_t type, uint32_t size)
{
	const struct body *body;

	if (type >= sizeof(bodies) / sizeof(bodies[0]) || !bodies[type].is_known)
		return false;
	body = &bodies[type];
	return body->is_text ? size <= CHANNEL_MESSAGE_MAX : size == body->size;
}

bool message_is_request(uint16_t type, uint32_t size)
{
	return type < MESSAGE_DONE && message_size_valid(type, size);
}
