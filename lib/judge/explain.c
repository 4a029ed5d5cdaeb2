// SPDX-License-Identifier: BSD-3-Clause
#include <judge/classify.h>
#include <judge/explain.h>

void explain_make_packet(uint8_t protocol, const struct addr *source, uint16_t source_port,
	const struct addr *destination, uint16_t destination_port, uint8_t tcp_flags,
	struct packet *out)
{
	*out = (struct packet){
		.family = source->family,
		.kind = protocol == IP_TCP ? PACKET_TCP : PACKET_UDP,
		.tcp_flags = protocol == IP_TCP ? tcp_flags : 0,
		.payload_protocol = protocol,
	};
	if (source->family == ADDR_IPV4) {
		out->ipv4 = (struct tuple_ipv4){
			.source_be = addr_ipv4_be(source),
			.destination_be = addr_ipv4_be(destination),
			.source_port_be = be16(source_port),
			.destination_port_be = be16(destination_port),
			.protocol = protocol,
		};
		return;
	}
	memcpy(out->ipv6.source, source->bytes, sizeof(out->ipv6.source));
	memcpy(out->ipv6.destination, destination->bytes, sizeof(out->ipv6.destination));
	out->ipv6.source_port_be = be16(source_port);
	out->ipv6.destination_port_be = be16(destination_port);
	out->ipv6.protocol = protocol;
}

static void look_up_tables(struct explanation *out)
{
	const struct snapshot_view *view = out->view;

	out->has_current = view->current != NULL;
	out->has_previous = view->remembered != NULL;
	if (out->has_current) {
		out->current = generation_backend(view->current, out->slot_hash);
		out->slots = view->current->table->size;
		out->slot = maglev_slot(view->current->table, out->slot_hash);
	}
	if (out->has_previous)
		out->previous = generation_backend(view->remembered, out->slot_hash);
}

void explain_packet(const struct snapshot *snapshot, const struct packet *packet, uint8_t ttl,
	struct explanation *out)
{
	struct addr destination = packet_destination(packet);
	const struct snapshot_vip *vip = snapshot_find_vip(&snapshot->vips, &destination);
	const struct snapshot_service *service;

	*out = (struct explanation){
		.snapshot = snapshot, .packet = *packet, .reason = DROP_REASON_COUNT};
	hash_packets(&snapshot->key, packet, 1, &out->hash);
	out->is_vip = vip != NULL;
	if (!out->is_vip)
		return;
	out->reason = classify_service(snapshot, vip, packet, &out->service);
	out->ends_traceroute =
		out->reason == DROP_NO_SERVICE && classify_ends_traceroute(snapshot, packet, ttl);
	if (out->reason != CLASSIFY_KEEP)
		return;
	service = &snapshot->services[out->service];
	out->view = &snapshot->views[service->view];
	out->slot_hash = select_slot_hash(snapshot, service, packet, &out->hash);
	look_up_tables(out);
}

// After the choice: what the next hop asks for.
static void explain_way(const struct explanation *explanation, struct explained_flow *out)
{
	const struct snapshot *snapshot = explanation->snapshot;
	const struct snapshot_backend *backend =
		&snapshot->backends[out->result.backend & BACKEND_INDEX_MASK];
	bool tunnels = snapshot->services[explanation->service].forwarding == CONFIG_IPIP;

	if (backend->port == BACKEND_PORT_NONE)
		out->reason = DROP_NO_NEXT_HOP;
	else
		out->room = tunnels ? encap_inner_mtu(&backend->encap, explanation->packet.family,
					      backend->mtu)
				    : backend->mtu;
}

void explain_flow(const struct explanation *explanation, const struct flow_table *flows,
	uint32_t now_s, struct explained_flow *out)
{
	const struct snapshot *snapshot = explanation->snapshot;
	struct flow_copy copy;
	struct flow_ref ref;
	struct select_input in = {
		.snapshot = snapshot,
		.view = explanation->view,
		.ttl = &snapshot->ttls[explanation->service],
		.flows = &copy.table,
		.slot_hash = explanation->slot_hash,
		.flow_hash = explanation->hash.flow,
		.client_port_be = packet_source_port_be(&explanation->packet),
		.event = select_event_of(&explanation->packet),
		.now_s = now_s,
	};

	*out = (struct explained_flow){.reason = DROP_REASON_COUNT};
	flow_copy(flows, in.flow_hash, now_s, &copy);
	out->is_known =
		flow_find(&copy.table, in.flow_hash, in.client_port_be, in.ttl, now_s, &ref);
	if (out->is_known)
		flow_ref_read(&ref, now_s, &out->row);
	select_backend(&in, &out->result);
	if (!out->result.hit)
		out->reason = classify_source(snapshot, &explanation->packet);
	if (out->reason != CLASSIFY_KEEP)
		out->result = (struct select_result){.verdict = SELECT_NO_BACKEND};
	else if (out->result.verdict == SELECT_NO_BACKEND)
		out->reason = DROP_NO_BACKEND;
	else if (out->result.verdict == SELECT_FORWARD)
		explain_way(explanation, out);
}
