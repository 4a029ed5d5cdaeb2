// SPDX-License-Identifier: BSD-3-Clause
#ifndef RUNNING_STUCK_H
#define RUNNING_STUCK_H

#include <snapshot/publish.h>
#include <stdbool.h>
#include <stdint.h>

// Which workers stand still: their threads get no processor, or are stopped by a debugger or the
// kernel. Packets in the queues of such a worker wait, and an answer to a probe may be among them.
// Looks at the workers' rounds twenty times a second, on the control lcore's event loop.

struct event_base;
struct stuck;

// The worker stands still since 'for_ms', or goes on after so long.
typedef void stuck_tell_fn(void *context, uint32_t worker, bool stands, uint64_t for_ms);

// 0 or -ENOMEM. The publisher outlives it.
int stuck_new(struct event_base *base, const struct publisher *publisher, stuck_tell_fn *tell,
	void *context, struct stuck **out);
void stuck_free(struct stuck *stuck); // NULL is fine

// For how long the worker has stood still by now, once it was told of; else 0.
uint64_t stuck_for_ms(const struct stuck *stuck, uint32_t worker);
// The first worker that was told of. False: there is none.
bool stuck_first(const struct stuck *stuck, uint32_t *worker);

// The worker itself where it moves, else the next one that does; STUCK_ALL: none.
#define STUCK_ALL UINT32_MAX
uint32_t stuck_instead(const struct stuck *stuck, uint32_t worker, uint32_t workers);

// How many workers stood still for half of the time since 'since_ns' at least. '*running': of how
// many.
uint32_t stuck_since(struct stuck *stuck, uint64_t since_ns, uint32_t *running);

// How many times in a row somebody must not have answered before it is his fault: each time anew,
// question and answer go through 'queues' queues, each of which is by chance one of 'running', of
// which 'stuck' are dead. 0: the first time; STUCK_ALL: it cannot be told.
uint32_t stuck_proof(uint32_t stuck, uint32_t running, uint32_t queues);

#endif
