// SPDX-License-Identifier: BSD-3-Clause
#ifndef JUDGE_SELECT_H
#define JUDGE_SELECT_H

#include <flow/flow_inline.h>
#include <packet/headers.h>
#include <rte_branch_prediction.h>
#include <rte_prefetch.h>
#include <snapshot/snapshot.h>

// Which backend a packet goes to: the flow table first, Maglev second. The rules of the design's
// "How a packet is judged", for one packet at a time and without a NIC, so that the worker, the
// simulator and 'explain' judge alike. The caller counts what the result says.

enum select_verdict {
	SELECT_FORWARD,
	SELECT_NO_BACKEND,
	SELECT_RESET, // on_down: reset
	SELECT_REJECT, // on_all_down: reject
	SELECT_VERDICTS
};

struct select_result {
	enum select_verdict verdict;
	uint32_t backend; // reference
	bool hit; // the flow table had it
	bool begins; // it begins a flow, as far as anybody here can tell
	bool repeats; // a SYN that came again, to the same backend
	bool aborts; // the client's RST, when nothing but its SYN was seen
	bool by_previous; // by a table that is remembered: the one in force has another
	bool has_row; // what was found of the flow, alive or not: a new entry takes that place
	struct flow_ref row;
};

// What a packet is to the rules.
enum select_event {
	SELECT_SYN,
	SELECT_DATA, // TCP, none of the others
	SELECT_FIN,
	SELECT_RST,
	SELECT_UDP,
	SELECT_ERROR, // ICMP about the flow: looks, and changes nothing
};

static inline enum select_event select_event_of(const struct packet *packet)
{
	if (packet->kind == PACKET_UDP)
		return SELECT_UDP;
	if (packet->kind == PACKET_ICMP_ERROR)
		return SELECT_ERROR;
	if (likely((packet->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST)) == 0))
		return SELECT_DATA;
	if ((packet->tcp_flags & TCP_RST) != 0)
		return SELECT_RST;
	if ((packet->tcp_flags & TCP_FIN) != 0)
		return SELECT_FIN;
	return (packet->tcp_flags & TCP_ACK) == 0 ? SELECT_SYN : SELECT_DATA;
}

struct select_input {
	const struct snapshot *snapshot;
	const struct snapshot_view *view; // the service's
	const struct flow_ttl *ttl; // the service's
	const struct flow_table *flows;
	uint64_t slot_hash;
	uint64_t flow_hash;
	uint16_t client_port_be;
	enum select_event event;
	const struct tcp_header
		*tcp; // its header and so many bytes, with its payload; NULL: nobody asks for them
	uint32_t tcp_size;
	uint32_t now_s;
};

static inline uint64_t select_slot_hash(const struct snapshot *snapshot,
	const struct snapshot_service *service, const struct packet *packet,
	const struct hash128 *hash)
{
	if (likely(service->affinity == CONFIG_FIVE_TUPLE))
		return hash->slot;
	return hash_source(&snapshot->key, packet, service->salt);
}

// The current table's answer, and false where it has none.
static inline bool select_current(const struct select_input *in, uint32_t *backend)
{
	if (in->view->current == NULL)
		return false;
	*backend = generation_backend(in->view->current, in->slot_hash);
	return true;
}

// Ahead of select_backend(), for a packet that it will choose anew for.
static inline void select_prefetch(const struct snapshot_view *view, uint64_t slot_hash)
{
	if (likely(view->current != NULL)) {
		const struct maglev *table = view->current->table;

		rte_prefetch0(&table->slots[maglev_slot(table, slot_hash)]);
	}
}

enum select_hit { SELECT_HIT_KEEP, SELECT_HIT_REHASH, SELECT_HIT_RESET, SELECT_HIT_MISS };

// What becomes of a flow whose entry says 'backend'.
static inline enum select_hit select_hit(const struct select_input *in, uint32_t backend)
{
	static const uint8_t by_policy[] = {
		[CONFIG_ON_DOWN_KEEP] = SELECT_HIT_KEEP,
		[CONFIG_ON_DOWN_REHASH] = SELECT_HIT_REHASH,
		[CONFIG_ON_DOWN_RESET] = SELECT_HIT_RESET,
	};
	const struct snapshot_backend *found = snapshot_find_backend(in->snapshot, backend);
	enum backend_status status;

	if (unlikely(found == NULL))
		return SELECT_HIT_MISS;
	status = snapshot_status(in->snapshot, in->view, backend, found);
	if (likely(status <= BACKEND_DRAINING))
		return SELECT_HIT_KEEP;
	if (status == BACKEND_DISABLED)
		return SELECT_HIT_REHASH;
	if (status == BACKEND_RESET)
		return SELECT_HIT_RESET;
	if (in->view->on_down == CONFIG_ON_DOWN_AUTO)
		return in->event == SELECT_UDP ? SELECT_HIT_REHASH : SELECT_HIT_KEEP;
	return (enum select_hit)by_policy[in->view->on_down];
}

// For a packet in the middle of a flow that the table does not know. It belongs where most of the
// living flows of its slot do, by all tables that they began under (snapshot_past); and a backend
// that is down is to it what it is to a flow with an entry.
static inline bool select_miss(const struct select_input *in, struct select_result *out)
{
	bool found = select_current(in, &out->backend);
	enum select_hit hit;
	uint32_t remembered;

	if (likely(in->view->remembered == NULL))
		return found;
	remembered = generation_backend(in->view->remembered, in->slot_hash);
	if (found && remembered == out->backend)
		return true;
	hit = select_hit(in, remembered);
	if (hit == SELECT_HIT_MISS || hit == SELECT_HIT_REHASH ||
		(hit == SELECT_HIT_RESET && in->event == SELECT_ERROR))
		return found;
	out->backend = remembered;
	out->by_previous = true;
	// As in select_by_flow(): a RST is not answered by a RST.
	if (hit == SELECT_HIT_RESET && in->event != SELECT_RST)
		out->verdict = SELECT_RESET;
	return true;
}

// A host sends nothing new after its FIN, but may send again what was lost before. Bytes that come
// this long after its last packet are no such repeat: the FIN was somebody else's.
#define SELECT_RESEND_S 3u

// What a packet that goes to a flow's backend makes of its row. FIN and RST may be forged, and a
// backend tells them by their sequence numbers: so they end nothing here, and what comes after them
// counts. SYNs: select_syn().
static inline enum flow_state select_next_state(
	enum select_event event, enum flow_state state, bool sends_on)
{
	static const uint8_t next[SELECT_RST + 1][FLOW_STATES] = {
		[SELECT_DATA] = {[FLOW_NEW] = FLOW_ESTABLISHED,
			[FLOW_ESTABLISHED] = FLOW_ESTABLISHED,
			[FLOW_CLOSING] = FLOW_ESTABLISHED,
			[FLOW_FINISHED] = FLOW_HALF_CLOSED,
			[FLOW_HALF_CLOSED] = FLOW_HALF_CLOSED},
		[SELECT_FIN] = {[FLOW_NEW] = FLOW_FINISHED,
			[FLOW_ESTABLISHED] = FLOW_FINISHED,
			[FLOW_CLOSING] = FLOW_FINISHED,
			[FLOW_FINISHED] = FLOW_FINISHED,
			[FLOW_HALF_CLOSED] = FLOW_HALF_CLOSED},
		[SELECT_RST] = {[FLOW_NEW] = FLOW_CLOSING,
			[FLOW_ESTABLISHED] = FLOW_CLOSING,
			[FLOW_CLOSING] = FLOW_CLOSING,
			[FLOW_FINISHED] = FLOW_CLOSING,
			[FLOW_HALF_CLOSED] = FLOW_CLOSING},
	};

	if (event == SELECT_UDP)
		return FLOW_UDP;
	if (event == SELECT_DATA && sends_on)
		return FLOW_ESTABLISHED;
	return (enum flow_state)next[event][state];
}

static inline bool select_sends_on(const struct select_input *in, const struct flow_ref *ref)
{
	uint16_t idle_s = (uint16_t)(in->now_s - ref->bucket->seen[ref->way]);

	return idle_s >= SELECT_RESEND_S && in->tcp != NULL &&
	       in->tcp_size > (in->tcp->offset >> 4) * 4u;
}

static inline void select_touch(const struct select_input *in, struct flow_ref *ref)
{
	enum flow_state state = flow_ref_state(ref);
	bool sends_on = unlikely(state >= FLOW_FINISHED) && select_sends_on(in, ref);

	flow_touch(ref, select_next_state(in->event, state, sends_on), in->now_s);
}

// A SYN of a flow that the table has. Only its backend can tell a repeat, a forgery and a port that
// is used again from one another (RFC 5961 4.2: it answers by an ACK, upon which a client that
// knows of no connection sends a RST). So it goes there, and its row stays as it is. False: it
// begins a flow anew. That is so where its client has closed, or where the backend takes nothing.
static inline bool select_syn(
	const struct select_input *in, const struct flow_ref *ref, struct select_result *out)
{
	uint32_t backend = flow_ref_backend(ref);
	enum flow_state state = flow_ref_state(ref);
	const struct snapshot_backend *found = snapshot_find_backend(in->snapshot, backend);
	uint16_t idle_s = (uint16_t)(in->now_s - ref->bucket->seen[ref->way]);

	if (found == NULL ||
		snapshot_status(in->snapshot, in->view, backend, found) > BACKEND_DRAINING)
		return false;
	if (state == FLOW_NEW && found->port == BACKEND_PORT_NONE)
		return false; // no SYN can have reached it
	if (state != FLOW_NEW && state != FLOW_ESTABLISHED &&
		(state != FLOW_HALF_CLOSED || idle_s >= FLOW_TIME_WAIT_S))
		return false;
	// Its client may use its port again early: what it then sends must not live for a half
	// closed one's time.
	if (state == FLOW_HALF_CLOSED)
		flow_set_state(ref, FLOW_ESTABLISHED);
	out->hit = true;
	out->backend = backend;
	out->repeats = state == FLOW_NEW;
	return true;
}

// Nobody can serve it. A RST is not answered (RFC 9293 3.10.7.1), nor is an ICMP error (RFC 1122
// 3.2.2).
static inline enum select_verdict select_nobody(const struct select_input *in)
{
	return in->view->rejects && in->event != SELECT_RST && in->event != SELECT_ERROR
		       ? SELECT_REJECT
		       : SELECT_NO_BACKEND;
}

// A flow that the table has. False: go on as if it had not.
static inline bool select_by_flow(
	const struct select_input *in, struct flow_ref *ref, struct select_result *out)
{
	enum select_hit hit;

	if (unlikely(in->event == SELECT_SYN))
		return select_syn(in, ref, out);
	hit = select_hit(in, flow_ref_backend(ref));
	out->hit = true;
	out->backend = flow_ref_backend(ref);
	if (likely(hit == SELECT_HIT_KEEP)) {
		out->aborts = in->event == SELECT_RST && flow_ref_state(ref) == FLOW_NEW;
		if (in->event != SELECT_ERROR)
			select_touch(in, ref);
		return true;
	}
	if (in->event == SELECT_ERROR || hit == SELECT_HIT_MISS) {
		out->hit = false;
		return false;
	}
	// A RST is not answered by a RST (RFC 9293 3.10.7.1): it goes its way, and the entry ends
	// with it.
	if (hit == SELECT_HIT_RESET && in->event == SELECT_RST) {
		flow_touch(ref, FLOW_CLOSING, in->now_s);
		return true;
	}
	if (hit == SELECT_HIT_RESET && in->event != SELECT_UDP) {
		flow_forget(ref);
		out->verdict = SELECT_RESET;
		return true;
	}
	if (!select_current(in, &out->backend)) {
		out->verdict = select_nobody(in);
		return true;
	}
	flow_set_backend(ref, out->backend);
	select_touch(in, ref);
	return true;
}

// What nearly every packet is: in the middle of a flow that the table knows, whose backend serves.
// The first rows of select_backend()'s rules, true and the backend's reference; else nothing was
// done, and that one decides.
static inline bool select_known(const struct snapshot *snapshot, const struct flow_table *flows,
	const struct flow_ttl *ttl, const struct packet *packet, uint64_t flow_hash, uint32_t now_s,
	uint32_t *backend)
{
	bool is_tcp = likely(packet->kind == PACKET_TCP);
	const struct snapshot_backend *found;
	struct flow_ref ref;

	if ((!is_tcp && packet->kind != PACKET_UDP) ||
		(packet->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST)) != 0 ||
		!flow_find(flows, flow_hash, packet_source_port_be(packet), ttl, now_s, &ref) ||
		(is_tcp && unlikely(flow_ref_state(&ref) > FLOW_ESTABLISHED)))
		return false;
	*backend = flow_ref_backend(&ref);
	found = snapshot_find_backend(snapshot, *backend);
	if (unlikely(found == NULL) || unlikely(found->status > BACKEND_DRAINING))
		return false;
	flow_touch(&ref, is_tcp ? FLOW_ESTABLISHED : FLOW_UDP, now_s);
	return true;
}

// What begins nearly every TCP flow: a SYN and nothing but that, of a flow without a row, to a
// service that spreads by the five-tuple. True and the reference of the table's choice, which
// select_backend() would make, too; the caller stores it by flow_insert_first(). Else that one
// decides.
static inline bool select_begin(const struct snapshot *snapshot, const struct flow_table *flows,
	const struct snapshot_service *service, const struct packet *packet,
	const struct hash128 *hash, uint32_t *backend)
{
	const struct snapshot_view *view = &snapshot->views[service->view];
	struct flow_ref own;

	if (packet->kind != PACKET_TCP ||
		(packet->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST | TCP_ACK)) != TCP_SYN ||
		service->affinity != CONFIG_FIVE_TUPLE || view->current == NULL ||
		unlikely(flow_own_row(flows, hash->flow, packet_source_port_be(packet), &own)))
		return false;
	*backend = generation_backend(view->current, hash->slot);
	return true;
}

// Judges one packet. The caller stores a new entry where select_stores() says so.
static inline void select_backend(const struct select_input *in, struct select_result *out)
{
	bool found;

	*out = (struct select_result){.verdict = SELECT_FORWARD};
	out->has_row = flow_own_row(in->flows, in->flow_hash, in->client_port_be, &out->row);
	if (likely(out->has_row) && likely(flow_ref_is_live(&out->row, in->ttl, in->now_s)) &&
		likely(select_by_flow(in, &out->row, out)))
		return;
	out->begins = in->event == SELECT_SYN || in->event == SELECT_UDP;
	found = out->begins ? select_current(in, &out->backend) : select_miss(in, out);
	if (!found)
		out->verdict = select_nobody(in);
}

// Whether a packet that was forwarded without an entry gets one: not by a RST, nor by an ICMP
// error. It takes the flow's own row, where there is one (flow_write()), else a first one
// (flow_insert_first()).
static inline bool select_stores(enum select_event event, const struct select_result *result)
{
	return result->verdict == SELECT_FORWARD && !result->hit && event != SELECT_RST &&
	       event != SELECT_ERROR;
}

// What its row says of a flow's client.
static inline struct flow_client select_client(const struct packet *packet)
{
	return packet->family == ADDR_IPV4 ? flow_client_from_ipv4_be(packet->ipv4.source_be)
					   : flow_client_from_ipv6(packet->ipv6.source);
}

static inline enum flow_state select_first_state(enum select_event event)
{
	static const uint8_t states[] = {
		[SELECT_SYN] = FLOW_NEW,
		[SELECT_DATA] = FLOW_ESTABLISHED,
		[SELECT_FIN] = FLOW_FINISHED,
		[SELECT_UDP] = FLOW_UDP,
		[SELECT_ERROR] = FLOW_EMPTY,
	};

	return (enum flow_state)states[event];
}

#endif
