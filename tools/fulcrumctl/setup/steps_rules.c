// SPDX-License-Identifier: BSD-3-Clause
// Ports and MSS by nft, without a memory of connections: each packet is changed by what stands in
// it.
#include "steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MATCH_SIZE 160

// The end of a conversation that is ours: "ip daddr 203.0.113.10 tcp dport 443".
static const char *match(const struct config_service *service, bool to_us, char *text)
{
	const char *family = service->vip.family == ADDR_IPV4 ? "ip" : "ip6";
	const char *protocol = service->protocols[0] == CONFIG_TCP ? "tcp" : "udp";
	const char *end = to_us ? "d" : "s";
	char vip[ADDR_TEXT_SIZE];
	int at = snprintf(text, MATCH_SIZE, "%s %saddr %s ", family, end,
		addr_format(&service->vip, vip, sizeof(vip)));

	if (service->ports[0][0] == 0 && service->ports[0][1] == UINT16_MAX)
		snprintf(text + at, MATCH_SIZE - at, "meta l4proto %s", protocol);
	else if (service->ports[0][0] != service->ports[0][1])
		snprintf(text + at, MATCH_SIZE - at, "%s %sport %u-%u", protocol, end,
			service->ports[0][0], service->ports[0][1]);
	else
		snprintf(text + at, MATCH_SIZE - at, "%s %sport %u", protocol, end,
			!to_us && setup_is_mapped(service) ? service->target_port
							   : service->ports[0][0]);
	return text;
}

static void add_chain(
	struct setup_steps *steps, const char *name, const char *hook, const char *why)
{
	setup_steps_add(
		steps, (struct setup_step){
			       .kind = SETUP_CHAIN,
			       .what = setup_text("nft chain %s", name),
			       .why = setup_text("%s", why),
			       .test = setup_text("has 'chain %s {'", name),
			       .command = setup_text("type filter hook %s; policy accept;", hook),
			       .script = setup_text("%s", name),
		       });
}

// 'mark' names the rule: it is its comment in nft, and what a look at the host searches for.
static void add_rule(struct setup_steps *steps, char *mark, char *why, char *rule)
{
	setup_steps_add(
		steps, (struct setup_step){
			       .kind = SETUP_RULE,
			       .what = mark == NULL ? NULL : setup_text("nft rule '%s'", mark),
			       .why = why,
			       .test = mark == NULL ? NULL : setup_text("has \"\\\"%s\\\"\"", mark),
			       .command = mark == NULL || rule == NULL
						  ? NULL
						  : setup_text("%s comment \"%s\"", rule, mark),
		       });
	free(mark);
	free(rule);
}

static void add_outer(struct setup_steps *steps, const struct setup_use *use)
{
	bool ipv4 = use->address.family == ADDR_IPV4;
	char text[ADDR_TEXT_SIZE];

	if (use->service->forwarding == CONFIG_DSR)
		return;
	addr_format(&use->address, text, sizeof(text));
	add_rule(steps, setup_text("tunnel %s", text),
		setup_text("The tunnel's packets are no connections."),
		setup_text(
			"%s daddr %s meta l4proto { 4, 41 } notrack", ipv4 ? "ip" : "ip6", text));
}

// A UDP packet over IPv4 may have no checksum (0), which then must stay so: a raw field is set
// without one.
static void add_mapping(struct setup_steps *steps, const struct config_service *service, bool to_us,
	const char *untracked)
{
	unsigned from = to_us ? service->ports[0][0] : service->target_port;
	unsigned to = to_us ? service->target_port : service->ports[0][0];
	const char *way = to_us ? "in" : "out";
	char vip[ADDR_TEXT_SIZE], end[MATCH_SIZE];

	addr_format(&service->vip, vip, sizeof(vip));
	match(service, to_us, end);
	if (service->protocols[0] == CONFIG_UDP && service->vip.family == ADDR_IPV4)
		add_rule(steps,
			setup_text("%s %s %s %u to %u, no checksum", way, service->name, vip, from,
				to),
			setup_text("A datagram without a checksum stays without."),
			setup_text("%s udp checksum 0%s @th,%d,16 set %u", end, untracked,
				to_us ? 16 : 0, to));
	add_rule(steps, setup_text("%s %s %s %u to %u", way, service->name, vip, from, to),
		setup_text(to_us ? "Service %s: port %u outside is port %u of the server here."
				 : "Service %s: port %u of the answers is port %u again outside.",
			service->name, from, to),
		setup_text("%s%s %s %sport set %u", end, untracked,
			service->protocols[0] == CONFIG_TCP ? "tcp" : "udp", to_us ? "d" : "s",
			to));
}

static void add_untracked(
	struct setup_steps *steps, const struct config_service *service, bool to_us)
{
	char vip[ADDR_TEXT_SIZE], end[MATCH_SIZE];

	addr_format(&service->vip, vip, sizeof(vip));
	add_rule(steps, setup_text("%s %s %s untracked", to_us ? "in" : "out", service->name, vip),
		NULL, setup_text("%s notrack", match(service, to_us, end)));
}

static void add_in(struct setup_steps *steps, const struct setup_host *host, bool is_tracked)
{
	add_chain(steps, "in", "prerouting priority raw",
		is_tracked
			? "Before all else: the public port becomes the server's."
			: "Before all else: the public port becomes the server's; and no connection is "
			  "tracked, so no table of connections fills up.");
	for (uint32_t i = 0; i < host->use_count && !is_tracked; i++)
		add_outer(steps, &host->uses[i]);
	for (uint32_t i = 0; i < host->use_count; i++) {
		const struct config_service *service = host->uses[i].service;

		if (setup_is_mapped(service))
			add_mapping(steps, service, true, is_tracked ? "" : " notrack");
		else if (!is_tracked)
			add_untracked(steps, service, true);
	}
}

static void add_answers(struct setup_steps *steps, const struct setup_host *host)
{
	add_chain(steps, "untracked", "output priority raw", "Answers are not tracked either.");
	for (uint32_t i = 0; i < host->use_count; i++)
		add_untracked(steps, host->uses[i].service, false);
}

// What an outer header, the inner one and TCP's leave of the MTU.
static void add_mss(struct setup_steps *steps, const struct setup_use *use)
{
	const struct config_service *service = use->service;
	bool outer4 = use->address.family == ADDR_IPV4, inner4 = service->vip.family == ADDR_IPV4;
	int headers = (outer4 ? 20 : 40) + (inner4 ? 20 : 40) + 20;
	char vip[ADDR_TEXT_SIZE], size[32], end[MATCH_SIZE];

	if (service->protocols[0] != CONFIG_TCP || service->forwarding == CONFIG_DSR)
		return;
	if (outer4)
		steps->uses_mtu4 = true;
	else
		steps->uses_mtu6 = true;
	snprintf(size, sizeof(size), "$((mtu%d - %d))", outer4 ? 4 : 6, headers);
	add_rule(steps,
		setup_text("mss %s %s %s", service->name,
			addr_format(&service->vip, vip, sizeof(vip)), size),
		setup_text(
			"Service %s: the MTU less %d bytes of outer IPv%c, %d of IPv%c and 20 of TCP.",
			service->name, outer4 ? 20 : 40, outer4 ? '4' : '6', inner4 ? 20 : 40,
			inner4 ? '4' : '6'),
		setup_text("%s tcp flags & (syn | ack) == syn | ack tcp option maxseg size set %s",
			match(service, false, end), size));
}

static bool any_in_tunnel(const struct setup_host *host)
{
	for (uint32_t i = 0; i < host->use_count; i++)
		if (host->uses[i].service->protocols[0] == CONFIG_TCP &&
			host->uses[i].service->forwarding != CONFIG_DSR)
			return true;
	return false;
}

static void add_sizes(struct setup_steps *steps, const struct setup_host *host)
{
	if (!any_in_tunnel(host))
		return;
	add_chain(steps, "mss", "postrouting priority 300",
		"A SYN-ACK tells the client how much its packets may carry: what is left of the MTU inside the "
		"tunnel. nft lowers the size and never raises it.");
	for (uint32_t i = 0; i < host->use_count; i++)
		add_mss(steps, &host->uses[i]);
}

static bool any_mapped(const struct setup_host *host)
{
	for (uint32_t i = 0; i < host->use_count; i++)
		if (setup_is_mapped(host->uses[i].service))
			return true;
	return false;
}

void setup_add_rules(struct setup_steps *steps, const struct setup_host *host,
	const struct setup_options *options)
{
	add_in(steps, host, options->is_tracked);
	if (!options->is_tracked)
		add_answers(steps, host);
	add_sizes(steps, host);
	if (!any_mapped(host))
		return;
	add_chain(steps, "out", "postrouting priority 301",
		"Last of all: the server's port becomes the public one again.");
	for (uint32_t i = 0; i < host->use_count; i++)
		if (setup_is_mapped(host->uses[i].service))
			add_mapping(steps, host->uses[i].service, false, "");
}
