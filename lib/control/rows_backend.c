// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <config/device.h>
#include <control/reply_private.h>
#include <control/rows.h>
#include <running/path.h>

#include <inttypes.h>
#include <string.h>

// How many slots each backend of the pool has, counted once for all its rows. Every service's table counts alike.
static void count_shares(struct control *control, uint32_t pool)
{
	const struct config_pool *config = &control->running.now->config->pools[pool];
	const struct snapshot *snapshot = control->config.publisher->current;
	const struct snapshot_pool *built = snapshot_find_pool_from(snapshot, config->name, pool);
	struct reply *reply = &control->reply;

	reply->pool = pool;
	reply->share_whole = 0;
	for (uint32_t i = 0; i < config->backend_count; i++)
		reply->shares[configuration_index(
			control->running.now, config->first_backend + i)] = 0;
	for (uint32_t at = built != NULL ? built->first_view : VIEW_NONE; at != VIEW_NONE;
		at = snapshot->views[at].next) {
		const struct snapshot_view *view = &snapshot->views[at];

		stats_add_shares(view, reply->shares);
		reply->share_whole += (uint64_t)config->table_size *
				      (view->service_count > 0 ? view->service_count : 1);
	}
}

// Not a reason yet, but the one to come.
static void explain_certificate(uint64_t end_s, char *out, size_t size)
{
	uint64_t now_s = clock_wall_s();
	uint64_t days = end_s > now_s ? (end_s - now_s) / 86400 : 0;

	snprintf(
		out, size, "its certificate ends in %" PRIu64 " day%s", days, days == 1 ? "" : "s");
}

static void explain_health(const struct control *control, uint32_t index, char *out, size_t size)
{
	struct health_view view;

	if (!control->running.states[index].is_probed ||
		!health_view(control->health, index, &view))
		return;
	if (view.reason[0] == '\0' && view.remark[0] != '\0')
		snprintf(out, size, "%s", view.remark);
	else if (view.reason[0] == '\0' && view.certificate_end_s != 0)
		explain_certificate(view.certificate_end_s, out, size);
	else
		snprintf(out, size, "%s%s",
			control->running.states[index].fail_open.is_kept
				? "kept in service by max_down_percent: "
				: "",
			view.reason);
}

uint8_t control_backend_health(const struct control *control, uint32_t at)
{
	const struct running_backend *state =
		&control->running.states[configuration_index(control->running.now, at)];
	const struct configuration_probes *probes = configuration_probes(control->running.now, at);
	uint8_t health = (uint8_t)state->health;
	bool is_first = true;

	for (uint32_t p = 0; probes != NULL && p < CONFIG_PROBES_MAX; p++) {
		uint8_t other = (uint8_t)running_backend_probe_health(state, p);

		if (probes->service[p] == CONFIGURATION_NONE)
			continue;
		if (!is_first && other != health)
			return MESSAGE_HEALTH_PARTLY;
		health = other;
		is_first = false;
	}
	return health;
}

// "port 3023 (service ssh) is down: connect to 10.0.1.11:3023: connection refused"
static size_t explain_probe(
	const struct control *control, uint32_t at, uint32_t probe, char *out, size_t size)
{
	uint32_t index = configuration_index(control->running.now, at);
	enum health_status health =
		running_backend_probe_health(&control->running.states[index], probe);
	struct health_view view = {0};
	char name[96];
	int used;

	health_view(control->health, configuration_target_id(index, probe), &view);
	used = snprintf(out, size, "%s is %s%s%s%s",
		configuration_probe_name(control->running.now, at, probe, name, sizeof(name)),
		health_status_name(health),
		health == HEALTH_DOWN && running_backend_health(&control->running.states[index],
						 probe) == HEALTH_UP
			? ", kept in service"
			: "",
		view.reason[0] != '\0' ? ": " : "", view.reason);
	return used < 0 ? 0 : (size_t)used < size ? (size_t)used : size - 1;
}

// Of a backend that is not alike to all services: the ports that are not up.
static void explain_probes(const struct control *control, uint32_t at, char *out, size_t size)
{
	const struct configuration_probes *probes = configuration_probes(control->running.now, at);
	const struct running_backend *state =
		&control->running.states[configuration_index(control->running.now, at)];
	size_t used = 0;

	for (uint32_t p = 0; p < CONFIG_PROBES_MAX && used + 3 < size; p++) {
		if (probes->service[p] == CONFIGURATION_NONE ||
			running_backend_probe_health(state, p) == HEALTH_UP)
			continue;
		if (used > 0)
			used += (size_t)snprintf(out + used, size - used, "; ");
		used += explain_probe(control, at, p, out + used, size - used);
	}
}

// Of a route that leaves by no port. The wire of a port is an interface that the kernel has besides, with net_af_packet and
// its like; what is sent there goes past the balancer.
static void explain_route(
	const struct control *control, const struct kernel_next_hop *hop, char *out, size_t size)
{
	const char *name = kernel_interface_name(control->kernel, hop->ifindex), *beside = "";
	char wire[DEVICE_INTERFACE_SIZE];

	for (uint32_t p = 0; p < control->config.port_count; p++) {
		const struct running_port *port = &control->config.ports[p];

		if (beside[0] == '\0')
			beside = port->kernel_interface;
		if (!device_drives_interface(port->device, wire) || strcmp(wire, name) != 0)
			continue;
		if (port->kernel_interface[0] == '\0')
			snprintf(out, size,
				"its route leaves by %s, which is the wire of port %s: give the port a kernel_interface, and lend it %s",
				name, port->name, name);
		else
			snprintf(out, size,
				"its route leaves by %s, the wire of port %s, and not by %s: fulcrum-interface lend %s %s",
				name, port->name, port->kernel_interface, name,
				port->kernel_interface);
		return;
	}
	if (beside[0] == '\0')
		snprintf(out, size, "its route leaves by %s, and no port has a kernel_interface",
			name);
	else
		snprintf(out, size,
			"its route leaves by %s, and not by a port's kernel side such as %s", name,
			beside);
}

static void explain_leaving(const struct control *control, uint32_t index, char *out, size_t size)
{
	const struct running_backend *state = &control->running.states[index];
	struct health_view view = {0};

	if (state->drain_is_over && state->drain_then != MESSAGE_THEN_KEEP)
		snprintf(out, size, "taken out, and disabled by the operator");
	else if (state->health == HEALTH_DOWN && health_view(control->health, index, &view))
		snprintf(out, size, "taken out, and down: %s", view.reason);
	else
		snprintf(out, size, "taken out; it finishes the flows that it has");
}

void control_backend_reason(const struct control *control, uint32_t at, char *out, size_t size)
{
	const struct config_backend *backend = &control->running.now->config->backends[at];
	uint32_t index = configuration_index(control->running.now, at);
	const struct running_backend *state = &control->running.states[index];

	if (backend->state == CONFIG_STATE_DISABLED)
		snprintf(out, size, "disabled by the operator");
	else if (backend->state == CONFIG_STATE_LEAVING)
		explain_leaving(control, index, out, size);
	else if (!state->is_probed && !configuration_is_unprobed(control->running.now, at))
		snprintf(out, size, "no service uses the pool, so there is no port to probe");
	else if (state->port == BACKEND_PORT_NONE && !state->hop.reachable)
		snprintf(out, size, "the kernel has no route to it");
	else if (state->port == BACKEND_PORT_NONE)
		explain_route(control, &state->hop, out, size);
	else if (control->link_is_down[state->port])
		snprintf(out, size, "port %s, which it is behind, has no link",
			control->config.ports[state->port].name);
	else if (!state->resolved)
		snprintf(out, size, "its next hop does not answer ARP or NDP");
	else if (control_backend_health(control, at) == MESSAGE_HEALTH_PARTLY)
		explain_probes(control, at, out, size);
	else
		explain_health(control, index, out, size);
	if (out[0] == '\0')
		running_path_remark(state, out, size);
	if (out[0] == '\0' && backend->weight == 0)
		snprintf(out, size, "its weight is 0: it takes no new flows");
}

bool row_backend(struct control *control, uint32_t row, struct message_row_backend *out)
{
	uint64_t now_ns = clock_monotonic_ns();
	const struct config *config = control->running.now->config;
	const struct config_backend *backend;
	const struct running_backend *state;
	struct health_view view = {0};
	struct metrics_traffic traffic;
	uint32_t index;

	if (row >= config->backend_count)
		return false;
	backend = &config->backends[row];
	if (control->reply.pool != backend->pool_index)
		count_shares(control, backend->pool_index);
	index = configuration_index(control->running.now, row);
	state = &control->running.states[index];
	stats_backend_traffic(&control->stats, index, &traffic);
	memcpy(out->name, backend->name, sizeof(out->name));
	memcpy(out->pool, backend->pool, sizeof(out->pool));
	memcpy(out->zone, backend->zone, sizeof(out->zone));
	out->address = backend->address;
	out->weight = backend->weight;
	out->state = backend->state;
	out->health = control_backend_health(control, row);
	if (control->reply.share_whole > 0)
		out->share_ppm = (uint32_t)(control->reply.shares[index] * 1000000 /
					    control->reply.share_whole);
	out->flows = control->stats.flow_counts.last.flows[index];
	out->oldest_s = control->stats.flow_counts.last.oldest_s[index];
	if (state->drain_until_ns > now_ns)
		out->drain_left_s =
			(uint32_t)((state->drain_until_ns - now_ns + CLOCK_NS_PER_S - 1) /
				   CLOCK_NS_PER_S);
	out->since_s =
		state->since_s > state->probes_since_s ? state->since_s : state->probes_since_s;
	health_view(control->health, index, &view);
	out->downs = view.downs;
	out->is_kept = fail_open_keeps(state);
	out->packets = traffic.packets;
	out->bytes = traffic.bytes;
	out->new_flows = traffic.new_flows;
	out->syn_repeats = traffic.syn_repeats;
	out->syn_resets = traffic.syn_resets;
	control_backend_reason(control, row, out->reason, sizeof(out->reason));
	return true;
}
