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
		[LOOK_REPLACED] = "replaced",
		[LOOK_BEHIND] = "behind"};

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

static bool is_allowed_ahead(const struct fb_state *state, uint32_t what)
{
	for (uint32_t i = 0; i < state->ahead_count; i++) {
		if (state->ahead[i] == what)
			return true;
	}
	return false;
}

static const char *ahead_name(uint32_t what, char text[16])
{
	if (what == FB_AHEAD_TCX)
		return "tcx";
	if (what == FB_AHEAD_XDP)
		return "xdp";
	snprintf(text, 16, "%u", what);
	return text;
}

int look_ahead(const struct fb_state *state, const struct fb_link *link, enum link_side side,
	char text[LOOK_AHEAD_SIZE])
{
	uint32_t found[FB_AHEAD_MAX + 1];
	int count = host_find_ahead(link->index, side, found, FB_AHEAD_MAX + 1);
	char names[128] = "", one[16];
	int told = 0;

	for (int i = 0; i < count; i++) {
		size_t used = strlen(names);

		if (is_allowed_ahead(state, found[i]))
			continue;
		snprintf(names + used, sizeof(names) - used, "%s%s", told++ > 0 ? ", " : "",
			ahead_name(found[i], one));
	}
	snprintf(text, LOOK_AHEAD_SIZE,
		"%s: others run ahead of our filter on its %s and may end the chain before it (priority %s, "
		"ours %d); if they let packets for the VIPs go on, say so: filters_ahead: [%s]",
		link->name, look_side_name(side), names, LINKS_PRIORITY, names);
	return told;
}

static bool look_at_side(
	struct look *look, struct look_link *link, const struct fb_link *from, enum link_side side)
{
	const struct fb_state *state = &look->state;
	char text[LOOK_AHEAD_SIZE];

	link->sides[side] =
		place_of(from, side, side == LINK_IN ? state->program_in : state->program_out);
	if (link->sides[side] != LOOK_ATTACHED)
		return add_fault(look, "%s: the filter on its %s is %s", link->name,
			look_side_name(side), look_place_name(link->sides[side]));
	if (look_ahead(state, from, side, text) == 0)
		return true;
	link->sides[side] = LOOK_BEHIND;
	return add_fault(look, "%s", text);
}

static bool look_at_arp(struct look *look, const char *name, const char *key, int value)
{
	int now = host_effective_sysctl(name, key);

	return now >= value ||
	       add_fault(look,
		       "%s: %s is %d, not %d: this host may take the VIP's ARP from the balancer",
		       name, key, now, value);
}

static bool look_at_link(struct look *look, struct look_link *link, struct fb_link *from)
{
	bool exists = host_interface_name(from->index, from->name);

	link->index = from->index;
	memcpy(link->name, from->name, sizeof(link->name));
	if (!exists) {
		link->sides[LINK_IN] = link->sides[LINK_OUT] = LOOK_MISSING;
		return add_fault(look, "%s: there is no such interface any more", link->name);
	}
	if (!look_at_side(look, link, from, LINK_IN) || !look_at_side(look, link, from, LINK_OUT))
		return false;
	return !look->state.manages_addresses ||
	       (look_at_arp(look, link->name, "arp_ignore", HOST_ARP_IGNORE) &&
		       look_at_arp(look, link->name, "arp_announce", HOST_ARP_ANNOUNCE));
}

static bool look_at_links(struct look *look)
{
	bool whole = true;

	for (uint32_t i = 0; i < look->state.link_count && whole; i++)
		whole = look_at_link(look, &look->links[i], &look->state.links[i]);
	return whole;
}

// A VIP has a row for each of its ports: one sentence for all of them.
static bool is_told(const struct look *look, size_t row)
{
	for (size_t i = 0; i < row; i++) {
		if (memcmp(&look->rows[i].key.address, &look->rows[row].key.address,
			    sizeof(look->rows[i].key.address)) == 0)
			return true;
	}
	return false;
}

static bool look_at_notes(struct look *look)
{
	static const char *const texts[] = {
#define NOTE_TEXT(name, text) text,
		FB_NOTES(NOTE_TEXT)
#undef NOTE_TEXT
	};
	bool whole = true;

	for (enum fb_note note = 0; note < FB_NOTE_COUNT && whole; note++)
		if (look->state.notes & 1U << note)
			whole = add_fault(look, "%s", texts[note]);
	return whole;
}

static bool look_at_vips(struct look *look)
{
	char text[ADDR_TEXT_SIZE];
	struct addr *there;
	bool whole = true;
	size_t count;

	if (!host_loopback_is_up() &&
		!add_fault(look, "lo is down, so no VIP answers: ip link set lo up"))
		return false;
	if (!look->state.manages_addresses)
		return true;
	if (host_list_vips(&there, &count, NULL) < 0)
		return add_fault(look, "the addresses on lo cannot be listed");
	for (size_t i = 0; i < look->row_count && whole; i++) {
		struct addr vip = program_addr(&look->rows[i].key.address);

		if (!host_has_vip(there, count, &vip) && !is_told(look, i))
			whole = add_fault(
				look, "%s is not on lo", addr_format(&vip, text, sizeof(text)));
	}
	free(there);
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
	if (result == 0 && !(look_at_links(out) && look_at_vips(out) && look_at_notes(out)))
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
