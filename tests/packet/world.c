// SPDX-License-Identifier: BSD-3-Clause
#include "world.h"

#include <errno.h>
#include <stdlib.h>

static const struct {
	const char *word;
	enum backend_status status;
	bool resolved;
	bool unasked;
} statuses[] = {
	{"up", BACKEND_UP, true, false},
	{"draining", BACKEND_DRAINING, true, false},
	{"down", BACKEND_DOWN, true, false},
	{"disabled", BACKEND_DISABLED, true, false},
	{"unresolved", BACKEND_UP, false, false},
	{"unasked", BACKEND_DRAINING, true, true},
};

// The place of a name, which it keeps.
static uint32_t index_of(char names[][2 * CONFIG_NAME_SIZE], const char *name)
{
	for (uint32_t i = 0; i < WORLD_NAMES_MAX; i++) {
		if (names[i][0] == '\0')
			snprintf(names[i], sizeof(names[i]), "%s", name);
		if (strcmp(names[i], name) == 0)
			return i;
	}
	fprintf(stderr, "more than %d names\n", WORLD_NAMES_MAX);
	abort();
}

static bool read_hop(
	const char *line, char name[2 * CONFIG_NAME_SIZE], struct snapshot_backend_input *out)
{
	char status[16], vlan[8], own_mac[MAC_TEXT_SIZE], hop_mac[MAC_TEXT_SIZE],
		own[ADDR_TEXT_SIZE];
	unsigned int port, mtu;
	size_t s = 0;

	if (sscanf(line, "%127s %15s %u %u %7s %17s %17s %45s", name, status, &port, &mtu, vlan,
		    own_mac, hop_mac, own) != 8)
		return false;
	while (s < RTE_DIM(statuses) && strcmp(statuses[s].word, status) != 0)
		s++;
	if (s == RTE_DIM(statuses) || mac_parse(own_mac, &out->source_mac) != 0 ||
		mac_parse(hop_mac, &out->next_hop_mac) != 0 ||
		addr_parse(own, &out->outer_source) != 0)
		return false;
	out->status = statuses[s].status;
	out->resolved = statuses[s].resolved;
	out->unasked = statuses[s].unasked;
	out->port = (uint8_t)port;
	out->mtu = (uint16_t)mtu;
	out->vlan_tci = strcmp(vlan, "-") == 0 ? ENCAP_VLAN_NONE : (uint16_t)atoi(vlan);
	return true;
}

// A backend that no line names stays without a next hop.
static int read_hops(const char *path, const struct config *config,
	struct snapshot_backend_input *out, struct world *world, struct error *err)
{
	char line[512], name[2 * CONFIG_NAME_SIZE], wanted[2 * CONFIG_NAME_SIZE];
	FILE *file = fopen(path, "r");
	int rc = 0;

	if (file == NULL)
		return error_set(err, ENOENT, "%s: cannot be opened", path);
	while (rc == 0 && fgets(line, sizeof(line), file) != NULL) {
		struct snapshot_backend_input hop = {0};

		if (!read_hop(line, name, &hop))
			rc = error_set(err, EINVAL, "%s: no hop: %s", path, line);
		for (uint32_t i = 0; i < config->backend_count; i++) {
			const struct config_backend *backend = &config->backends[i];

			snprintf(wanted, sizeof(wanted), "%s/%s", backend->pool, backend->name);
			hop.reference = index_of(world->backends, wanted);
			if (strcmp(wanted, name) == 0)
				out[i] = hop;
		}
	}
	fclose(file);
	return rc;
}

// What the kernel would say is the balancer's own: frames.py's OWN, OWN6, a broadcast address, and
// VRRP's MACs of group 51 on the first port.
static const struct snapshot_own_input own = {
	.addresses =
		(const struct addr[]){
			{.bytes = {10, 0, 0, 2}, .family = ADDR_IPV4},
			{.bytes = {10, 0, 0, 255}, .family = ADDR_IPV4},
			{.bytes = {0xfd, [15] = 2}, .family = ADDR_IPV6},
		},
	.address_count = 3,
	.macs =
		(const struct snapshot_mac[]){
			{0, {{0, 0, 0x5e, 0, 1, 0x33}}},
			{0, {{0, 0, 0x5e, 0, 2, 0x33}}},
		},
	.mac_count = 2,
};

static int build(struct world *world, const struct config *config, const char *hops_path,
	struct snapshot **out, struct error *err)
{
	struct snapshot_backend_input *backends =
		calloc(config->backend_count + 1, sizeof(*backends));
	uint16_t *services = calloc(config->service_count + 1, sizeof(*services));
	struct snapshot_input input = {
		.config = config,
		.backends = backends,
		.services = services,
		.own = &own,
		.backend_capacity = WORLD_NAMES_MAX,
		.service_capacity = WORLD_NAMES_MAX,
		.version = ++world->version,
	};
	int rc = -ENOMEM;

	if (backends != NULL && services != NULL)
		rc = read_hops(hops_path, config, backends, world, err);
	for (uint32_t i = 0; rc == 0 && i < config->service_count; i++)
		services[i] = (uint16_t)index_of(world->services, config->services[i].name);
	if (rc == 0)
		rc = snapshot_build(&input, world->current, out, err);
	free(backends);
	free(services);
	return rc;
}

int world_publish(
	struct world *world, const char *pool_path, const char *hops_path, struct error *err)
{
	struct snapshot *snapshot = NULL;
	struct config *config = NULL;
	int rc = config_load_file(pool_path, &config, NULL, NULL, err);

	if (rc != 0)
		return rc;
	rc = build(world, config, hops_path, &snapshot, err);
	config_free(config);
	if (rc != 0)
		return rc;
	publisher_publish(world->publisher, snapshot);
	world->current = snapshot;
	return 0;
}
