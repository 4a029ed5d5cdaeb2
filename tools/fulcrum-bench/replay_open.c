// SPDX-License-Identifier: BSD-3-Clause
#include "replay.h"

#include <errno.h>
#include <snapshot/snapshot.h>
#include <stdlib.h>

static const char plain_daemon[] =
	"control_core: 0\nworkers: {cores: [1]}\nports: [{name: wire, device: net_ring0, mtu: 1500}]\n";

static const struct mac own_mac = {{2, 0, 0, 0, 0, 1}};

static enum backend_status status_of(const struct config_backend *backend)
{
	switch ((enum config_backend_state)backend->state) {
	case CONFIG_STATE_DISABLED:
		return BACKEND_DISABLED;
	case CONFIG_STATE_DRAINING:
	case CONFIG_STATE_LEAVING:
		return BACKEND_DRAINING;
	case CONFIG_STATE_UNSET:
	case CONFIG_STATE_ACTIVE:
		break;
	}
	return BACKEND_UP;
}

static void make_up_hops(const struct replay *replay, const struct replay_options *options,
	struct snapshot_backend_input *out)
{
	const struct daemon_port *port = &replay->daemon.ports[0];

	for (uint32_t i = 0; i < replay->config->backend_count; i++) {
		const struct config_backend *backend = &replay->config->backends[i];

		out[i] = (struct snapshot_backend_input){
			.reference = backend_reference(i, 0),
			.status = status_of(backend),
			.resolved = true,
			.mtu = port->mtu,
			.vlan_tci = port->vlan == DAEMON_VLAN_SET ? port->vlan_id : ENCAP_VLAN_NONE,
			.source_mac = own_mac,
			.next_hop_mac = options->next_hop,
			.outer_source = options->sources[backend->address.family != ADDR_IPV4],
		};
	}
}

static int publish(struct replay *replay, const struct replay_options *options, uint32_t capacity,
	struct error *err)
{
	struct snapshot_backend_input *backends = calloc(capacity, sizeof(*backends));
	uint16_t *services = calloc(capacity, sizeof(*services));
	const struct snapshot_input input = {
		.config = replay->config,
		.backends = backends,
		.services = services,
		.backend_capacity = capacity,
		.service_capacity = capacity,
		.version = 1,
	};
	struct snapshot *snapshot;
	int rc = error_set(err, ENOMEM, "out of memory");

	if (backends != NULL && services != NULL) {
		make_up_hops(replay, options, backends);
		for (uint32_t i = 0; i < replay->config->service_count; i++)
			services[i] = (uint16_t)i;
		rc = snapshot_build(&input, NULL, &snapshot, err);
	}
	free(backends);
	free(services);
	if (rc == 0)
		publisher_publish(&replay->stage.publisher, snapshot);
	return rc;
}

static int load(struct replay *replay, const struct replay_options *options, struct error *err)
{
	int rc = options->daemon != NULL ? daemon_config_load(options->daemon, &replay->daemon, err)
					 : daemon_config_load_text("plain", plain_daemon,
						   sizeof(plain_daemon) - 1, &replay->daemon, err);

	return rc != 0 ? rc : config_load_file(options->config, &replay->config, NULL, NULL, err);
}

int replay_open(struct replay *replay, const struct replay_options *options, struct error *err)
{
	const struct daemon_config *daemon = &replay->daemon;
	struct worker_config worker = {0};
	uint32_t capacity;
	int rc = load(replay, options, err);

	if (rc != 0)
		return rc;
	worker.ports[0].vlan_kept = daemon->ports[0].vlan == DAEMON_VLAN_KEEP;
	if (daemon->ports[0].vlan == DAEMON_VLAN_SET)
		worker.ports[0].vlan_id = daemon->ports[0].vlan_id;
	if (options->daemon != NULL) {
		worker.punt_rate = daemon->punt_rate;
		worker.new_flow_rate = daemon->new_flow_rate;
	}
	capacity = RTE_MAX(replay->config->backend_count, replay->config->service_count) + 1;
	stage_open(&replay->stage, daemon->flows, capacity, &worker);
	rc = publish(replay, options, capacity, err);
	if (rc != 0)
		replay_close(replay);
	return rc;
}

void replay_close(struct replay *replay)
{
	stage_close(&replay->stage);
	config_free(replay->config);
}
