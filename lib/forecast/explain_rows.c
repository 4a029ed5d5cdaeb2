// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <forecast/explain_rows.h>
#include <judge/explain.h>

#include <errno.h>
#include <string.h>

int explain_rows_check(const struct message_explain *request, struct error *err)
{
	if ((request->source.family != ADDR_IPV4 && request->source.family != ADDR_IPV6) ||
		request->source.family != request->destination.family)
		return error_set(err, EINVAL, "both addresses must be of one family");
	if (request->protocol != CONFIG_TCP && request->protocol != CONFIG_UDP)
		return error_set(err, EINVAL, "the protocol must be tcp or udp");
	return 0;
}

static void explain_name_backend(
	const struct explain_rows_source *source, uint32_t reference, char name[CONFIG_NAME_SIZE])
{
	uint32_t at = configuration_find_backend(source->configuration, reference);

	if (at != CONFIGURATION_NONE)
		memcpy(name, source->configuration->config->backends[at].name, CONFIG_NAME_SIZE);
}

static void explain_name_service(
	const struct explain_rows_source *source, uint16_t index, struct message_row_explain *out)
{
	uint32_t at = configuration_find_service(source->configuration, index);
	const struct config_service *service;

	if (at == CONFIGURATION_NONE)
		return;
	service = &source->configuration->config->services[at];
	memcpy(out->service, service->name, sizeof(out->service));
	memcpy(out->pool, service->pool, sizeof(out->pool));
}

// Why the table has whom it has: the zones that serve, where the service prefers some, or that all
// are down.
static void explain_tell_zones(
	const struct snapshot *snapshot, uint16_t service, char *out, size_t size)
{
	const struct snapshot_account *account = snapshot_service_account(snapshot, service);
	bool is_spread = snapshot->views[snapshot->services[service].view].is_spread;
	bool prefers = account->zone_count > 0 && account->zones[0].rank != 0;
	size_t used = (size_t)snprintf(out, size, "%s%s",
		is_spread ? "nobody is usable: spread over all" : "",
		is_spread && prefers ? "; " : "");

	if (prefers)
		used += (size_t)snprintf(out + used, size - used, "prefers zones:");
	for (uint32_t i = 0; prefers && i < account->zone_count && used + 1 < size; i++) {
		const struct snapshot_zone *zone = &account->zones[i];

		if (zone->rank == 0 && zone->share_ppm == 0)
			continue;
		used += (size_t)snprintf(out + used, size - used, "%s %s %.1f%%", i > 0 ? "," : "",
			zone->rank != 0 ? zone->name : "another", zone->share_ppm / 1e4);
	}
}

static void explain_fill_packet(const struct explain_rows_source *source,
	const struct explanation *explanation, struct message_row_explain *out)
{
	out->to_kernel = !explanation->is_vip;
	if (out->to_kernel)
		return;
	if (explanation->ends_traceroute) {
		out->answer = explanation->packet.kind == PACKET_UDP
				      ? MESSAGE_ANSWER_PORT_UNREACHABLE
				      : MESSAGE_ANSWER_RESET;
		return;
	}
	if (explanation->reason != DROP_REASON_COUNT) {
		snprintf(out->drop, sizeof(out->drop), "%s", drop_label(explanation->reason));
		return;
	}
	explain_name_service(source, explanation->service, out);
	explain_tell_zones(
		explanation->snapshot, explanation->service, out->zones, sizeof(out->zones));
	out->slot = explanation->slot;
	out->slots = explanation->slots;
	if (explanation->has_current)
		explain_name_backend(source, explanation->current, out->current);
	if (explanation->has_previous)
		explain_name_backend(source, explanation->previous, out->previous);
}

// The backend that it goes to, and the way there, as they stand in the snapshot.
static void explain_fill_way(const struct explain_rows_source *source,
	const struct snapshot *snapshot, uint32_t reference, struct message_row_explain_flow *out)
{
	const struct snapshot_backend *backend = snapshot_find_backend(snapshot, reference);
	uint32_t at = configuration_find_backend(source->configuration, reference);
	struct mac mac;

	if (backend == NULL || at == CONFIGURATION_NONE)
		return;
	explain_name_backend(source, reference, out->backend);
	out->address = source->configuration->config->backends[at].address;
	memcpy(out->zone, source->configuration->config->backends[at].zone, sizeof(out->zone));
	out->state = source->configuration->config->backends[at].state;
	source->tell_backend(source->context, at, out);
	if (backend->port == BACKEND_PORT_NONE)
		return;
	out->path_mtu = backend->mtu;
	memcpy(out->port, source->ports[backend->port].name, sizeof(out->port));
	memcpy(mac.bytes, encap_headers(&backend->encap), sizeof(mac.bytes));
	mac_format(&mac, out->next_hop_mac, sizeof(out->next_hop_mac));
	memcpy(mac.bytes, encap_headers(&backend->encap) + sizeof(mac.bytes), sizeof(mac.bytes));
	mac_format(&mac, out->source_mac, sizeof(out->source_mac));
}

// Whose the packet is, by whatever port it comes.
static uint32_t explain_find_worker(
	const struct explain_rows_source *source, const struct packet *packet)
{
	uint32_t found = rss_worker(&source->ports[0].rss_indirection, packet);

	for (uint32_t p = 1; p < source->port_count; p++)
		if (rss_worker(&source->ports[p].rss_indirection, packet) != found)
			return RSS_WORKER_UNKNOWN;
	return found;
}

static enum message_by_rss explain_by_rss(uint32_t found, uint32_t worker)
{
	if (found == RSS_WORKER_UNKNOWN)
		return MESSAGE_BY_RSS_UNKNOWN;
	return found == worker ? MESSAGE_BY_RSS_YES : MESSAGE_BY_RSS_NO;
}

static void explain_fill_flow(const struct explain_rows_source *source,
	const struct explanation *explanation, uint32_t worker,
	struct message_row_explain_flow *out)
{
	uint32_t now_s = (uint32_t)(clock_monotonic_ns() / CLOCK_NS_PER_S);
	struct explained_flow flow;

	explain_flow(explanation, source->tables[worker], now_s, &flow);
	out->worker = worker;
	out->by_rss =
		(uint8_t)explain_by_rss(explain_find_worker(source, &explanation->packet), worker);
	out->is_known = flow.is_known;
	if (flow.is_known) {
		explain_name_backend(source, flow.row.backend, out->flow_backend);
		out->flow_state = (uint8_t)flow.row.state;
		out->age_s = flow.row.age_s;
		out->idle_s = flow.row.idle_s;
	}
	out->hit = flow.result.hit;
	out->by_previous = flow.result.by_previous;
	out->resets = flow.result.verdict == SELECT_RESET;
	out->rejects = flow.result.verdict == SELECT_REJECT;
	out->room = (uint16_t)flow.room;
	if (flow.reason != DROP_REASON_COUNT)
		snprintf(out->drop, sizeof(out->drop), "%s", drop_label(flow.reason));
	if (flow.result.verdict == SELECT_FORWARD)
		explain_fill_way(source, explanation->snapshot, flow.result.backend, out);
}

bool explain_rows_fill(const struct explain_rows_source *source,
	const struct message_explain *request, uint32_t row, struct channel_message *out)
{
	struct explanation explanation;
	struct packet packet;

	explain_make_packet(request->protocol == CONFIG_TCP ? IP_TCP : IP_UDP, &request->source,
		request->source_port, &request->destination, request->destination_port,
		request->tcp_flags, &packet);
	explain_packet(source->snapshot, &packet, request->ttl, &explanation);
	memset(out, 0, sizeof(*out));
	if (row == 0) {
		out->type = MESSAGE_ROW_EXPLAIN;
		out->size = sizeof(struct message_row_explain);
		explain_fill_packet(source, &explanation, (void *)out->body);
		return true;
	}
	if (!explanation.is_vip || explanation.reason != DROP_REASON_COUNT ||
		row > source->worker_count)
		return false;
	out->type = MESSAGE_ROW_EXPLAIN_FLOW;
	out->size = sizeof(struct message_row_explain_flow);
	explain_fill_flow(source, &explanation, row - 1, (void *)out->body);
	return true;
}
