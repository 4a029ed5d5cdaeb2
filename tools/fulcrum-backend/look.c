// SPDX-License-Identifier: BSD-3-Clause
#include "look.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "pin.h"

const char *look_side_name(enum link_side side)
{
	return side == LINK_IN ? "ingress" : "egress";
}

const char *look_place_name(enum look_place place)
{
	static const char *const names[] = {[LOOK_ATTACHED] = "attached",
		[LOOK_MISSING] = "missing",
		[LOOK_REPLACED] = "replaced"};

	return names[place];
}

static const char *const totals[][2] = {
#define TOTAL_TEXT(name, label, text) {label, text},
	FB_TOTALS(TOTAL_TEXT)
#undef TOTAL_TEXT
};

const char *look_total_name(enum fb_total total)
{
	return totals[total][0];
}

const char *look_total_text(enum fb_total total)
{
	return totals[total][1];
}

uint16_t look_target_port(const struct program_row *row)
{
	return ntohs(row->service.port != 0 ? row->service.port : row->key.port);
}

uint16_t look_mss(const struct program_row *row)
{
	return row->service.mss - row->service.overhead;
}

// False without memory.
static bool add_fault(struct look *look, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static bool add_fault(struct look *look, const char *format, ...)
{
	char **more = reallocarray(look->faults, look->fault_count + 1, sizeof(*more));
	va_list args;
	int size;

	if (more == NULL)
		return false;
	look->faults = more;
	va_start(args, format);
	size = vasprintf(&more[look->fault_count], format, args);
	va_end(args);
	if (size < 0)
		return false;
	look->fault_count++;
	return true;
}

static enum look_place place_of(const struct fb_link *link, enum link_side side, uint32_t id)
{
	uint32_t there = link_query(link, side);

	if (there == id)
		return LOOK_ATTACHED;
	return there == 0 ? LOOK_MISSING : LOOK_REPLACED;
}

static bool look_at_links(struct look *look)
{
	const struct fb_state *state = &look->state;
	bool whole = true;

	for (uint32_t i = 0; i < state->link_count && whole; i++) {
		struct look_link *link = &look->links[i];

		memcpy(link->name, state->links[i].name, sizeof(link->name));
		link->index = state->links[i].index;
		for (enum link_side side = LINK_IN; side <= LINK_OUT; side++) {
			link->sides[side] = place_of(&state->links[i], side,
				side == LINK_IN ? state->program_in : state->program_out);
			if (link->sides[side] != LOOK_ATTACHED && whole)
				whole = add_fault(look, "%s: the filter on its %s is %s",
					link->name, look_side_name(side),
					look_place_name(link->sides[side]));
		}
	}
	return whole;
}

static int look_at_rows(struct look *look, struct error *err)
{
	int count;

	look->rows = calloc(FB_SERVICES_MAX, sizeof(*look->rows));
	if (look->rows == NULL)
		return error_set(err, ENOMEM, "out of memory");
	count = program_read_rows(look->pin, look->rows, FB_SERVICES_MAX, err);
	if (count < 0)
		return count;
	look->row_count = (size_t)count;
	return 0;
}

static int look_at_state(struct look *look, struct error *err)
{
	int result = program_read_state(look->pin, &look->state, err);

	if (result == -ENOENT)
		return error_set(
			err, ENOENT, "no fulcrum-backend is running or left under %s", look->pin);
	if (result < 0)
		return result;
	if (look->state.namespace_inode != host_namespace())
		return error_set(err, EXDEV, "%s is about another network namespace", look->pin);
	return 0;
}

int look_at(const char *pin, struct look *out, struct error *err)
{
	int result;

	*out = (struct look){.pin = pin, .is_running = pin_is_held(pin)};
	result = look_at_state(out, err);
	if (result == 0)
		result = look_at_rows(out, err);
	if (result == 0)
		result = program_read_totals(pin, out->totals, err);
	if (result == 0 && !look_at_links(out))
		result = error_set(err, ENOMEM, "out of memory");
	if (result < 0)
		look_free(out);
	return result;
}

void look_free(struct look *look)
{
	for (size_t i = 0; i < look->fault_count; i++)
		free(look->faults[i]);
	free(look->faults);
	free(look->rows);
	*look = (struct look){0};
}
