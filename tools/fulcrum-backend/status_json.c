// SPDX-License-Identifier: BSD-3-Clause
#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>

#include "config.h"
#include "status.h"

static json_int_t number(uint64_t value)
{
	return (json_int_t)value;
}

// NULL becomes null: every port, every protocol, an MSS that is not limited.
static json_t *number_or_null(uint16_t value)
{
	return value == 0 ? json_null() : json_integer(value);
}

static json_t *json_link(const struct look_link *link)
{
	return json_pack("{s:s, s:I, s:s, s:s}", "name", link->name, "index", number(link->index),
		"ingress", look_place_name(link->sides[LINK_IN]), "egress",
		look_place_name(link->sides[LINK_OUT]));
}

static json_t *json_row(const struct program_row *row)
{
	struct addr vip = program_addr(&row->key.address);
	const struct fb_counters *c = &row->counters;
	char address[ADDR_TEXT_SIZE];

	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "vip",
		addr_format(&vip, address, sizeof(address)), "protocol",
		row->key.protocol == 0 ? json_null()
				       : json_string(config_protocol_name(row->key.protocol)),
		"port", number_or_null(ntohs(row->key.port)), "target_port",
		number_or_null(look_target_port(row)), "mss", number_or_null(look_mss(row)),
		"rx_packets", number(c->rx_packets), "rx_bytes", number(c->rx_bytes), "rx_tunneled",
		number(c->rx_tunneled), "tx_packets", number(c->tx_packets), "tx_bytes",
		number(c->tx_bytes), "mss_lowered", number(c->mss_lowered), "icmp_mapped",
		number(c->icmp_mapped));
}

static json_t *json_total(const struct look *look, enum fb_total total)
{
	return json_pack("{s:s, s:I, s:s}", "reason", look_total_name(total), "packets",
		number(look->totals[total]), "text", look_total_text(total));
}

// A NULL in an array makes the call fail, and then all of it.
static json_t *json_look(const struct look *look)
{
	json_t *links = json_array(), *rows = json_array();
	json_t *totals = json_array(), *faults = json_array();
	bool whole = true;

	for (uint32_t i = 0; i < look->state.link_count; i++)
		whole &= json_array_append_new(links, json_link(&look->links[i])) == 0;
	for (size_t i = 0; i < look->row_count; i++)
		whole &= json_array_append_new(rows, json_row(&look->rows[i])) == 0;
	for (enum fb_total i = 0; i < FB_TOTAL_COUNT; i++)
		whole &= json_array_append_new(totals, json_total(look, i)) == 0;
	for (size_t i = 0; i < look->fault_count; i++)
		whole &= json_array_append_new(faults, json_string(look->faults[i])) == 0;
	return json_pack("{s:s, s:b, s:b, s:o, s:o, s:o, s:o}", "pin", look->pin, "running",
		look->is_running, "in_place", look->fault_count == 0, "interfaces",
		whole ? links : NULL, "services", rows, "not_delivered", totals, "faults", faults);
}

int status_print_json(const struct look *look, struct error *err)
{
	json_t *json = json_look(look);
	int result =
		json == NULL ? -1 : json_dumpf(json, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);

	json_decref(json);
	if (result < 0)
		return error_set(err, ENOMEM, "the status cannot be written as JSON");
	putchar('\n');
	return 0;
}
