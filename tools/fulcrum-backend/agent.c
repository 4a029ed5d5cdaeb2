// SPDX-License-Identifier: BSD-3-Clause
#include "agent.h"

#include <base/log.h>
#include <base/notify.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent_private.h"

#define WATCH_INTERVAL_S 1

// Reads what an agent before left. Something unreadable, or of another network namespace, is nothing
// that can be taken over: it is said and left alone.
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
		result = program_load(&agent->program, err);
	if (result == 0)
		result = host_look(agent->config, &agent->view, err);
	if (result == 0)
		result = program_configure(agent->program, agent->config, &agent->view, err);
	if (result < 0)
		return result;
	state->version = FB_STATE_VERSION;
	state->bpffs_mounted = agent->pin.mounted;
	state->namespace_inode = host_namespace();
	state->program_in = program_side(agent->program, LINK_IN)->id;
	state->program_out = program_side(agent->program, LINK_OUT)->id;
	return 0;
}

static int attach(struct agent *agent, struct error *err)
{
	struct fb_state *state = &agent->state;
	int result = 0;

	for (uint32_t i = 0; result >= 0 && i < state->link_count; i++)
		result = agent_attach_link(agent, &state->links[i], err);
	if (result >= 0)
		result = agent_add_vips(agent, err);
	if (result >= 0)
		result = program_write_state(agent->program, state, err);
	if (result >= 0)
		result = program_pin(agent->program, agent->pin.folder, err);
	return result < 0 ? result : agent_take_back(&agent->previous, state, err);
}

// An interface that cannot be served is said once, not every second.
static void watch_link(struct agent *agent, struct fb_link *link, bool *failing)
{
	struct error err;
	int result = agent_attach_link(agent, link, &err);

	if (result > 0)
		log_warning(
			"%s: %d of 2 filters were gone and are attached again", link->name, result);
	else if (result < 0 && !*failing)
		log_error("%s", err.text);
	*failing = result < 0;
}

static void watch_host(struct agent *agent)
{
	struct host_view view;
	struct error err;

	if (host_look(agent->config, &view, &err) < 0) {
		log_error("%s", err.text);
		return;
	}
	if (memcmp(&view, &agent->view, sizeof(view)) == 0)
		return;
	agent->view = view;
	if (program_configure(agent->program, agent->config, &view, &err) < 0)
		log_error("%s", err.text);
	else
		log_info("the interfaces changed: MTU %u, %u tunnel addresses", view.mtu,
			view.tunnel_count);
}

static void watch_once(struct agent *agent, bool failing[FB_LINKS_MAX])
{
	struct fb_state before = agent->state;
	struct error err;
	int added;

	for (uint32_t i = 0; i < agent->state.link_count; i++)
		watch_link(agent, &agent->state.links[i], &failing[i]);
	added = agent_add_vips(agent, &err);
	if (added > 0)
		log_warning("%d VIPs were gone from lo and are there again", added);
	else if (added < 0)
		log_error("%s", err.text);
	watch_host(agent);
	if (memcmp(&before, &agent->state, sizeof(before)) != 0 &&
		program_write_state(agent->program, &agent->state, &err) < 0)
		log_error("%s", err.text);
}

static void watch(struct agent *agent, const sigset_t *ends)
{
	const struct timespec interval = {.tv_sec = WATCH_INTERVAL_S};
	bool failing[FB_LINKS_MAX] = {false};

	while (sigtimedwait(ends, NULL, &interval) < 0)
		watch_once(agent, failing);
}

static void say_ready(const struct agent *agent)
{
	if (!host_loopback_is_up())
		log_warning("lo is down, so no VIP answers: ip link set lo up");
	log_info("fulcrum-backend: ready: %u interfaces, %zu VIPs and ports, %u tunnel addresses",
		agent->state.link_count, agent->config->vip_count, agent->view.tunnel_count);
	notify("READY=1");
}

// Returns whether what is attached and pinned stays.
static bool run(struct agent *agent, bool persist, int *result, struct error *err)
{
	struct error ignored;
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL); // before anything is changed
	*result = attach(agent, err);
	if (*result < 0) {
		agent_take_back(&agent->state, NULL, &ignored);
		agent_take_back(&agent->previous, NULL, &ignored);
		return false;
	}
	say_ready(agent);
	watch(agent, &ends);
	notify("STOPPING=1");
	if (!persist)
		*result = agent_take_back(&agent->state, NULL, err);
	log_info("fulcrum-backend: stopped, %s",
		persist ? "filters and VIPs stay (--detach takes them back)" : "detached");
	return persist;
}

int agent_run(const struct config *config, bool persist, struct error *err)
{
	struct agent *agent = calloc(1, sizeof(*agent));
	bool stays;
	int result;

	if (agent == NULL)
		return error_set(err, ENOMEM, "out of memory");
	agent->config = config;
	result = pin_open(&agent->pin, config->pin, true, err);
	if (result < 0) {
		free(agent);
		return result;
	}
	read_previous(agent);
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
