// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUM_BACKEND_LOOK_H
#define FULCRUM_BACKEND_LOOK_H

#include <base/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout.h"
#include "links.h"
#include "program.h"

// What an agent, running or left in place, has attached and counted, read anew. One look feeds the
// status for people, its JSON and the page of metrics. One thread.

enum look_place { LOOK_ATTACHED, LOOK_MISSING, LOOK_REPLACED, LOOK_BEHIND };

struct look_link {
	char name[16];
	uint32_t index;
	enum look_place sides[2]; // by enum link_side
};

struct look {
	const char *pin; // the caller's
	bool is_running;
	struct fb_state state;
	struct look_link links[FB_LINKS_MAX];
	struct program_row *rows; // in the configuration's order
	size_t row_count;
	uint64_t totals[FB_TOTAL_COUNT];
	char **faults; // a sentence for each thing that is not in place
	size_t fault_count;
};

// 0 and 'out', for look_free(); -ENOENT when there is no agent, another negative errno.
int look_at(const char *pin, struct look *out, struct error *err);
void look_free(struct look *look);

#define LOOK_AHEAD_SIZE 512

// How many programs of others run ahead of ours there and may end the chain; a sentence about them
// into 'text'.
int look_ahead(const struct fb_state *state, const struct fb_link *link, enum link_side side,
	char text[LOOK_AHEAD_SIZE]);

const char *look_side_name(enum link_side side); // "ingress"
const char *look_place_name(enum look_place place); // "attached"
const char *look_total_name(enum fb_total total); // "not_vip"
const char *look_total_text(enum fb_total total);

// The port that the server listens on; 0: all of them, as they are.
uint16_t look_target_port(const struct program_row *row);
// The largest MSS that a SYN-ACK may announce; 0: any.
uint16_t look_mss(const struct program_row *row);

#endif
