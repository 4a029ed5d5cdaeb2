// SPDX-License-Identifier: BSD-3-Clause
#include "ctl.h"
#include "session.h"
#include "view.h"

#include <base/endpoint.h>
#include <base/printable.h>
#include <packet/headers.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define END(text) ((text)[sizeof(text) - 1] = '\0')

struct arguments {
	const char *words[3]; // protocol, client, VIP
	int count;
	bool json;
	bool is_syn;
	struct message_explain request;
};

static const struct argp_option options[] = {
	{"syn", 's', NULL, 0, "TCP: the packet that begins a connection, not one in its middle", 0},
	{"ttl", 't', "1-255", 0, "The packet's TTL or hop limit as it arrives; 64 without it", 0},
	{"output", 'o', "table|json|yaml", 0, "For people (the default), or for programs", 0},
	{0},
};

static bool parse_end(const char *text, struct addr *address, uint16_t *port)
{
	struct endpoint end;

	if (endpoint_parse(text, &end) != 0)
		return false;
	*address = end.address;
	*port = end.port;
	return true;
}

static void parse_words(struct arguments *arguments, struct argp_state *state)
{
	struct message_explain *request = &arguments->request;

	if (arguments->count != 3) {
		argp_error(state, "a protocol, the client and the VIP with their ports are wanted");
		return;
	}
	if (strcmp(arguments->words[0], "tcp") == 0)
		request->protocol = CONFIG_TCP;
	else if (strcmp(arguments->words[0], "udp") == 0)
		request->protocol = CONFIG_UDP;
	else
		argp_error(state, "'%s' is neither tcp nor udp", arguments->words[0]);
	if (!parse_end(arguments->words[1], &request->source, &request->source_port))
		argp_error(state, "'%s' is no ADDRESS:PORT, nor [IPV6]:PORT", arguments->words[1]);
	if (!parse_end(arguments->words[2], &request->destination, &request->destination_port))
		argp_error(state, "'%s' is no ADDRESS:PORT, nor [IPV6]:PORT", arguments->words[2]);
	if (request->protocol == CONFIG_TCP)
		request->tcp_flags = arguments->is_syn ? TCP_SYN : TCP_ACK;
}

static void parse_ttl(struct arguments *arguments, const char *value, struct argp_state *state)
{
	char *end;
	unsigned long ttl = strtoul(value, &end, 10);

	if (*value < '0' || *value > '9' || *end != '\0' || ttl < 1 || ttl > UINT8_MAX)
		argp_error(state, "'%s' is no TTL from 1 to 255", value);
	arguments->request.ttl = (uint8_t)ttl;
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case 's':
		arguments->is_syn = true;
		return 0;
	case 't':
		parse_ttl(arguments, value, state);
		return 0;
	case 'o':
		arguments->json = ctl_parse_output(value, state);
		return 0;
	case ARGP_KEY_ARG:
		if (arguments->count == 3)
			argp_error(state, "'%s' is one word too many", value);
		else
			arguments->words[arguments->count++] = value;
		return 0;
	case ARGP_KEY_END:
		parse_words(arguments, state);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

const struct argp argp_explain = {options, parse_option, "tcp|udp CLIENT:PORT VIP:PORT",
	"Tells what becomes of a packet, step by step, as the balancer stands now. Sends none and changes "
	"nothing.\v"
	"Without --syn a TCP packet is one in the middle of its connection. Which worker gets it is told "
	"where the card tells how it spreads packets; else it is the one that knows the flow, if there is one.",
	0, 0, 0};

struct answer {
	struct message_row_explain packet;
	struct rows flows;
};

// Whoever answers, each text ends within its field.
static void end_packet(struct message_row_explain *packet)
{
	END(packet->service);
	END(packet->pool);
	END(packet->current);
	END(packet->previous);
	END(packet->drop);
	END(packet->zones);
}

static void end_flow(struct message_row_explain_flow *flow)
{
	END(flow->flow_backend);
	END(flow->backend);
	END(flow->zone);
	END(flow->drop);
	END(flow->reason);
	END(flow->port);
	END(flow->source_mac);
	END(flow->next_hop_mac);
}

static int receive_row(void *context, uint16_t type, const void *body, uint32_t size)
{
	struct answer *answer = context;

	if (type == MESSAGE_ROW_EXPLAIN)
		memcpy(&answer->packet, body, size);
	else if (type != MESSAGE_ROW_EXPLAIN_FLOW)
		return ctl_fail(CTL_VERSION, "the daemon answered with rows of another kind");
	else if (rows_add(&answer->flows, body, size) < 0)
		return ctl_fail(CTL_FAILED, "out of memory");
	return CTL_OK;
}

static void print_packet(const struct message_row_explain *packet)
{
	if (packet->to_kernel)
		printable_line(
			stdout, "service    none: no VIP has that address; it goes to the kernel");
	else if (packet->answer != MESSAGE_ANSWER_NONE)
		printable_line(stdout,
			"service    none: answered by %s, as the end of a traceroute",
			packet->answer == MESSAGE_ANSWER_RESET ? "a RST" : "port unreachable");
	else if (packet->drop[0] != '\0')
		printable_line(stdout, "service    none: dropped as '%s'", packet->drop);
	else
		printable_line(stdout, "service    %s, pool %s", packet->service, packet->pool);
	if (packet->service[0] == '\0')
		return;
	if (packet->zones[0] != '\0')
		printable_line(stdout, "           %s", packet->zones);
	if (packet->slots == 0)
		printable_line(stdout, "slot       none: no backend of the pool is usable");
	else
		printable_line(stdout, "slot       %u of %u: %s", packet->slot, packet->slots,
			packet->current);
	if (packet->previous[0] != '\0')
		printable_line(stdout, "           most of its connections began at: %s",
			packet->previous);
}

static void print_flow(const struct message_row_explain_flow *flow, bool is_tcp)
{
	if (!flow->is_known)
		printable_line(stdout, "worker %-3u does not know the flow", flow->worker);
	else
		printable_line(stdout,
			"worker %-3u knows the flow: %s for %us, idle for %us, at %s", flow->worker,
			view_flow_state(flow->flow_state), flow->age_s, flow->idle_s,
			flow->flow_backend[0] != '\0' ? flow->flow_backend
						      : "a backend that is gone");
	if (flow->by_rss == MESSAGE_BY_RSS_YES)
		printable_line(stdout, "           the port's RSS gives it the packet");
	else if (flow->by_rss == MESSAGE_BY_RSS_NO)
		printable_line(stdout, "           the port's RSS gives the packet to another one");
	if (flow->resets)
		printable_line(stdout, "           the client is sent a RST: its backend is down");
	if (flow->rejects)
		printable_line(stdout,
			"           the client is sent %s: no backend can serve (on_all_down: reject)",
			is_tcp ? "a RST" : "port unreachable");
}

static void print_path(const struct message_row_explain_flow *flow)
{
	printable_line(stdout, "           by %s, from %s to %s", flow->port, flow->source_mac,
		flow->next_hop_mac);
	printf("           the path takes %u bytes, so packets of up to %u\n", flow->path_mtu,
		flow->room);
}

static void print_way(const struct message_row_explain_flow *flow)
{
	char address[ADDR_TEXT_SIZE];

	if (flow->backend[0] != '\0') {
		printable_line(stdout, "           goes to %s (%s%s%s), %s, %s%s%s%s",
			flow->backend, addr_format(&flow->address, address, sizeof(address)),
			flow->zone[0] != '\0' ? ", zone " : "", flow->zone, view_state(flow->state),
			view_health(flow->health), flow->reason[0] != '\0' ? ": " : "",
			flow->reason, flow->by_previous ? "; where most of its slot began" : "");
	}
	if (flow->drop[0] != '\0')
		printable_line(stdout, "           dropped as '%s'", flow->drop);
	else if (flow->port[0] != '\0')
		print_path(flow);
}

static void print_answer(struct answer *answer, bool is_tcp)
{
	struct message_row_explain_flow *flows = (void *)answer->flows.bytes;

	end_packet(&answer->packet);
	print_packet(&answer->packet);
	for (size_t i = 0; i < answer->flows.count; i++) {
		end_flow(&flows[i]);
		print_flow(&flows[i], is_tcp);
		print_way(&flows[i]);
	}
}

static int print_json(const struct answer *answer)
{
	json_t *root =
		json_pack("{s:o, s:o}", "packet", view_json_row(&view_explain, &answer->packet),
			"workers", view_json_rows(&view_explain_flow, &answer->flows));

	return view_print_json(root);
}

int command_explain(const struct ctl *ctl, int argc, char **argv)
{
	struct arguments arguments = {.request.ttl = 64};
	struct answer answer = {0};
	int status;

	ctl_parse(&argp_explain, argc, argv, &arguments);
	status = session_ask(ctl, MESSAGE_EXPLAIN, &arguments.request, sizeof(arguments.request),
		receive_row, &answer, NULL);
	if (status == CTL_OK && arguments.json)
		status = print_json(&answer);
	else if (status == CTL_OK)
		print_answer(&answer, arguments.request.protocol == CONFIG_TCP);
	rows_free(&answer.flows);
	return status;
}
