// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <control/announce_private.h>
#include <control/apply_private.h>
#include <control/backend_private.h>
#include <control/control_private.h>
#include <control/rebuild_private.h>

#include <errno.h>
#include <event2/event.h>
#include <metrics/step.h>
#include <stdlib.h>
#include <string.h>

// The operator's intent and the health, neither over the other, as one word for the workers. Unknown
// health takes no flow.
enum backend_status control_backend_status(
	const struct config_backend *backend, const struct control_backend *state, uint32_t probe)
{
	enum health_status health = control_health_in_force(state, probe);
	bool drains =
		backend->state == CONFIG_STATE_DRAINING || backend->state == CONFIG_STATE_LEAVING;

	if (backend->state == CONFIG_STATE_DISABLED)
		return BACKEND_DISABLED;
	if (drains && state->drain_is_over && state->drain_then != MESSAGE_THEN_KEEP)
		return state->drain_then == MESSAGE_THEN_RESET ? BACKEND_RESET : BACKEND_DISABLED;
	if (health == HEALTH_DOWN)
		return BACKEND_DOWN;
	if (drains || health == HEALTH_UNKNOWN)
		return BACKEND_DRAINING;
	return BACKEND_UP;
}

// What every host takes, RFC 791 3.1: below it nothing would be left under an outer header.
#define PATH_MTU_MIN 576

// The kernel's route may promise more than the port carries, or than a router on the way hands on.
static uint16_t path_mtu(const struct control_backend *state, uint16_t port_mtu)
{
	uint32_t mtu = state->hop.mtu > port_mtu ? port_mtu : state->hop.mtu;

	if (state->path_mtu != 0 && state->path_mtu < mtu)
		mtu = state->path_mtu;
	return mtu < PATH_MTU_MIN ? PATH_MTU_MIN : (uint16_t)mtu;
}

uint16_t control_path_mtu(const struct control *control, const struct control_backend *state)
{
	return path_mtu(state, control->config.ports[state->port].mtu);
}

// What a backend is to each of its pool's services, where they do not all go by the pool's own probe.
static void describe_partly(const struct edition *edition, uint32_t at,
	const struct control_backend *state, struct snapshot_backend_input *out)
{
	const struct edition_probes *probes = edition_probes(edition, at);
	uint32_t first = CONFIG_PROBES_MAX;
	bool is_partly = false;

	for (uint32_t p = 0; p < CONFIG_PROBES_MAX; p++) {
		if (probes->service[p] == EDITION_NONE)
			continue;
		out->partly[p] =
			(uint8_t)control_backend_status(&edition->config->backends[at], state, p);
		first = first == CONFIG_PROBES_MAX ? p : first;
		is_partly |= out->partly[p] != out->partly[first];
	}
	out->status = is_partly ? BACKEND_PARTLY : (enum backend_status)out->partly[first];
}

static void describe(const struct build *build, uint32_t at, struct snapshot_backend_input *out)
{
	const struct edition *edition = build->edition;
	const struct control_backend *state = &build->states[edition_index(edition, at)];
	const struct control_port *port;

	*out = (struct snapshot_backend_input){
		.reference = edition->backends[at],
		.status = control_backend_status(&edition->config->backends[at], state, 0),
		.resolved = state->resolved,
		.held_back = state->held_back,
		.unasked = edition->config->backends[at].state == CONFIG_STATE_ACTIVE &&
			   control_health_in_force(state, 0) == HEALTH_UNKNOWN,
		// Its first probe may be answered before the kernel has told of its neighbour.
		.awaited = state->health != HEALTH_DOWN && state->recalled == HEALTH_UP,
	};
	if (edition_probes(edition, at) != NULL)
		describe_partly(edition, at, state, out);
	if (!state->resolved)
		return;
	port = &build->ports[state->port];
	out->port = state->port;
	out->mtu = path_mtu(state, port->mtu);
	out->vlan_tci = state->hop.vlan_id != 0 ? state->hop.vlan_id : port->vlan_tci;
	out->source_mac = port->mac;
	out->next_hop_mac = state->hop.mac;
	out->outer_source = state->hop.source;
}

int build_run(struct build *build, struct error *err)
{
	const struct config *config = build->edition->config;
	struct snapshot_backend_input *backends =
		calloc((size_t)config->backend_count + 1, sizeof(*backends));
	struct snapshot_input input = {
		.config = config,
		.backends = backends,
		.services = build->edition->services,
		.own = build->own,
		.probes = build->edition->service_probes,
		.backend_capacity = build->edition->capacity,
		.service_capacity = build->service_capacity,
		.version = build->version,
		.now_s = (uint32_t)(clock_monotonic_ns() / CLOCK_NS_PER_S - build->age_s),
	};
	int rc;

	if (backends == NULL)
		return error_set(err, ENOMEM, "out of memory");
	for (uint32_t i = 0; i < config->backend_count; i++)
		describe(build, i, &backends[i]);
	rc = snapshot_build(&input, build->previous, &build->snapshot, err);
	free(backends);
	return rc;
}

// The copies of the states and of what is our own are one for all builds: there is one at a time.
void build_begin(struct control *control, struct build *out)
{
	identity_follow(control->identity, control->kernel, control->kernel_sides,
		control->config.port_count, control->config.publisher->current);
	memcpy(control->states_copy, control->states,
		control->backends.end * sizeof(*control->states));
	*out = (struct build){
		.states = control->states_copy,
		.ports = control->config.ports,
		.previous = control->config.publisher->current,
		.own = identity_freeze(control->identity),
		.service_capacity = control->services.capacity,
		.version = control->snapshots + 1,
	};
}

void control_publish(struct control *control, struct snapshot *snapshot)
{
	control->snapshots = snapshot->version;
	publisher_publish(control->config.publisher, snapshot);
	control_announce(control);
	control_checkpoint_soon(control);
}

static void rebuild_after(struct control *control, uint32_t delay_us)
{
	struct timeval delay = {.tv_sec = delay_us / 1000000, .tv_usec = delay_us % 1000000};

	if (!event_pending(control->rebuild_event, EV_TIMEOUT, NULL))
		event_add(control->rebuild_event, &delay);
}

static void work(void *context)
{
	struct control *control = context;

	control->rebuild_rc = build_run(&control->build, &control->rebuild_error);
}

static void done(void *context)
{
	struct control *control = context;

	control->has_old_tables = control->rebuild_rc != 0;
	if (!control->has_old_tables) {
		control_publish(control, control->build.snapshot);
		control->build.snapshot = NULL;
	} else {
		log_error("the workers keep their old tables: %s", control->rebuild_error.text);
		control_announce(control);
		rebuild_after(control, 1000 * 1000);
	}
	control_work(control);
}

void control_rebuild_start(struct control *control)
{
	control->rebuild_due = false;
	build_begin(control, &control->build);
	control->build.edition = control->running;
	job_start(control->job, work, done, control);
}

int control_rebuild_now(struct control *control, struct error *err)
{
	struct build build;
	int rc;

	build_begin(control, &build);
	build.edition = control->running;
	rc = build_run(&build, err);
	if (rc == 0)
		control_publish(control, build.snapshot);
	return rc;
}

void control_rebuild_due(int fd, short what, void *context)
{
	STEP_TIMED(REBUILD);
	struct control *control = context;

	control->rebuild_due = true;
	control_work(control);
}

void control_rebuild_later(struct control *control)
{
	rebuild_after(control, 1000);
}
