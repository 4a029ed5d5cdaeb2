// SPDX-License-Identifier: BSD-3-Clause
#include "publish.h"
#include "replay.h"

static const char plain_daemon[] =
	"control_core: 0\nworkers: {cores: [1]}\nports: [{name: wire, device: net_ring0, mtu: 1500}]\n";

static const struct mac own_mac = {{2, 0, 0, 0, 0, 1}};

static int publish(struct replay *replay, const struct replay_options *options, uint32_t capacity,
	struct error *err)
{
	const struct daemon_port *port = &replay->daemon.ports[0];
	const struct snapshot_backend_input hop = {
		.mtu = port->mtu,
		.vlan_tci = port->vlan == DAEMON_VLAN_SET ? port->vlan_id : ENCAP_VLAN_NONE,
		.source_mac = own_mac,
		.next_hop_mac = options->next_hop,
	};

	return publish_config(
		&replay->stage.publisher, replay->config, &hop, options->sources, capacity, err);
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
