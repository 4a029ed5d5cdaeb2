// SPDX-License-Identifier: BSD-3-Clause
#include <base/parse.h>
#include <control/control_private.h>
#include <control/resolve_private.h>

#include <stdio.h>

// One worker that stands still costs its own queue and no more. It is told; nobody waits for it;
// what may be lost in its queue is no failure of a backend; and next hops that the kernel loses
// meanwhile are kept, as its questions to them may be there, too (resolve.c).

static void standstill_begins(struct control *control, uint32_t worker)
{
	struct events_entry entry =
		events_about(EVENTS_WORKER, LOG_LEVEL_ERROR, "runs", "stands still", "%u", worker);

	publisher_await(control->config.publisher, worker, false);
	events_tell(control->events, &entry,
		"worker: %u stands still: its packets wait, and probes without an answer are not judged",
		worker);
}

static void standstill_ends(struct control *control, uint32_t worker, uint64_t for_ms)
{
	struct events_entry entry = events_about(
		EVENTS_WORKER, LOG_LEVEL_WARNING, "stands still", "runs", "%u", worker);
	char text[32];

	publisher_await(control->config.publisher, worker, true);
	events_tell(control->events, &entry, "worker: %u goes on after %s", worker,
		format_duration_ms((for_ms + 500) / 1000 * 1000, text, sizeof(text)));
	control_resolve_all(control);
}

static void standstill_tell(void *context, uint32_t worker, bool stands, uint64_t for_ms)
{
	if (stands)
		standstill_begins(context, worker);
	else
		standstill_ends(context, worker, for_ms);
}

int control_standstill_start(struct control *control)
{
	int rc = stuck_new(control->base, control->config.publisher, standstill_tell, control,
		&control->stuck);

	if (rc == 0)
		health_set_doubt(control->health, control_doubts, control);
	return rc;
}

uint32_t control_doubts(void *context, uint64_t since_ns, uint32_t queues, char *why, size_t size)
{
	struct control *control = context;
	uint32_t running, count = stuck_since(control->stuck, since_ns, &running);

	if (count > 0)
		snprintf(why, size, "%u of %u workers stood still", count, running);
	return stuck_proof(count, running, queues);
}
