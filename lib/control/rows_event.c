// SPDX-License-Identifier: BSD-3-Clause
#include <control/control_private.h>
#include <control/reply_private.h>

#include <stdio.h>
#include <string.h>

static const char *level_name(uint8_t level)
{
	return level == LOG_LEVEL_ERROR ? "error" : level == LOG_LEVEL_WARNING ? "warning" : "info";
}

bool control_event_row(struct control *control, struct message_row_event *out)
{
	struct events_entry entry;

	if (!events_next(control->events, control->reply.event, &entry))
		return false;
	*out = (struct message_row_event){
		.sequence = entry.sequence,
		.time_ms = entry.time_ms,
		.started_s = control->counts.started_s,
		.version = entry.version,
		.by = entry.uid + 1,
		.pid = entry.pid,
	};
	snprintf(out->kind, sizeof(out->kind), "%s", events_kind_name(entry.kind));
	snprintf(out->level, sizeof(out->level), "%s", level_name(entry.level));
	memcpy(out->before, entry.before, sizeof(entry.before));
	memcpy(out->after, entry.after, sizeof(entry.after));
	memcpy(out->object, entry.object, sizeof(entry.object));
	memcpy(out->message, entry.message, sizeof(entry.message));
	return true;
}
