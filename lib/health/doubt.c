// SPDX-License-Identifier: BSD-3-Clause
#include <health/health_private.h>

#include <stdio.h>
#include <string.h>

// An answer may be on this machine, in the queue of a worker that stands still. Where the next
// probe's answer would be is chance, so that enough silent probes in a row say what one of them
// cannot: together they count as a whole fall.

// From the kernel to the port, and back; and by the port alone for the answer to a probe through
// the path.
#define QUEUES      2
#define QUEUES_PATH 3

static uint32_t doubt_about(const struct target *target, char *why, size_t size)
{
	const struct health *health = target->health;

	if (health->doubt == NULL)
		return 0;
	return health->doubt(health->doubt_context, target->start_ns,
		target->kind == &probe_beside ? QUEUES_PATH : QUEUES, why, size);
}

void target_doubt(struct target *target, struct probe_result *result)
{
	bool is_silent =
		result->unanswered || (result->outcome == PROBE_FAILED && result->is_silent);
	char why[PROBE_REASON_SIZE] = "";
	uint32_t proof = is_silent ? doubt_about(target, why, sizeof(why)) : 0;
	size_t used;

	if (proof == 0) {
		target->silences = 0;
		return;
	}
	if (result->outcome != PROBE_FAILED) {
		result->outcome = PROBE_UNDECIDED;
		return;
	}
	target->silences++;
	if (target->silences >= proof && proof != HEALTH_DOUBT_ALL)
		return;
	result->outcome = PROBE_LOCAL;
	used = strlen(result->reason);
	snprintf(result->reason + used, sizeof(result->reason) - used, "; %s", why);
}
