// SPDX-License-Identifier: BSD-3-Clause
// The agent's interfaces: found by their names once, and from then on followed by their indexes.
#include <base/log.h>

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent_private.h"

static const struct fb_link *find_previous(const struct agent *agent, uint32_t index)
{
	for (uint32_t i = 0; i < agent->previous.link_count; i++) {
		if (agent->previous.links[i].index == index)
			return &agent->previous.links[i];
	}
	return NULL;
}

static void reset_link(struct fb_link *link, const char *name, uint32_t index)
{
	snprintf(link->name, sizeof(link->name), "%s", name);
	link->index = index;
	link->clsact_created = 0;
	link->arp_ignore_was = -1;
	link->arp_announce_was = -1;
}

// An agent before may know the interface that is asked for under another name by now.
static int fail_unknown(const struct agent *agent, const char *wanted, struct error *err)
{
	char name[IF_NAMESIZE];

	for (uint32_t i = 0; i < agent->previous.link_count; i++) {
		const struct fb_link *link = &agent->previous.links[i];

		if (strcmp(link->configured, wanted) == 0 && host_interface_name(link->index, name))
			return error_set(err, ENODEV,
				"there is no interface '%s': it is called '%s' by now, and the filters of the agent "
				"before are on it",
				wanted, name);
	}
	return -ENODEV;
}

static int find_one(struct agent *agent, const char *wanted, int *lock, struct error *err)
{
	struct fb_link *link = &agent->state.links[agent->state.link_count];
	const struct fb_link *inherited;
	uint32_t index;
	int result = host_check_interface(wanted, &index, err);

	if (result == -ENODEV)
		return fail_unknown(agent, wanted, err);
	if (result == 0)
		result = lock_take(index, wanted, lock, err);
	if (result < 0)
		return result;
	reset_link(link, wanted, index);
	snprintf(link->configured, sizeof(link->configured), "%s", wanted);
	inherited = find_previous(agent, index);
	if (inherited != NULL) {
		link->clsact_created = inherited->clsact_created;
		link->arp_ignore_was = inherited->arp_ignore_was;
		link->arp_announce_was = inherited->arp_announce_was;
	}
	if (host_effective_sysctl(wanted, "rp_filter") == 1)
		log_info(
			"%s: rp_filter is strict: clients whose way back is another interface are not heard",
			wanted);
	agent->state.link_count++;
	return 0;
}

int agent_find_links(struct agent *agent, struct error *err)
{
	int result = 0;

	for (size_t i = 0; result == 0 && i < agent->config->interface_count; i++)
		result = find_one(agent, agent->config->interfaces[i], &agent->locks[i], err);
	return result;
}

void agent_unlock_links(struct agent *agent)
{
	for (size_t i = 0; i < FB_LINKS_MAX; i++) {
		if (agent->locks[i] >= 0)
			close(agent->locks[i]);
		agent->locks[i] = -1;
	}
}

// Another interface under the configured name, after the one that was served has gone.
static int take_successor(struct agent *agent, struct fb_link *link, struct error *err)
{
	int *lock = &agent->locks[link - agent->state.links];
	uint32_t index = if_nametoindex(link->configured);
	int other, result;

	if (index == 0)
		return error_set(err, ENODEV, "there is no interface '%s'", link->configured);
	result = lock_take(index, link->configured, &other, err);
	if (result < 0)
		return result;
	if (*lock >= 0)
		close(*lock);
	*lock = other;
	reset_link(link, link->configured, index);
	return 0;
}

static int follow_link(struct agent *agent, struct fb_link *link, struct error *err)
{
	char name[IF_NAMESIZE];

	if (!host_interface_name(link->index, name))
		return take_successor(agent, link, err);
	if (strcmp(name, link->name) != 0) {
		log_warning("%s: the interface is called %s by now; it is served as before",
			link->name, name);
		snprintf(link->name, sizeof(link->name), "%s", name);
	}
	return 0;
}

// 1 where it had to be attached.
static int attach_side(
	struct agent *agent, struct fb_link *link, enum link_side side, struct error *err)
{
	const struct link_program *program = program_side(agent->program, side);
	uint32_t there = link_query(link, side);
	int result;

	if (there == program->id)
		return 0;
	if (there != 0 && there != agent->previous.program_in &&
		there != agent->previous.program_out)
		log_warning(
			"%s: program %u, which another agent left under another folder, is replaced",
			link->name, there);
	result = link_attach(link, side, program, err);
	return result < 0 ? result : 1;
}

int agent_attach_link(struct agent *agent, struct fb_link *link, struct error *err)
{
	int attached = 0;
	int result = follow_link(agent, link, err);

	for (enum link_side side = LINK_IN; result >= 0 && side <= LINK_OUT; side++) {
		result = attach_side(agent, link, side, err);
		attached += result > 0;
	}
	return result < 0 ? result : attached;
}
