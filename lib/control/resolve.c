// SPDX-License-Identifier: BSD-3-Clause
#include <control/control_private.h>

#include <event2/event.h>
#include <string.h>

// Look-ups in one step: each asks the kernel, which takes some microseconds.
#define RESOLVE_STEP 64

// They stay for a round: to ask for one takes three system calls.
static void find_interfaces(struct control *control)
{
	for (uint32_t p = 0; p < control->config.port_count; p++) {
		const char *name = control->config.ports[p].kernel_interface;

		control->ifindexes[p] = name[0] != '\0' ? kernel_ifindex(name) : 0;
	}
}

static uint8_t find_port(const struct control *control, uint32_t ifindex)
{
	for (uint32_t p = 0; p < control->config.port_count; p++) {
		if (ifindex != 0 && control->ifindexes[p] == ifindex)
			return (uint8_t)p;
	}
	return BACKEND_PORT_NONE;
}

static bool is_same(const struct control_backend *a, const struct control_backend *b)
{
	return a->resolved == b->resolved && a->port == b->port &&
	       a->hop.vlan_id == b->hop.vlan_id && a->hop.mtu == b->hop.mtu &&
	       addr_equal(&a->hop.source, &b->hop.source) &&
	       memcmp(&a->hop.mac, &b->hop.mac, sizeof(a->hop.mac)) == 0;
}

// The kernel's answer for the backend at 'at'. True: it is another one than before.
static bool resolve(struct control *control, uint32_t at)
{
	struct control_backend *state = &control->states[edition_index(control->running, at)];
	struct control_backend fresh = *state;
	bool is_changed;

	fresh.port = BACKEND_PORT_NONE;
	fresh.resolved = false;
	if (kernel_lookup(control->kernel, &control->running->config->backends[at].address,
		    &fresh.hop, NULL) == 0 &&
		fresh.hop.reachable)
		fresh.port = find_port(control, fresh.hop.port_ifindex);
	if (fresh.port != BACKEND_PORT_NONE)
		fresh.resolved = fresh.hop.resolved && !control->link_is_down[fresh.port];
	is_changed = !is_same(state, &fresh);
	*state = fresh;
	return is_changed;
}

// One round asks for every backend once. A change in the midst of a round makes it go on until all were
// asked again; it does not begin anew, so that the last ones have their turn however often something changes.
void control_resolve_step(int fd, short what, void *context)
{
	static const struct timeval now = {0};
	struct control *control = context;
	uint32_t count = control->running->config->backend_count;

	for (int i = 0; i < RESOLVE_STEP && control->resolve_left > 0; i++) {
		if (control->resolve_next >= count)
			control->resolve_next = 0;
		control->resolve_left--;
		if (resolve(control, control->resolve_next++))
			control->resolve_changed = true;
	}
	if (control->resolve_left > 0) {
		event_add(control->resolve_event, &now);
	} else if (control->resolve_changed) {
		control->resolve_changed = false;
		control_rebuild_later(control);
		control_solicit(-1, 0, control);
	}
}

void control_resolve_all(struct control *control)
{
	find_interfaces(control);
	control->resolve_left = control->running->config->backend_count;
	control_resolve_step(-1, 0, control);
}
