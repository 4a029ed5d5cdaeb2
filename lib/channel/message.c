// SPDX-License-Identifier: BSD-3-Clause
#include <channel/channel.h>
#include <channel/message.h>

#define SIZE_UNKNOWN UINT32_MAX
#define SIZE_TEXT    (UINT32_MAX - 1) // any that fits

static uint32_t message_size(uint16_t type)
{
	switch ((enum message_type)type) {
	case MESSAGE_APPLY_BEGIN:
		return sizeof(struct message_apply);
	case MESSAGE_APPLY_SERVICE:
		return sizeof(struct config_service);
	case MESSAGE_APPLY_POOL:
		return sizeof(struct config_pool);
	case MESSAGE_APPLY_BACKEND:
		return sizeof(struct config_backend);
	case MESSAGE_APPLY_COMMIT:
	case MESSAGE_APPLY_ABORT:
	case MESSAGE_PLAN:
		return 0;
	case MESSAGE_SHOW:
		return sizeof(struct message_show);
	case MESSAGE_BACKEND_SET:
		return sizeof(struct message_backend_set);
	case MESSAGE_CAPTURE_BEGIN:
		return sizeof(struct message_capture);
	case MESSAGE_CAPTURE_END:
		return sizeof(struct message_capture_end);
	case MESSAGE_FLOWS:
		return sizeof(struct message_flows);
	case MESSAGE_EXPLAIN:
		return sizeof(struct message_explain);
	case MESSAGE_ROLLBACK:
		return sizeof(struct message_rollback);
	case MESSAGE_CONFIRM:
		return sizeof(struct message_confirm);
	case MESSAGE_DONE:
		return sizeof(struct message_done);
	case MESSAGE_ERROR:
		return sizeof(struct message_error);
	case MESSAGE_TEXT:
		return SIZE_TEXT;
	case MESSAGE_ROW_SERVICE:
		return sizeof(struct message_row_service);
	case MESSAGE_ROW_POOL:
		return sizeof(struct message_row_pool);
	case MESSAGE_ROW_BACKEND:
		return sizeof(struct message_row_backend);
	case MESSAGE_ROW_DROP:
		return sizeof(struct message_row_drop);
	case MESSAGE_ROW_WORKER:
		return sizeof(struct message_row_worker);
	case MESSAGE_ROW_PORT:
		return sizeof(struct message_row_port);
	case MESSAGE_ROW_DAEMON:
		return sizeof(struct message_row_daemon);
	case MESSAGE_ROW_CAPTURE:
		return sizeof(struct message_row_capture);
	case MESSAGE_ROW_HISTORY:
		return sizeof(struct message_row_history);
	case MESSAGE_ROW_ZONE:
		return sizeof(struct message_row_zone);
	case MESSAGE_ROW_VIP:
		return sizeof(struct message_row_vip);
	case MESSAGE_ROW_PLAN:
		return sizeof(struct message_row_plan);
	case MESSAGE_ROW_MEMORY:
		return sizeof(struct message_row_memory);
	case MESSAGE_ROW_EXPLAIN:
		return sizeof(struct message_row_explain);
	case MESSAGE_ROW_EXPLAIN_FLOW:
		return sizeof(struct message_row_explain_flow);
	case MESSAGE_ROW_FLOW:
		return sizeof(struct message_row_flow);
	}
	return SIZE_UNKNOWN;
}

bool message_size_valid(uint16_t type, uint32_t size)
{
	uint32_t expected = message_size(type);

	if (expected == SIZE_TEXT)
		return size <= CHANNEL_MESSAGE_MAX;
	return expected != SIZE_UNKNOWN && size == expected;
}

bool message_is_request(uint16_t type, uint32_t size)
{
	return type < MESSAGE_DONE && message_size_valid(type, size);
}
