// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/siphash.h>
#include <config/endpoint.h>
#include <handover/handover_private.h>
#include <handover/past.h>
#include <judge/explain.h>
#include <running/build.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// What rows mean: to whoever reads a file later, and to the workers.

static const uint8_t handover_no_key[16];

static uint64_t handover_hash_text(const char *text)
{
	return siphash(handover_no_key, text, strlen(text));
}

// Some drivers draw the key of their RSS at every start.
static uint64_t handover_hash_rss(const struct rss_indirection *indirection)
{
	return siphash(handover_no_key, indirection, offsetof(struct rss_indirection, size));
}

// A worker's rows are good for the same worker of the next daemon if packets are spread over as
// many, by the same ports.
static uint64_t handover_rss_mark(const struct handover *handover)
{
	uint64_t mark = handover->worker_count;
	char text[256];

	for (uint32_t p = 0; p < handover->port_count; p++) {
		const struct running_port *port = &handover->ports[p];

		snprintf(text, sizeof(text), "%016lx %016lx %s %u %s", mark,
			handover_hash_rss(&port->rss_indirection), port->device, port->queues,
			port->rss);
		mark = handover_hash_text(text);
	}
	return mark;
}

void handover_mark(const struct handover *handover, struct flows_mark *out)
{
	static const char text[] = "flows";
	const struct config *config = handover->running->now->config;
	struct clock_stamp now;

	clock_stamp(&now);
	*out = (struct flows_mark){
		.saved_s = now.wall_s,
		.boot = now.boot,
		.boot_s = now.boot_s,
		.key = siphash(config->hash_key, text, sizeof(text)),
		.spread = handover_rss_mark(handover),
		.workers = handover->worker_count,
		.buckets = flow_table_buckets(handover->flows[0]),
		.services = config->service_count,
		.backends = config->backend_count,
	};
}

void handover_write_names(const struct handover *handover, struct flows_writer *writer)
{
	const struct config *config = handover->running->now->config;
	char name[REGISTRY_NAME_SIZE];

	for (uint32_t i = 0; i < config->service_count; i++) {
		configuration_service_name(config, i, name);
		flows_writer_add_name(writer, FLOWS_ITEM_SERVICE, name);
	}
	for (uint32_t i = 0; i < config->backend_count; i++) {
		configuration_backend_name(config, i, name);
		flows_writer_add_name(writer, FLOWS_ITEM_BACKEND, name);
	}
}

bool handover_number(const struct handover *handover, struct flow_saved *saved)
{
	const struct configuration *configuration = handover->running->now;
	uint32_t service = configuration_find_service(configuration, saved->service);
	uint32_t backend = configuration_find_backend(configuration, saved->backend);

	if (service == CONFIGURATION_NONE || backend == CONFIGURATION_NONE)
		return false;
	saved->service = (uint16_t)service;
	saved->backend = backend;
	return true;
}

static struct addr handover_client(const struct flow_saved *saved)
{
	uint32_t ipv4_be = (uint32_t)(saved->client.half[1] >> 32);
	struct flow_client mapped = flow_client_from_ipv4_be(ipv4_be);
	uint8_t bytes[sizeof(saved->client)];

	memcpy(bytes, &saved->client, sizeof(bytes));
	return memcmp(&saved->client, &mapped, sizeof(mapped)) == 0 ? addr_from_ipv4_be(ipv4_be)
								    : addr_from_ipv6(bytes);
}

bool handover_hash(const struct handover *handover, const struct snapshot *snapshot,
	const struct flow_saved *saved, struct packet *packet, struct hash128 *hash)
{
	const struct configuration *configuration = handover->running->now;
	const struct config_service *service =
		&configuration->config->services[configuration->service_places[saved->service]];
	const struct addr client = handover_client(saved);

	if (!config_has_single_port(service) || client.family != service->vip.family)
		return false;
	explain_make_packet(saved->state == FLOW_UDP ? IP_UDP : IP_TCP, &client,
		be16(saved->client_port), &service->vip, service->ports[0][0], 0, packet);
	hash_packets(&snapshot->key, packet, 1, hash);
	return true;
}

struct config *handover_copy_removed(const struct handover *handover)
{
	const struct config *config = handover->running->now->config;
	uint32_t count = 0;

	for (uint32_t i = 0; i < config->backend_count; i++)
		count += config->backends[i].state == CONFIG_STATE_LEAVING;
	return count > 0 ? config_clone(config) : NULL;
}

uint64_t handover_write_past(const struct handover *handover, const struct snapshot *snapshot,
	struct flows_writer *writer)
{
	uint64_t *begun = build_count_flows(
		handover->running->now, handover->metrics, handover->worker_count);
	uint64_t mark = past_write(handover->running->now, snapshot, begun, writer);

	free(begun);
	return mark;
}
