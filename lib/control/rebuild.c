// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <control/control_private.h>

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>

// The operator's intent and the health, neither over the other, as one word for the workers. Unknown
// health takes no flow.
enum backend_status control_backend_status(
	const struct control *control, const struct config_backend *backend, uint32_t index)
{
	enum health_status health = control->states[index].health;

	if (health == HEALTH_UNKNOWN)
		health = control->states[index].recalled;
	if (backend->state == CONFIG_STATE_DISABLED)
		return BACKEND_DISABLED;
	if (health == HEALTH_DOWN)
		return BACKEND_DOWN;
	if (backend->state == CONFIG_STATE_DRAINING || health == HEALTH_UNKNOWN)
		return BACKEND_DRAINING;
	return BACKEND_UP;
}

static void describe(struct control *control, uint32_t i, struct snapshot_backend_input *out)
{
	uint32_t index = control->backend_index[i];
	const struct control_backend *state = &control->states[index];

	const struct control_port *port;

	*out = (struct snapshot_backend_input){
		.reference = backend_reference(index, control->backends.entries[index].generation),
		.status = control_backend_status(control, &control->running->backends[i], index),
		.resolved = state->resolved,
		.awaited = state->health == HEALTH_UNKNOWN && state->recalled == HEALTH_UP,
	};
	if (!state->resolved)
		return;
	port = &control->config.ports[state->port];
	out->port = state->port;
	out->mtu = (uint16_t)(state->hop.mtu > UINT16_MAX ? UINT16_MAX : state->hop.mtu);
	out->vlan_tci = state->hop.vlan_id != 0 ? state->hop.vlan_id : port->vlan_tci;
	out->source_mac = port->mac;
	out->next_hop_mac = state->hop.mac;
	out->outer_source = state->hop.source;
}

int control_rebuild(struct control *control, struct error *err)
{
	const struct config *config = control->running;
	struct snapshot_backend_input *backends =
		calloc(config->backend_count + 1, sizeof(*backends));
	struct snapshot_input input = {
		.config = config,
		.backends = backends,
		.services = control->service_index,
		.backend_capacity = control->backends.capacity,
		.service_capacity = control->services.capacity,
		.version = control->snapshots + 1,
	};
	struct snapshot *snapshot;
	int rc;

	if (backends == NULL)
		return error_set(err, ENOMEM, "out of memory");
	for (uint32_t i = 0; i < config->backend_count; i++)
		describe(control, i, &backends[i]);
	rc = snapshot_build(&input, control->config.publisher->current, &snapshot, err);
	free(backends);
	if (rc != 0)
		return rc;
	control->snapshots++;
	publisher_publish(control->config.publisher, snapshot);
	return 0;
}

void control_rebuild_later(struct control *control)
{
	static const struct timeval soon = {.tv_usec = 1000};

	if (!event_pending(control->rebuild_event, EV_TIMEOUT, NULL))
		event_add(control->rebuild_event, &soon);
}
