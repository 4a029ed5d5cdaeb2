// SPDX-License-Identifier: BSD-3-Clause
#include <base/log.h>
#include <control/control_private.h>

#include <event2/event.h>
#include <string.h>

// Look-ups in one step: each asks the kernel, which takes some microseconds.
#define RESOLVE_STEP 32

static bool find_port(const struct control *control, uint32_t ifindex, uint8_t *out)
{
	for (uint32_t p = 0; p < control->config.port_count; p++) {
		const char *name = control->config.ports[p].kernel_interface;

		if (name[0] != '\0' && kernel_ifindex(name) == ifindex) {
			*out = (uint8_t)p;
			return true;
		}
	}
	return false;
}

static bool is_same(const struct control_backend *a, const struct control_backend *b)
{
	return a->resolved == b->resolved && a->port == b->port &&
	       a->hop.vlan_id == b->hop.vlan_id && a->hop.mtu == b->hop.mtu &&
	       addr_equal(&a->hop.source, &b->hop.source) &&
	       memcmp(&a->hop.mac, &b->hop.mac, sizeof(a->hop.mac)) == 0;
}

// The kernel's answer for one backend. True: it is another one than before.
static bool resolve(struct control *control, const struct config_backend *backend, uint32_t index)
{
	struct control_backend *state = &control->states[index];
	struct control_backend fresh = {
		.health = state->health, .recalled = state->recalled, .port = BACKEND_PORT_NONE};
	bool changed;

	if (kernel_lookup(control->kernel, &backend->address, &fresh.hop, NULL) == 0 &&
		fresh.hop.reachable && find_port(control, fresh.hop.port_ifindex, &fresh.port))
		fresh.resolved = fresh.hop.resolved;
	if (fresh.port != BACKEND_PORT_NONE && !fresh.resolved)
		kernel_solicit(control->kernel, fresh.hop.ifindex, &fresh.hop.gateway);
	changed = !is_same(state, &fresh);
	*state = fresh;
	return changed;
}

void control_resolve_step(int fd, short what, void *context)
{
	static const struct timeval now = {0};
	struct control *control = context;

	for (int i = 0; i < RESOLVE_STEP && control->resolve_next < control->running->backend_count;
		i++) {
		uint32_t at = control->resolve_next++;

		if (resolve(control, &control->running->backends[at], control->backend_index[at]))
			control->resolve_changed = true;
	}
	if (control->resolve_next < control->running->backend_count) {
		event_add(control->resolve_event, &now);
	} else if (control->resolve_changed) {
		control->resolve_changed = false;
		control_rebuild_later(control);
	}
}

void control_resolve_all(struct control *control)
{
	control->resolve_next = 0;
	control_resolve_step(-1, 0, control);
}

// Neighbours that the kernel does not know are asked for again and again; those that it knows are
// confirmed by the probes' own packets.
void control_solicit(int fd, short what, void *context)
{
	struct control *control = context;

	for (uint32_t i = 0; i < control->running->backend_count; i++) {
		const struct control_backend *state = &control->states[control->backend_index[i]];

		if (state->port != BACKEND_PORT_NONE && !state->resolved)
			kernel_solicit(control->kernel, state->hop.ifindex, &state->hop.gateway);
	}
}
