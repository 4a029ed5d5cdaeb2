// SPDX-License-Identifier: BSD-3-Clause
#include "agent.h"

#include <base/log.h>
#include <base/notify.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent_private.h"

// Reads what an agent before left. Something unreadable, or of another network namespace, is
// nothing that can be taken over: it is said and left alone.
static void read_previous(struct agent *agent)
{
	struct error err;
	int result = program_read_state(agent->pin.folder, &agent->previous, &err);

	if (result == 0 && agent->previous.namespace_inode == host_namespace()) {
		agent->pin.mounted |= agent->previous.bpffs_mounted;
		return;
	}
	if (result == 0)
		log_warning(
			"%s was left by an agent in another network namespace", agent->pin.folder);
	else if (result != -ENOENT)
		log_warning("%s", err.text);
	memset(&agent->previous, 0, sizeof(agent->previous));
}

static int prepare(struct agent *agent, struct error *err)
{
	struct fb_state *state = &agent->state;
	int result = agent_find_links(agent, err);

	if (result == 0)
		result = program_load(&agent->program, program_row_count(agent->config), err);
	if (result == 0)
		result = host_look(
			agent->config, state->links, state->link_count, &agent->view, err);
	if (result == 0)
		result = program_configure(agent->program, agent->config, &agent->view, err);
	if (result == 0)
		result = agent_plan(agent, err);
	if (result < 0)
		return result;
	agent_note(agent);
	state->version = FB_STATE_VERSION;
	state->bpffs_mounted = agent->pin.mounted;
	state->namespace_inode = host_namespace();
	state->program_in = program_side(agent->program, LINK_IN)->id;
	state->program_out = program_side(agent->program, LINK_OUT)->id;
	state->ahead_count = agent->config->ahead_count;
	memcpy(state->ahead, agent->config->ahead, sizeof(state->ahead));
	return 0;
}

// From here on whoever comes after this process, however it ends, knows what to take back.
static int remember(struct agent *agent, struct error *err)
{
	int result = program_write_state(agent->program, &agent->state, err);

	return result < 0 ? result : program_pin_state(agent->program, agent->pin.folder, err);
}

static int attach(struct agent *agent, struct error *err)
{
	struct fb_state *state = &agent->state;
	int result = 0;

	for (uint32_t i = 0; result >= 0 && i < state->link_count; i++) {
		result = agent_attach_link(agent, &state->links[i], err);
		if (result >= 0)
			agent_raise_arp(agent, &state->links[i], NULL); // the watch says why not
	}
	if (result >= 0)
		result = agent_add_vips(agent, err);
	if (result >= 0)
		result = program_write_state(agent->program, state, err);
	if (result >= 0)
		result = program_pin(agent->program, agent->pin.folder, err);
	return result < 0 ? result : agent_take_back(&agent->previous, state, err);
}

static void say_ready(struct agent *agent)
{
	if (agent->config->any_source)
		log_warning(
			"--any-source: tunnel packets are taken from anybody; whoever reaches this host can speak to its "
			"VIPs as any client");
	log_info("fulcrum-backend: ready: %u interfaces, %zu VIPs and ports, %u tunnel addresses",
		agent->state.link_count, agent->config->vip_count, agent->view.tunnel_count);
	agent->ready_is_untold = !notify("READY=1");
}

// Returns whether what is attached and pinned stays.
static bool run(struct agent *agent, bool persist, int *result, struct error *err)
{
	struct error ignored;

	*result = remember(agent, err);
	if (*result == 0)
		*result = attach(agent, err);
	if (*result == 0)
		*result = agent_confine(agent, err);
	if (*result < 0) {
		agent_take_back(&agent->state, NULL, &ignored);
		agent_take_back(&agent->previous, NULL, &ignored);
		return false;
	}
	// Not before: a thread keeps the rights that it was made with.
	if (log_set_queued() != 0)
		log_warning("log: no thread for it: whoever reads it can hold up the agent");
	say_ready(agent);
	agent_watch_run(agent->watch);
	notify("STOPPING=1");
	if (!persist)
		*result = agent_take_back(&agent->state, NULL, err);
	log_info("fulcrum-backend: stopped, %s",
		persist ? "filters and VIPs stay (--detach takes them back)" : "detached");
	return persist;
}

// The folder is an agent's that runs: which, its interfaces know.
static void name_holder(const char *folder, struct error *err)
{
	struct fb_state state;
	pid_t holder = 0;

	if (program_read_state(folder, &state, NULL) == 0 && state.link_count > 0)
		holder = lock_holder(state.links[0].index);
	if (holder != 0)
		error_set(err, EBUSY,
			"%s: another fulcrum-backend runs with this folder: process %d", folder,
			holder);
}

int agent_run(const struct config *config, bool persist, struct error *err)
{
	struct agent *agent = calloc(1, sizeof(*agent));
	bool stays;
	int result;

	if (agent == NULL)
		return error_set(err, ENOMEM, "out of memory");
	agent->config = config;
	memset(agent->locks, -1, sizeof(agent->locks));
	result = pin_open(&agent->pin, config->pin, true, err);
	if (result < 0) {
		if (result == -EBUSY)
			name_holder(config->pin, err);
		free(agent);
		return result;
	}
	read_previous(agent);
	result = agent_watch_new(agent, &agent->watch, err);
	if (result == 0)
		result = prepare(agent, err);
	if (result < 0)
		stays = agent->previous.version != 0; // what is there goes on as it was
	else
		stays = run(agent, persist, &result, err);
	if (stays) {
		pin_close(&agent->pin);
	} else {
		program_unpin(config->pin);
		pin_remove(&agent->pin);
	}
	agent_watch_free(agent->watch);
	agent_unlock_links(agent);
	program_free(agent->program);
	free(agent);
	return result;
}

int agent_detach(const char *pin_folder, struct error *err)
{
	struct fb_state state;
	struct pin pin;
	int result = pin_open(&pin, pin_folder, false, err);

	if (result < 0)
		return result;
	result = program_read_state(pin_folder, &state, err);
	if (result == 0 && state.namespace_inode != host_namespace())
		result = error_set(err, EXDEV, "%s is about another network namespace", pin_folder);
	if (result < 0) {
		pin_close(&pin);
		return result;
	}
	result = agent_take_back(&state, NULL, err);
	program_unpin(pin_folder);
	pin.mounted = state.bpffs_mounted;
	pin_remove(&pin);
	return result;
}
