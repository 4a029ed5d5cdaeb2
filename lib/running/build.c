// SPDX-License-Identifier: BSD-3-Clause
#include <running/build.h>

#include <errno.h>
#include <stdlib.h>

// What a backend is to each of its pool's services, where they do not all go by the pool's own
// probe.
static void build_describe_partly(const struct configuration *configuration, uint32_t at,
	const struct running_backend *state, struct snapshot_backend_input *out)
{
	const struct configuration_probes *probes = configuration_probes(configuration, at);
	uint32_t first = CONFIG_PROBES_MAX;
	bool is_partly = false;

	for (uint32_t p = 0; p < CONFIG_PROBES_MAX; p++) {
		if (probes->service[p] == CONFIGURATION_NONE)
			continue;
		out->partly[p] = (uint8_t)running_backend_status(
			&configuration->config->backends[at], state, p);
		first = first == CONFIG_PROBES_MAX ? p : first;
		is_partly |= out->partly[p] != out->partly[first];
	}
	out->status = is_partly ? BACKEND_PARTLY : (enum backend_status)out->partly[first];
}

static void build_describe(
	const struct build *build, uint32_t at, struct snapshot_backend_input *out)
{
	const struct configuration *configuration = build->configuration;
	const struct running_backend *state =
		&build->states[configuration_index(configuration, at)];
	const struct running_port *port;

	*out = (struct snapshot_backend_input){
		.reference = configuration->backends[at],
		.status = running_backend_status(&configuration->config->backends[at], state, 0),
		.resolved = state->resolved,
		.slow_start_tenths = state->slow_start_tenths,
		.unasked = configuration->config->backends[at].state == CONFIG_STATE_ACTIVE &&
			   running_backend_health(state, 0) == HEALTH_UNKNOWN,
		// Its first probe may be answered before the kernel has told of its neighbour.
		.awaited = state->health != HEALTH_DOWN && state->recalled == HEALTH_UP,
	};
	if (configuration_probes(configuration, at) != NULL)
		build_describe_partly(configuration, at, state, out);
	if (!state->resolved)
		return;
	port = &build->ports[state->port];
	out->port = state->port;
	out->mtu = running_backend_path_mtu(state, port->mtu);
	out->vlan_tci = state->hop.vlan_id != 0 ? state->hop.vlan_id : port->vlan_tci;
	out->source_mac = port->mac;
	out->next_hop_mac = state->hop.mac;
	out->outer_source = state->hop.source;
}

uint64_t *build_count_flows(const struct configuration *configuration,
	struct metrics_worker *const *metrics, uint32_t worker_count)
{
	uint32_t count = configuration->config->service_count;
	uint64_t *begun = calloc((size_t)count + 1, sizeof(*begun));
	struct metrics_traffic traffic;

	for (uint32_t i = 0; begun != NULL && metrics != NULL && i < count; i++) {
		metrics_service(metrics, worker_count, configuration->services[i], &traffic);
		begun[i] = traffic.new_flows;
	}
	return begun;
}

int build_run(struct build *build, struct error *err)
{
	const struct config *config = build->configuration->config;
	struct snapshot_backend_input *backends =
		calloc((size_t)config->backend_count + 1, sizeof(*backends));
	uint64_t *begun =
		build_count_flows(build->configuration, build->metrics, build->worker_count);
	struct snapshot_input input = {
		.config = config,
		.backends = backends,
		.services = build->configuration->services,
		.own = build->own,
		.begun = begun,
		.probes = build->configuration->service_probes,
		.backend_capacity = build->configuration->capacity,
		.service_capacity = build->service_capacity,
		.version = build->version,
		.now_s = (uint32_t)(build->now_s - build->age_s),
	};
	int rc;

	if (backends == NULL || begun == NULL) {
		free(backends);
		free(begun);
		return error_set(err, ENOMEM, "out of memory");
	}
	for (uint32_t i = 0; i < config->backend_count; i++)
		build_describe(build, i, &backends[i]);
	rc = snapshot_build(&input, build->previous, &build->snapshot, err);
	free(backends);
	free(begun);
	return rc;
}
