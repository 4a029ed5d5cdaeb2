// SPDX-License-Identifier: BSD-3-Clause
// What the agent changes on its host: every change is noted in the state before it is made.
#include <base/log.h>

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent_private.h"

#define NOT_CHANGED (-1)

static const struct fb_link *find_link(const struct fb_state *state, uint32_t index)
{
	for (uint32_t i = 0; i < state->link_count; i++) {
		if (state->links[i].index == index)
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

static void plan_arp(const char *name, const char *key, int value, __s8 *was)
{
	if (*was == NOT_CHANGED && host_effective_sysctl(name, key) < value)
		*was = (__s8)host_read_sysctl(name, key);
}

int agent_plan(struct agent *agent, struct error *err)
{
	const struct config *config = agent->config;
	struct fb_state *state = &agent->state;
	struct addr *there;
	size_t count;
	int result;

	state->manages_addresses = config->manage_addresses;
	if (!config->manage_addresses)
		return 0;
	for (uint32_t i = 0; i < state->link_count; i++) {
		struct fb_link *link = &state->links[i];

		plan_arp(link->name, "arp_ignore", HOST_ARP_IGNORE, &link->arp_ignore_was);
		plan_arp(link->name, "arp_announce", HOST_ARP_ANNOUNCE, &link->arp_announce_was);
	}
	result = host_list_vips(&there, &count, err);
	if (result < 0)
		return result;
	for (size_t i = 0; i < config->vip_count; i++) {
		struct fb_address address = program_address(&config->vips[i].address);

		if (!is_added(state, &address) &&
			(is_added(&agent->previous, &address) ||
				!host_has_vip(there, count, &config->vips[i].address)))
			state->added[state->added_count++] = address;
	}
	free(there);
	return 0;
}

void agent_note(struct agent *agent)
{
	static const char *const texts[] = {
#define NOTE_TEXT(name, text) text,
		FB_NOTES(NOTE_TEXT)
#undef NOTE_TEXT
	};
	uint32_t notes = 0;

	if (agent->view.tunnel_count == 0 && !agent->config->tunnels_given)
		notes |= 1U << FB_NOTE_NO_TUNNEL;
	if (agent->view.has_vip_on_link)
		notes |= 1U << FB_NOTE_VIP_ON_LINK;
	for (enum fb_note note = 0; note < FB_NOTE_COUNT; note++)
		if (notes & ~agent->state.notes & 1U << note)
			log_warning("%s", texts[note]);
	agent->state.notes = notes;
}

// True where the setting is high enough now.
static bool raise_one(struct fb_link *link, const char *key, int value, __s8 *was_changed)
{
	int was = host_raise_sysctl(link->name, key, value);

	if (was == -1)
		return true;
	if (was == -2)
		return false;
	if (*was_changed == NOT_CHANGED)
		*was_changed = (__s8)was;
	log_warning("%s: %s is now %d (was %d), so that the VIP's ARP stays the balancer's",
		link->name, key, value, was);
	return true;
}

int agent_raise_arp(struct agent *agent, struct fb_link *link, struct error *err)
{
	const char *key = "arp_ignore";
	int value = HOST_ARP_IGNORE;

	if (!agent->config->manage_addresses)
		return 0;
	if (raise_one(link, key, value, &link->arp_ignore_was)) {
		key = "arp_announce";
		value = HOST_ARP_ANNOUNCE;
		if (raise_one(link, key, value, &link->arp_announce_was))
			return 0;
	}
	return error_set(err, EACCES,
		"%s: %s is too low for a VIP on lo, and cannot be raised: sysctl -w net.ipv4.conf.%s.%s=%d",
		link->name, key, link->name, key, value);
}

static int add_vip(struct agent *agent, const struct addr *vip, struct error *err)
{
	struct fb_address address = program_address(vip);
	struct fb_state *state = &agent->state;
	int result = host_add_vip(vip, err);

	if (result < 0)
		return result == -EEXIST ? 0 : result;
	if (!is_added(state, &address))
		state->added[state->added_count++] = address;
	return 1;
}

int agent_add_vips(struct agent *agent, struct error *err)
{
	const struct config *config = agent->config;
	struct addr *there;
	size_t count;
	int added = 0, result;

	if (!config->manage_addresses)
		return 0;
	result = host_list_vips(&there, &count, err);
	if (result < 0)
		return result;
	for (size_t i = 0; result >= 0 && i < config->vip_count; i++) {
		if (host_has_vip(there, count, &config->vips[i].address))
			continue;
		result = add_vip(agent, &config->vips[i].address, err);
		added += result > 0;
	}
	free(there);
	return result < 0 ? result : added;
}

static void restore_one(const char *name, const char *key, int ours, __s8 was)
{
	int now = host_read_sysctl(name, key);

	if (was == NOT_CHANGED || now == was)
		return;
	if (now == ours)
		host_write_sysctl(name, key, was);
	else
		log_warning(
			"%s: %s stays %d: somebody changed it since it was set to %d (before: %d)",
			name, key, now, ours, was);
}

static void restore_arp(const struct fb_link *link)
{
	char name[IF_NAMESIZE];

	if (!host_interface_name(link->index, name))
		return;
	restore_one(name, "arp_ignore", HOST_ARP_IGNORE, link->arp_ignore_was);
	restore_one(name, "arp_announce", HOST_ARP_ANNOUNCE, link->arp_announce_was);
}

static int take_back_filters(struct fb_state *was, struct fb_link *link, struct error *err)
{
	char name[IF_NAMESIZE];
	struct error other;
	int first = 0;

	if (!host_interface_name(link->index, name))
		return 0;
	for (enum link_side side = LINK_IN; side <= LINK_OUT; side++) {
		int result = link_detach(link, side,
			side == LINK_IN ? was->program_in : was->program_out,
			first == 0 ? err : &other);

		if (result < 0 && first == 0)
			first = result;
	}
	link_remove_clsact(link);
	return first;
}

// Filters first, then VIPs, and ARP last, while no VIP is there any more to answer for.
int agent_take_back(struct fb_state *was, const struct fb_state *now, struct error *err)
{
	struct error other;
	int first = 0;

	for (uint32_t i = 0; i < was->link_count; i++) {
		int result = 0;

		if (now == NULL || find_link(now, was->links[i].index) == NULL)
			result = take_back_filters(was, &was->links[i], first == 0 ? err : &other);
		if (result < 0 && first == 0)
			first = result;
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
		if (now == NULL || find_link(now, was->links[i].index) == NULL)
			restore_arp(&was->links[i]);
	}
	return first;
}
