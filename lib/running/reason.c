// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <config/device.h>
#include <running/path.h>
#include <running/reason.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

// Not a reason yet, but the one to come.
static void reason_explain_certificate(uint64_t end_s, char *out, size_t size)
{
	uint64_t now_s = clock_wall_s();
	uint64_t days = end_s > now_s ? (end_s - now_s) / 86400 : 0;

	snprintf(
		out, size, "its certificate ends in %" PRIu64 " day%s", days, days == 1 ? "" : "s");
}

static void reason_explain_health(
	const struct reason_source *source, uint32_t index, char *out, size_t size)
{
	struct health_view view;

	if (!source->running->states[index].is_probed || !health_view(source->health, index, &view))
		return;
	if (view.reason[0] == '\0' && view.remark[0] != '\0')
		snprintf(out, size, "%s", view.remark);
	else if (view.reason[0] == '\0' && view.certificate_end_s != 0)
		reason_explain_certificate(view.certificate_end_s, out, size);
	else
		snprintf(out, size, "%s%s",
			source->running->states[index].fail_open.is_kept
				? "kept in service by max_down_percent: "
				: "",
			view.reason);
}

uint8_t reason_backend_health(const struct reason_source *source, uint32_t at)
{
	const struct running_backend *state = running_state(source->running, at);
	const struct configuration_probes *probes = configuration_probes(source->running->now, at);
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
static size_t reason_explain_probe(
	const struct reason_source *source, uint32_t at, uint32_t probe, char *out, size_t size)
{
	uint32_t index = configuration_index(source->running->now, at);
	enum health_status health =
		running_backend_probe_health(&source->running->states[index], probe);
	struct health_view view = {0};
	char name[96];
	int used;

	health_view(source->health, configuration_target_id(index, probe), &view);
	used = snprintf(out, size, "%s is %s%s%s%s",
		configuration_probe_name(source->running->now, at, probe, name, sizeof(name)),
		health_status_name(health),
		health == HEALTH_DOWN && running_backend_health(&source->running->states[index],
						 probe) == HEALTH_UP
			? ", kept in service"
			: "",
		view.reason[0] != '\0' ? ": " : "", view.reason);
	return used < 0 ? 0 : (size_t)used < size ? (size_t)used : size - 1;
}

// Of a backend that is not alike to all services: the ports that are not up.
static void reason_explain_probes(
	const struct reason_source *source, uint32_t at, char *out, size_t size)
{
	const struct configuration_probes *probes = configuration_probes(source->running->now, at);
	const struct running_backend *state = running_state(source->running, at);
	size_t used = 0;

	for (uint32_t p = 0; p < CONFIG_PROBES_MAX && used + 3 < size; p++) {
		if (probes->service[p] == CONFIGURATION_NONE ||
			running_backend_probe_health(state, p) == HEALTH_UP)
			continue;
		if (used > 0)
			used += (size_t)snprintf(out + used, size - used, "; ");
		used += reason_explain_probe(source, at, p, out + used, size - used);
	}
}

// Of a route that leaves by no port. The wire of a port is an interface that the kernel has
// besides, with net_af_packet and its like; what is sent there goes past the balancer.
static void reason_explain_route(const struct reason_source *source,
	const struct kernel_next_hop *hop, char *out, size_t size)
{
	const char *name = kernel_interface_name(source->kernel, hop->ifindex), *beside = "";
	char wire[DEVICE_INTERFACE_SIZE];

	for (uint32_t p = 0; p < source->port_count; p++) {
		const struct running_port *port = &source->ports[p];

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

static void reason_explain_leaving(
	const struct reason_source *source, uint32_t index, char *out, size_t size)
{
	const struct running_backend *state = &source->running->states[index];
	struct health_view view = {0};

	if (state->drain_is_over && state->drain_then != MESSAGE_THEN_KEEP)
		snprintf(out, size, "taken out, and disabled by the operator");
	else if (state->health == HEALTH_DOWN && health_view(source->health, index, &view))
		snprintf(out, size, "taken out, and down: %s", view.reason);
	else
		snprintf(out, size, "taken out; it finishes the flows that it has");
}

void reason_backend(const struct reason_source *source, uint32_t at, char *out, size_t size)
{
	const struct config_backend *backend = &source->running->now->config->backends[at];
	uint32_t index = configuration_index(source->running->now, at);
	const struct running_backend *state = &source->running->states[index];

	if (backend->state == CONFIG_STATE_DISABLED)
		snprintf(out, size, "disabled by the operator");
	else if (backend->state == CONFIG_STATE_LEAVING)
		reason_explain_leaving(source, index, out, size);
	else if (!state->is_probed && !configuration_is_unprobed(source->running->now, at))
		snprintf(out, size, "no service uses the pool, so there is no port to probe");
	else if (state->port == BACKEND_PORT_NONE && !state->hop.reachable)
		snprintf(out, size, "the kernel has no route to it");
	else if (state->port == BACKEND_PORT_NONE)
		reason_explain_route(source, &state->hop, out, size);
	else if (source->link_is_down[state->port])
		snprintf(out, size, "port %s, which it is behind, has no link",
			source->ports[state->port].name);
	else if (!state->resolved)
		snprintf(out, size, "its next hop does not answer ARP or NDP");
	else if (reason_backend_health(source, at) == MESSAGE_HEALTH_PARTLY)
		reason_explain_probes(source, at, out, size);
	else
		reason_explain_health(source, index, out, size);
	if (out[0] == '\0')
		running_path_remark(state, out, size);
	if (out[0] == '\0' && backend->weight == 0)
		snprintf(out, size, "its weight is 0: it takes no new flows");
}
