// SPDX-License-Identifier: BSD-3-Clause
#include <config/endpoint.h>
#include <control/handover.h>
#include <judge/explain.h>

#include <string.h>

static struct addr client_of(const struct flow_kept *kept)
{
	uint32_t ipv4_be = (uint32_t)(kept->client.half[1] >> 32);
	struct flow_client mapped = flow_client_from_ipv4_be(ipv4_be);
	uint8_t bytes[sizeof(kept->client)];

	memcpy(bytes, &kept->client, sizeof(bytes));
	return memcmp(&kept->client, &mapped, sizeof(mapped)) == 0 ? addr_from_ipv4_be(ipv4_be)
								   : addr_from_ipv6(bytes);
}

bool handover_hash(const struct handover *handover, const struct flow_kept *kept,
	struct packet *packet, struct hash128 *hash)
{
	const struct configuration *configuration = handover->configuration;
	const struct config_service *service =
		&configuration->config->services[configuration->service_places[kept->service]];
	const struct addr client = client_of(kept);

	if (!config_has_single_port(service) || client.family != service->vip.family)
		return false;
	explain_make_packet(kept->state == FLOW_UDP ? IP_UDP : IP_TCP, &client,
		be16(kept->client_port), &service->vip, service->ports[0][0], 0, packet);
	hash_packets(&handover->snapshot->key, packet, 1, hash);
	return true;
}
