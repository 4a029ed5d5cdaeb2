// SPDX-License-Identifier: BSD-3-Clause
#include <config/endpoint.h>
#include <snapshot/snapshot_private.h>

#include <errno.h>
#include <stdlib.h>

// Four places a service: a search ends at the first one, mostly.
static int allocate(uint32_t services, struct snapshot_exact *exact)
{
	uint32_t bits = 4;

	while ((1u << bits) < 4 * services)
		bits++;
	exact->shift = 64 - bits;
	exact->mask = (1u << bits) - 1;
	exact->table = malloc(sizeof(*exact->table) << bits);
	if (exact->table == NULL)
		return -ENOMEM;
	memset(exact->table, 0xff, sizeof(*exact->table) << bits); // SERVICE_NONE
	return 0;
}

static struct snapshot_endpoint endpoint_of(const struct config_service *service)
{
	uint8_t protocol = service->protocols[0] == CONFIG_TCP ? IP_TCP : IP_UDP;
	struct snapshot_endpoint endpoint;

	memcpy(endpoint.address, service->vip.bytes, sizeof(endpoint.address));
	endpoint.rest =
		snapshot_endpoint_rest(service->vip.family, protocol, be16(service->ports[0][0]));
	return endpoint;
}

int exact_build(const struct snapshot_input *input, struct snapshot *snapshot)
{
	const struct config *config = input->config;
	struct snapshot_exact *exact = &snapshot->exact;
	int rc = allocate(config->service_count, exact);

	for (uint32_t i = 0; rc == 0 && i < config->service_count; i++) {
		struct snapshot_service *service = &snapshot->services[input->services[i]];
		uint32_t at;

		if (!config_has_single_port(&config->services[i]) ||
			config->services[i].protocol_count != 1)
			continue;
		service->endpoint = endpoint_of(&config->services[i]);
		at = snapshot_exact_place(exact, &service->endpoint);
		while (exact->table[at & exact->mask] != SERVICE_NONE)
			at++;
		exact->table[at & exact->mask] = input->services[i];
	}
	return rc;
}

void exact_free(struct snapshot_exact *exact)
{
	free(exact->table);
}
