// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <control/control_private.h>
#include <control/reply_private.h>
#include <judge/explain.h>

#include <errno.h>
#include <string.h>

// fulcrumctl explain: every row is worked out anew on the snapshot of its moment.

int control_explain_check(const struct message_explain *request, struct error *err)
{
	if ((request->source.family != ADDR_IPV4 && request->source.family != ADDR_IPV6) ||
		request->source.family != request->destination.family)
		return error_set(err, EINVAL, "both addresses must be of one family");
	if (request->protocol != CONFIG_TCP && request->protocol != CONFIG_UDP)
		return error_set(err, EINVAL, "the protocol must be tcp or udp");
	return 0;
}

// Where the backend of a reference stands in the running configuration, or CONFIGURATION_NONE.
static uint32_t place_of(const struct control *control, uint32_t reference)
{
	const struct configuration *running = control->running.now;
	uint32_t index = reference & BACKEND_INDEX_MASK;
	uint32_t at = index < running->capacity ? running->places[index] : CONFIGURATION_NONE;

	return at != CONFIGURATION_NONE && running->backends[at] == reference ? at
									      : CONFIGURATION_NONE;
}

static void name_backend(
	const struct control *control, uint32_t reference, char name[CONFIG_NAME_SIZE])
{
	uint32_t at = place_of(control, reference);

	if (at != CONFIGURATION_NONE)
		memcpy(name, control->running.now->config->backends[at].name, CONFIG_NAME_SIZE);
}

static void name_service(
	const struct control *control, uint16_t index, struct message_row_explain *out)
{
	const struct configuration *running = control->running.now;

	for (uint32_t i = 0; i < running->config->service_count; i++) {
		if (running->services[i] != index)
			continue;
		memcpy(out->service, running->config->services[i].name, sizeof(out->service));
		memcpy(out->pool, running->config->services[i].pool, sizeof(out->pool));
	}
}

// Why the table has whom it has: the zones that serve, where the service prefers some, or that all are down.
static void tell_zones(const struct snapshot *snapshot, uint16_t service, char *out, size_t size)
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

static void fill_packet(const struct control *control, const struct explanation *explanation,
	struct message_row_explain *out)
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
	name_service(control, explanation->service, out);
	tell_zones(explanation->snapshot, explanation->service, out->zones, sizeof(out->zones));
	out->slot = explanation->slot;
	out->slots = explanation->slots;
	if (explanation->has_current)
		name_backend(control, explanation->current, out->current);
	if (explanation->has_previous)
		name_backend(control, explanation->previous, out->previous);
}

// The backend that it goes to, and the way there, as they stand in the snapshot.
static void fill_way(const struct control *control, const struct snapshot *snapshot,
	uint32_t reference, struct message_row_explain_flow *out)
{
	const struct snapshot_backend *backend = snapshot_find_backend(snapshot, reference);
	uint32_t at = place_of(control, reference);
	struct mac mac;

	if (backend == NULL || at == CONFIGURATION_NONE)
		return;
	name_backend(control, reference, out->backend);
	out->address = control->running.now->config->backends[at].address;
	memcpy(out->zone, control->running.now->config->backends[at].zone, sizeof(out->zone));
	out->state = control->running.now->config->backends[at].state;
	out->health = control_backend_health(control, at);
	control_backend_reason(control, at, out->reason, sizeof(out->reason));
	if (backend->port == BACKEND_PORT_NONE)
		return;
	out->path_mtu = backend->mtu;
	memcpy(out->port, control->config.ports[backend->port].name, sizeof(out->port));
	memcpy(mac.bytes, encap_headers(&backend->encap), sizeof(mac.bytes));
	mac_format(&mac, out->next_hop_mac, sizeof(out->next_hop_mac));
	memcpy(mac.bytes, encap_headers(&backend->encap) + sizeof(mac.bytes), sizeof(mac.bytes));
	mac_format(&mac, out->source_mac, sizeof(out->source_mac));
}

// Whose the packet is, by whatever port it comes.
static uint32_t find_worker(const struct control *control, const struct packet *packet)
{
	uint32_t found = rss_worker(&control->config.ports[0].rss_indirection, packet);

	for (uint32_t p = 1; p < control->config.port_count; p++)
		if (rss_worker(&control->config.ports[p].rss_indirection, packet) != found)
			return RSS_WORKER_UNKNOWN;
	return found;
}

static enum message_by_rss by_rss(uint32_t found, uint32_t worker)
{
	if (found == RSS_WORKER_UNKNOWN)
		return MESSAGE_BY_RSS_UNKNOWN;
	return found == worker ? MESSAGE_BY_RSS_YES : MESSAGE_BY_RSS_NO;
}

static void fill_flow(const struct control *control, const struct explanation *explanation,
	uint32_t worker, struct message_row_explain_flow *out)
{
	uint32_t now_s = (uint32_t)(clock_monotonic_ns() / CLOCK_NS_PER_S);
	struct explained_flow flow;

	explain_flow(explanation, control->config.flows[worker], now_s, &flow);
	out->worker = worker;
	out->by_rss = (uint8_t)by_rss(find_worker(control, &explanation->packet), worker);
	out->is_known = flow.is_known;
	if (flow.is_known) {
		name_backend(control, flow.row.backend, out->flow_backend);
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
		fill_way(control, explanation->snapshot, flow.result.backend, out);
}

bool control_explain_row(struct control *control, uint32_t row)
{
	const struct message_explain *request = &control->reply.packet;
	struct channel_message *message = &control->message;
	struct explanation explanation;
	struct packet packet;

	explain_make_packet(request->protocol == CONFIG_TCP ? IP_TCP : IP_UDP, &request->source,
		request->source_port, &request->destination, request->destination_port,
		request->tcp_flags, &packet);
	explain_packet(control->config.publisher->current, &packet, request->ttl, &explanation);
	memset(message, 0, sizeof(*message));
	if (row == 0) {
		message->type = MESSAGE_ROW_EXPLAIN;
		message->size = sizeof(struct message_row_explain);
		fill_packet(control, &explanation, (void *)message->body);
		return true;
	}
	if (!explanation.is_vip || explanation.reason != DROP_REASON_COUNT ||
		row > control->config.worker_count)
		return false;
	message->type = MESSAGE_ROW_EXPLAIN_FLOW;
	message->size = sizeof(struct message_row_explain_flow);
	fill_flow(control, &explanation, row - 1, (void *)message->body);
	return true;
}
