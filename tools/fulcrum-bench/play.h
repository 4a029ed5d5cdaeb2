// SPDX-License-Identifier: BSD-3-Clause
#ifndef BENCH_PLAY_H
#define BENCH_PLAY_H

#include "script.h"
#include "world.h"

#include <base/error.h>

// Plays a script in a world, moment by moment.

// Told of each moment: its line of the script, and what happened.
typedef void play_fn(void *context, const char *line, const struct world_count *count);

// 0; -EDOM if an expectation was not met, after the whole script; -EINVAL for an event that cannot
// be, -ENOMEM. 'err' then holds the (last) sentence, with 'name' and the line in front.
int play(struct world *world, const char *name, const struct script *script, play_fn *told,
	void *context, struct error *err);

uint64_t count_broken(const struct world_count *count);
void count_add(struct world_count *total, const struct world_count *count);

#endif
