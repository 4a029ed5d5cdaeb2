// SPDX-License-Identifier: BSD-3-Clause
#include <control/control_private.h>
#include <control/interfaces.h>
#include <control/rebuild_private.h>
#include <control/resolve_private.h>

#include <errno.h>
#include <event2/event.h>
#include <metrics/step.h>
#include <string.h>

// Look-ups in one step: together they take the kernel about a tenth of a millisecond.
#define RESOLVE_STEP 64

static uint8_t find_port(const struct control *control, uint32_t ifindex)
{
	for (uint32_t p = 0; p < control->config.port_count; p++) {
		if (ifindex != 0 && control_kernel_side(control, p) == ifindex)
			return (uint8_t)p;
	}
	return BACKEND_PORT_NONE;
}

static bool is_same(const struct running_backend *a, const struct running_backend *b)
{
	return a->resolved == b->resolved && a->port == b->port &&
	       a->hop.vlan_id == b->hop.vlan_id && a->hop.mtu == b->hop.mtu &&
	       addr_equal(&a->hop.source, &b->hop.source) && mac_equal(&a->hop.mac, &b->hop.mac);
}

// Backends to ask the kernel about at once.
struct batch {
	uint32_t count;
	struct addr addresses[RESOLVE_STEP];
	struct running_backend *states[RESOLVE_STEP];
	struct kernel_next_hop hops[RESOLVE_STEP];
	int codes[RESOLVE_STEP];
};

static void batch_add(
	struct batch *batch, const struct addr *address, struct running_backend *state)
{
	batch->addresses[batch->count] = *address;
	batch->states[batch->count++] = state;
}

// The kernel's questions to a neighbour, or the answers, may wait for a worker that stands still:
// then where it was, it is.
static bool is_kept(const struct control *control, const struct running_backend *state,
	const struct kernel_next_hop *hop)
{
	uint32_t worker;

	return state->resolved && !hop->resolved && hop->ifindex == state->hop.ifindex &&
	       addr_equal(&hop->gateway, &state->hop.gateway) &&
	       stuck_first(control->stuck, &worker);
}

// True: the answer is another one than before. Without an answer what was known stands.
static bool take_hop(struct control *control, struct running_backend *state, int code,
	const struct kernel_next_hop *hop)
{
	struct running_backend fresh = *state;
	bool is_changed;

	if (code != 0 && code != -EINVAL) {
		control->resolve_failed = true;
		return false;
	}
	fresh.hop = *hop;
	if (code == 0 && is_kept(control, state, hop)) {
		fresh.hop.mac = state->hop.mac;
		fresh.hop.resolved = true;
	}
	fresh.port = BACKEND_PORT_NONE;
	fresh.resolved = false;
	if (code == 0 && hop->reachable)
		fresh.port = find_port(control, hop->port_ifindex);
	if (fresh.port != BACKEND_PORT_NONE)
		fresh.resolved = fresh.hop.resolved && !control->link_is_down[fresh.port];
	is_changed = !is_same(state, &fresh);
	*state = fresh;
	return is_changed;
}

// True: something changed.
static bool batch_run(struct control *control, struct batch *batch)
{
	bool is_changed = false;

	kernel_lookup_many(
		control->kernel, batch->addresses, batch->count, batch->hops, batch->codes);
	for (uint32_t i = 0; i < batch->count; i++)
		is_changed |= take_hop(control, batch->states[i], batch->codes[i], &batch->hops[i]);
	return is_changed;
}

// --- A commit's new backends ---

void control_resolve_begin(struct control *control, struct commit *commit)
{
	control_follow_interfaces(control);
	commit->rounds = control->rounds;
	commit->resolve_next = 0;
}

bool control_resolve_commit(struct control *control, struct commit *commit)
{
	struct batch batch = {0};

	while (commit->resolve_next < commit->touched_count && batch.count < RESOLVE_STEP) {
		uint32_t at = commit->touched[commit->resolve_next] & ~COMMIT_STRANGER;

		if ((commit->touched[commit->resolve_next++] & COMMIT_STRANGER) != 0)
			batch_add(&batch, &commit->all->backends[at].address,
				&commit->build
					 .states[configuration_index(commit->configuration, at)]);
	}
	batch_run(control, &batch);
	return commit->resolve_next < commit->touched_count;
}

void control_resolve_take(struct running_backend *state, const struct running_backend *from)
{
	state->hop = from->hop;
	state->port = from->port;
	state->resolved = from->resolved;
}

void control_resolve_installed(struct control *control, const struct commit *commit)
{
	// A round that was going on counted in the configuration before.
	if (control->resolve_left > 0 || control->rounds != commit->rounds)
		control_resolve_all(control);
	if (commit->touched_count > 0)
		control_solicit_neighbours(-1, 0, control);
}

// --- All of the running configuration's ---

// One round asks for every backend once. A change in the midst of a round makes it go on until all
// were asked again; it does not begin anew, so that the last ones have their turn however often
// something changes.
static void step_round(struct control *control)
{
	const struct config *config = control->running.now->config;
	struct batch batch = {0};

	while (batch.count < RESOLVE_STEP && control->resolve_left > 0) {
		uint32_t at = control->resolve_next++;

		if (at >= config->backend_count) {
			control->resolve_next = 0;
			continue;
		}
		control->resolve_left--;
		batch_add(&batch, &config->backends[at].address,
			running_state(&control->running, at));
	}
	if (batch_run(control, &batch))
		control->resolve_changed = true;
	if (control->resolve_left == 0 && control->resolve_changed) {
		control->resolve_changed = false;
		control_rebuild_later(control);
		control_solicit_neighbours(-1, 0, control);
	}
}

void control_resolve_step(int fd, short what, void *context)
{
	STEP_TIMED(RESOLVE);
	static const struct timeval now = {0};
	struct control *control = context;
	struct commit *commit = control->commits.current;
	bool is_wanted = commit != NULL && commit->step == COMMIT_RESOLVE;

	if (is_wanted && !control_resolve_commit(control, commit)) {
		is_wanted = false;
		commits_resolved(&control->commits);
	}
	if (control->resolve_left > 0)
		step_round(control);
	if (is_wanted || control->resolve_left > 0)
		event_add(control->resolve_event, &now);
}

void control_resolve_all(struct control *control)
{
	control->rounds++;
	control->resolve_failed = false;
	control_follow_interfaces(control);
	control->resolve_left = control->running.now->config->backend_count;
	control_resolve_step(-1, 0, control);
}
