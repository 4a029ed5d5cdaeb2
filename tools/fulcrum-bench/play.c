// SPDX-License-Identifier: BSD-3-Clause
#include "play.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

uint64_t count_broken(const struct world_count *count)
{
	uint64_t broken = 0;

	for (uint32_t cause = 0; cause < BROKEN_CAUSES; cause++)
		broken += count->broken[cause];
	return broken;
}

void count_add(struct world_count *total, const struct world_count *count)
{
	total->packets += count->packets;
	total->connections = count->connections;
	total->refused += count->refused;
	total->groups = count->groups;
	for (uint32_t group = 0; group < WORLD_GROUPS_MAX; group++)
		total->broken_by_group[group] += count->broken_by_group[group];
	for (uint32_t cause = 0; cause < BROKEN_CAUSES; cause++)
		total->broken[cause] += count->broken[cause];
}

// The words of a line, without what is around them.
static void copy_line(const char *text, uint32_t line, char *out, size_t size)
{
	size_t length;

	while (--line > 0)
		text = strchr(text, '\n') + 1;
	text += strspn(text, " \t");
	length = strcspn(text, "\r\n#");
	snprintf(out, size, "%.*s", (int)length, text);
}

static bool is_expectation(const struct script_event *event)
{
	return event->verb >= SCRIPT_EXPECT_NONE;
}

static bool is_met(const struct script_event *event, const struct world_count *count)
{
	uint64_t broken = count_broken(count);
	uint64_t own = count->broken[BROKEN_DOWN] + count->broken[BROKEN_DISABLED];

	if (event->verb == SCRIPT_EXPECT_SHARE)
		return (double)broken * 100 <= event->percent * (double)count->connections;
	return broken - (event->verb == SCRIPT_EXPECT_OWN ? own : 0) == 0;
}

// The events of one line, from 'first' on; returns how many there are, or a negative errno.
static int play_line(struct world *world, const struct script *script, uint32_t first,
	struct world_count *count, struct error *err)
{
	uint32_t line = script->events[first].line, i;
	int rc;

	for (i = first; i < script->count && script->events[i].line == line; i++) {
		rc = world_apply(world, &script->events[i], err);
		if (rc != 0)
			return rc;
	}
	*count = (struct world_count){0};
	rc = world_go_on(world, count, err);
	return rc != 0 ? rc : (int)(i - first);
}

int play(struct world *world, const char *name, const struct script *script, play_fn *told,
	void *context, struct error *err)
{
	struct world_count count = {0};
	struct error unmet;
	int result = 0;

	for (uint32_t i = 0; i < script->count;) {
		const struct script_event *event = &script->events[i];
		char line[256];
		int rc;

		copy_line(script->text, event->line, line, sizeof(line));
		if (is_expectation(event)) {
			if (!is_met(event, &count))
				result = error_set(&unmet, EDOM,
					"%s:%u: '%s' is not met: %" PRIu64 " broke", name,
					event->line, line, count_broken(&count));
			i++;
			continue;
		}
		rc = play_line(world, script, i, &count, err);
		if (rc < 0)
			return error_prefix(err, -rc, "%s:%u", name, event->line);
		i += (uint32_t)rc;
		told(context, line, &count);
	}
	return result == 0 ? 0 : error_set(err, EDOM, "%s", unmet.text);
}
