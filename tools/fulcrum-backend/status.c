// SPDX-License-Identifier: BSD-3-Clause
#include "status.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "config.h"
#include "host.h"
#include "links.h"
#include "pin.h"
#include "program.h"

static const char *side_text(
	const struct fb_link *link, enum link_side side, uint32_t id, bool *whole)
{
	uint32_t there = link_query(link, side);

	if (there == id)
		return "attached";
	*whole = false;
	return there == 0 ? "missing" : "replaced";
}

static void print_links(const struct fb_state *state, bool *whole)
{
	printf("%-16s %-9s %-9s\n", "INTERFACE", "INGRESS", "EGRESS");
	for (uint32_t i = 0; i < state->link_count; i++) {
		const struct fb_link *link = &state->links[i];

		printf("%-16s %-9s ", link->name,
			side_text(link, LINK_IN, state->program_in, whole));
		printf("%-9s\n", side_text(link, LINK_OUT, state->program_out, whole));
	}
}

static const char *number_or_star(char text[8], uint16_t number)
{
	if (number == 0)
		return "*";
	snprintf(text, 8, "%u", number);
	return text;
}

static void print_row(const struct program_row *row)
{
	struct addr vip = program_addr(&row->key.address);
	uint16_t port = ntohs(row->key.port);
	uint16_t target = row->service.port != 0 ? ntohs(row->service.port) : port;
	const struct fb_counters *c = &row->counters;
	char address[ADDR_TEXT_SIZE];
	char ports[2][8];

	printf("%-24s %-5s %-5s %-6s %-5u ", addr_format(&vip, address, sizeof(address)),
		config_protocol_name(row->key.protocol), number_or_star(ports[0], port),
		number_or_star(ports[1], target), row->service.mss - row->service.overhead);
	printf("%10" PRIu64 " %13" PRIu64 " %10" PRIu64 " ", (uint64_t)c->rx_packets,
		(uint64_t)c->rx_bytes, (uint64_t)c->rx_tunneled);
	printf("%10" PRIu64 " %13" PRIu64 " %7" PRIu64 " %7" PRIu64 "\n", (uint64_t)c->tx_packets,
		(uint64_t)c->tx_bytes, (uint64_t)c->mss_lowered, (uint64_t)c->icmp_mapped);
}

static int print_rows(const char *pin, struct error *err)
{
	struct program_row *rows = calloc(FB_SERVICES_MAX, sizeof(*rows));
	int count;

	if (rows == NULL)
		return error_set(err, ENOMEM, "out of memory");
	count = program_read_rows(pin, rows, FB_SERVICES_MAX, err);
	printf("\n%-24s %-5s %-5s %-6s %-5s %10s %13s %10s %10s %13s %7s %7s\n", "VIP", "PROTO",
		"PORT", "TARGET", "MSS", "RX", "RX-BYTES", "TUNNELED", "TX", "TX-BYTES", "LOWERED",
		"ICMP");
	for (int i = 0; i < count; i++)
		print_row(&rows[i]);
	free(rows);
	return count < 0 ? count : 0;
}

static int print_totals(const char *pin, struct error *err)
{
	static const char *const texts[][2] = {
#define TOTAL_TEXT(name, label, text) {label, text},
		FB_TOTALS(TOTAL_TEXT)
#undef TOTAL_TEXT
	};
	uint64_t totals[FB_TOTAL_COUNT];
	int result = program_read_totals(pin, totals, err);

	if (result < 0)
		return result;
	printf("\nTUNNEL PACKETS NOT DELIVERED\n");
	for (size_t i = 0; i < FB_TOTAL_COUNT; i++)
		printf("%-10s %10" PRIu64 "  %s\n", texts[i][0], totals[i], texts[i][1]);
	return 0;
}

int status_print(const char *pin, bool *whole, struct error *err)
{
	struct fb_state state;
	int result = program_read_state(pin, &state, err);

	*whole = true;
	if (result == -ENOENT)
		return error_set(
			err, ENOENT, "no fulcrum-backend is running or left under %s", pin);
	if (result < 0)
		return result;
	if (state.namespace_inode != host_namespace())
		return error_set(err, EXDEV, "%s is about another network namespace", pin);
	printf("fulcrum-backend under %s: %s\n\n", pin,
		pin_is_held(pin) ? "running" : "left attached, nobody watches it");
	print_links(&state, whole);
	result = print_rows(pin, err);
	return result < 0 ? result : print_totals(pin, err);
}
