// SPDX-License-Identifier: BSD-3-Clause
// What the agent changes on its host: every change is noted in the state, and taken back from there.
#include <base/log.h>

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "agent_private.h"

#define ARP_IGNORE   1 // answer only for addresses of the interface that is asked
#define ARP_ANNOUNCE 2 // ask with an address of the interface, never with a VIP
#define NOT_CHANGED  (-1)

static const struct fb_link *find_link(const struct fb_state *state, const struct fb_link *wanted)
{
	for (uint32_t i = 0; i < state->link_count; i++) {
		if (strcmp(state->links[i].name, wanted->name) == 0 &&
			state->links[i].index == wanted->index)
			return &state->links[i];
	}
	return NULL;
}

static bool is_added(const struct fb_state *state, const struct fb_address *vip)
{
	for (uint32_t i = 0; i < state->added_count; i++) {
		if (memcmp(&state->added[i], vip, sizeof(*vip)) == 0)
			return true;
	}
	return false;
}

static void reset_link(struct fb_link *link, uint32_t index)
{
	link->index = index;
	link->clsact_created = 0;
	link->arp_ignore_was = NOT_CHANGED;
	link->arp_announce_was = NOT_CHANGED;
}

int agent_find_links(struct agent *agent, struct error *err)
{
	struct fb_state *state = &agent->state;
	int result;

	for (size_t i = 0; i < agent->config->interface_count; i++) {
		struct fb_link *link = &state->links[i];
		const struct fb_link *inherited;
		uint32_t index;

		snprintf(link->name, sizeof(link->name), "%s", agent->config->interfaces[i]);
		result = host_check_interface(link->name, &index, err);
		if (result < 0)
			return result;
		reset_link(link, index);
		inherited = find_link(&agent->previous, link);
		if (inherited != NULL)
			*link = *inherited;
		if (host_effective_sysctl(link->name, "rp_filter") == 1)
			log_info(
				"%s: rp_filter is strict: clients whose way back is another interface are not heard",
				link->name);
		state->link_count++;
	}
	return 0;
}

static void raise_arp(const struct fb_link *link, const char *key, int value, __s8 *was_changed)
{
	int was = host_raise_sysctl(link->name, key, value);

	if (was >= 0 && *was_changed == NOT_CHANGED)
		*was_changed = was;
	if (was >= 0)
		log_info("%s: %s is now %d (was %d), so that the VIP's ARP stays the balancer's",
			link->name, key, value, was);
	else if (was == -2 && *was_changed == NOT_CHANGED)
		log_warning("%s: %s is too low for a VIP on lo: sysctl -w net.ipv4.conf.%s.%s=%d",
			link->name, key, link->name, key, value);
}

int agent_attach_link(struct agent *agent, struct fb_link *link, struct error *err)
{
	uint32_t index = if_nametoindex(link->name);
	int attached = 0;
	int result;

	if (index == 0)
		return error_set(err, ENODEV, "there is no interface '%s'", link->name);
	if (index != link->index)
		reset_link(link, index);
	for (enum link_side side = LINK_IN; side <= LINK_OUT; side++) {
		const struct link_program *program = program_side(agent->program, side);

		if (link_query(link, side) == program->id)
			continue;
		result = link_attach(link, side, program, err);
		if (result < 0)
			return result;
		attached++;
	}
	if (attached > 0 && agent->config->manage_addresses) {
		raise_arp(link, "arp_ignore", ARP_IGNORE, &link->arp_ignore_was);
		raise_arp(link, "arp_announce", ARP_ANNOUNCE, &link->arp_announce_was);
	}
	return attached;
}

static int add_vip(struct agent *agent, const struct addr *vip, struct error *err)
{
	struct fb_address address = program_address(vip);
	struct fb_state *state = &agent->state;
	int result = host_add_vip(vip, err);

	if (result < 0 && result != -EEXIST)
		return result;
	if (!is_added(state, &address) && (result == 0 || is_added(&agent->previous, &address)))
		state->added[state->added_count++] = address;
	return result == 0;
}

int agent_add_vips(struct agent *agent, struct error *err)
{
	const struct config *config = agent->config;
	int added = 0;
	int result;

	for (size_t i = 0; config->manage_addresses && i < config->vip_count; i++) {
		result = add_vip(agent, &config->vips[i].address, err);
		if (result < 0)
			return result;
		added += result;
	}
	return added;
}

static void restore_arp(const struct fb_link *link)
{
	if (link->arp_ignore_was != NOT_CHANGED)
		host_write_sysctl(link->name, "arp_ignore", link->arp_ignore_was);
	if (link->arp_announce_was != NOT_CHANGED)
		host_write_sysctl(link->name, "arp_announce", link->arp_announce_was);
}

static bool is_there(const struct fb_link *link)
{
	return link->index != 0 && if_nametoindex(link->name) == link->index;
}

// Filters first, then VIPs, and ARP last, while no VIP is there any more to answer for.
int agent_take_back(struct fb_state *was, const struct fb_state *now, struct error *err)
{
	struct error other;
	int first = 0;

	for (uint32_t i = 0; i < was->link_count; i++) {
		struct fb_link *link = &was->links[i];

		if (!is_there(link) || (now != NULL && find_link(now, link) != NULL))
			continue;
		for (enum link_side side = LINK_IN; side <= LINK_OUT; side++) {
			int result = link_detach(link, side,
				side == LINK_IN ? was->program_in : was->program_out,
				first == 0 ? err : &other);
			if (result < 0 && first == 0)
				first = result;
		}
		link_remove_clsact(link);
	}
	for (uint32_t i = 0; i < was->added_count; i++) {
		struct addr vip = program_addr(&was->added[i]);
		int result = 0;

		if (now == NULL || !is_added(now, &was->added[i]))
			result = host_remove_vip(&vip, first == 0 ? err : &other);
		if (result < 0 && first == 0)
			first = result;
	}
	for (uint32_t i = 0; i < was->link_count; i++) {
		if (is_there(&was->links[i]) &&
			(now == NULL || find_link(now, &was->links[i]) == NULL))
			restore_arp(&was->links[i]);
	}
	return first;
}
