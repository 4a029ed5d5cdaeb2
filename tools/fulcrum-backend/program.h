// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUM_BACKEND_PROGRAM_H
#define FULCRUM_BACKEND_PROGRAM_H

#include <base/error.h>

#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "host.h"
#include "layout.h"
#include "links.h"

// The two BPF programs and their maps, in the kernel. Closed by program_free(); what is attached or
// pinned outlives it.
struct program; // opaque

// How many rows the configuration has, at most FB_SERVICES_MAX.
uint32_t program_row_count(const struct config *config);

// Loads both programs with empty maps, as large as that many rows want them: each row has counters
// on every CPU.
int program_load(struct program **out, uint32_t row_count, struct error *err);
void program_free(struct program *program);
const struct link_program *program_side(const struct program *program, enum link_side side);

// Fills the maps from the configuration and what the host looks like. May be called again when the
// latter changed: packets meet the old entries or the new ones.
int program_configure(struct program *program, const struct config *config,
	const struct host_view *view, struct error *err);

// Puts the maps under 'folder', over those of an agent before; and takes them away.
int program_pin(struct program *program, const char *folder, struct error *err);
int program_pin_state(struct program *program, const char *folder, struct error *err);
void program_unpin(const char *folder);

int program_write_state(struct program *program, const struct fb_state *state, struct error *err);

// 0; -ENOENT when nothing is pinned there; -EPROTO when it was left by a version with another
// layout.
int program_read_state(const char *folder, struct fb_state *state, struct error *err);

// A service as the programs have it, with its counters, summed over CPUs.
struct program_row {
	struct fb_key key; // by the public port
	struct fb_service service;
	struct fb_counters counters;
};

// Reads up to 'size' pinned rows in the configuration's order. Returns their number.
int program_read_rows(const char *folder, struct program_row *rows, size_t size, struct error *err);
int program_read_totals(const char *folder, uint64_t totals[FB_TOTAL_COUNT], struct error *err);

struct fb_address program_address(const struct addr *address);
struct addr program_addr(const struct fb_address *address);

#endif
