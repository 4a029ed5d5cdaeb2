// SPDX-License-Identifier: BSD-3-Clause
#include "status.h"

#include <arpa/inet.h>
#include <base/printable.h>
#include <inttypes.h>
#include <stdio.h>

#include "config.h"

static void print_links(const struct look *look)
{
	printf("%-16s %-9s %-9s\n", "INTERFACE", "INGRESS", "EGRESS");
	for (uint32_t i = 0; i < look->state.link_count; i++) {
		const struct look_link *link = &look->links[i];

		printable_line(stdout, "%-16s %-9s %-9s", link->name,
			look_place_name(link->sides[LINK_IN]),
			look_place_name(link->sides[LINK_OUT]));
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
	const struct fb_counters *c = &row->counters;
	char address[ADDR_TEXT_SIZE];
	char ports[2][8];

	printf("%-24s %-5s %-5s %-6s %-5u ", addr_format(&vip, address, sizeof(address)),
		config_protocol_name(row->key.protocol),
		number_or_star(ports[0], ntohs(row->key.port)),
		number_or_star(ports[1], look_target_port(row)), look_mss(row));
	printf("%10" PRIu64 " %13" PRIu64 " %10" PRIu64 " ", (uint64_t)c->rx_packets,
		(uint64_t)c->rx_bytes, (uint64_t)c->rx_tunneled);
	printf("%10" PRIu64 " %13" PRIu64 " %7" PRIu64 " %7" PRIu64 "\n", (uint64_t)c->tx_packets,
		(uint64_t)c->tx_bytes, (uint64_t)c->mss_lowered, (uint64_t)c->icmp_mapped);
}

static void print_rows(const struct look *look)
{
	printf("\n%-24s %-5s %-5s %-6s %-5s %10s %13s %10s %10s %13s %7s %7s\n", "VIP", "PROTO",
		"PORT", "TARGET", "MSS", "RX", "RX-BYTES", "TUNNELED", "TX", "TX-BYTES", "LOWERED",
		"ICMP");
	for (size_t i = 0; i < look->row_count; i++)
		print_row(&look->rows[i]);
}

static void print_totals(const struct look *look)
{
	printf("\nTUNNEL PACKETS NOT DELIVERED\n");
	for (enum fb_total i = 0; i < FB_TOTAL_COUNT; i++)
		printf("%-10s %10" PRIu64 "  %s\n", look_total_name(i), look->totals[i],
			look_total_text(i));
}

static void print_faults(const struct look *look)
{
	if (look->fault_count > 0)
		printf("\nNOT IN PLACE\n");
	for (size_t i = 0; i < look->fault_count; i++)
		printable_line(stdout, "%s", look->faults[i]);
}

void status_print(const struct look *look)
{
	printable_line(stdout, "fulcrum-backend under %s: %s", look->pin,
		look->is_running ? "running" : "left attached, nobody watches it");
	putchar('\n');
	print_links(look);
	print_rows(look);
	print_totals(look);
	print_faults(look);
}
