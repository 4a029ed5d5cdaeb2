// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONTROL_FLOOR_H
#define CONTROL_FLOOR_H

#include <stdbool.h>
#include <stdint.h>

// The floor of a pool ('max_down_percent'): of the backends that served, no more than that share may be lost at once,
// but always one. A backend that fails beyond it is kept in service: its health is down, and it serves as if it were not.
//
// "At once" is within a window, the time that one event may take until the probes have found it everywhere. As long as
// a backend is kept, the loss goes on: one that was lost in it counts until it serves again, however long that takes.
// No clock, no memory.

// What is remembered of one backend. All zero: it serves, or never did.
struct floor_mark {
	uint64_t failed_ns; // when it stopped serving, or was kept; 0
	bool is_kept;
	bool is_of_loss; // lost in the loss that goes on
};

struct floor_count {
	uint32_t serving; // with those that are kept
	uint32_t kept;
	uint32_t lost;
	uint32_t of_loss;
	uint64_t changed_ns; // the last failure of those counted
};

void floor_add(struct floor_count *count, const struct floor_mark *mark, bool is_serving,
	uint64_t now_ns, uint64_t window_ns);

// Whether one more of those that serve may be lost.
bool floor_may_lose(const struct floor_count *count, uint8_t max_down_percent);

#endif
