// SPDX-License-Identifier: BSD-3-Clause
#include <packet/headers.h>
#include <pipeline/worker_private.h>

// Behind its first one, whose headers it must not rewrite (RFC 3128, RFC 8200 4.5) and with which
// the datagram must not grow too long.
static void later_share_fate(struct worker *worker, uint32_t port, struct rte_mbuf *mbuf,
	const struct packet *packet, const struct fragment_entry *entry)
{
	const struct target target = {entry->backend, entry->entropy, entry->service};
	struct fragment_place place;

	if (entry->fate == FRAGMENT_REFUSED) {
		worker_drop(worker, mbuf, (enum drop_reason)entry->reason);
		return;
	}
	fragment_place(rte_pktmbuf_mtod(mbuf, const uint8_t *), packet, &place);
	if (place.offset < entry->least)
		worker_drop(worker, mbuf, DROP_FRAGMENT_OVERLAP);
	else if (entry->before + place.end > FRAGMENT_LENGTH_MAX)
		worker_drop(worker, mbuf, DROP_FRAGMENT_LENGTH);
	else if (entry->fate == FRAGMENT_ECHOED)
		worker_echo_fragment(worker, port, mbuf, packet);
	else
		worker_forward(worker, port, mbuf, packet, &target);
}

static bool later_is_usable(const struct worker *worker, const struct fragment_entry *entry)
{
	return entry->fate != FRAGMENT_FORWARDED ||
	       snapshot_find_backend(worker->snapshot, entry->backend) != NULL;
}

static void later_hold(struct worker *worker, uint32_t port, struct rte_mbuf *mbuf,
	const struct packet *packet, const struct hash128 *key)
{
	struct rte_mbuf *oldest =
		fragment_hold(worker->fragments, key, mbuf, packet, port, worker->tsc);

	if (oldest == NULL)
		metrics_add(&worker->metrics->held, 1);
	else
		worker_drop(worker, oldest, DROP_FRAGMENT_FULL);
}

// For a VIP: after its first one, or held until that comes.
static void later_follow(
	struct worker *worker, uint32_t port, struct rte_mbuf *mbuf, const struct packet *packet)
{
	struct hash128 key = fragment_key(&worker->snapshot->key, packet);
	const struct fragment_entry *entry = fragment_find(worker->fragments, &key, worker->now_s);

	if (entry != NULL && later_is_usable(worker, entry))
		later_share_fate(worker, port, mbuf, packet, entry);
	else
		later_hold(worker, port, mbuf, packet, &key);
}

void stage_later(struct worker *worker, struct burst *burst)
{
	for (uint32_t i = 0; i < burst->later_count; i++)
		later_follow(worker, burst->port, burst->later[i].mbuf, &burst->later[i].packet);
	burst->later_count = 0;
}

// Those of its datagram that are held go the same way at once.
static void later_learn(struct worker *worker, const struct fragment_entry *entry)
{
	struct fragment_held held;

	fragment_learn(worker->fragments, entry, worker->now_s);
	while (fragment_take(worker->fragments, &entry->key, &held)) {
		metrics_add(&worker->metrics->held, (uint64_t)-1);
		later_share_fate(worker, held.port, held.mbuf, &held.packet, entry);
	}
}

void worker_first_fragment(struct worker *worker, const struct packet *packet,
	const struct fragment_place *place, const struct target *target)
{
	const struct fragment_entry entry = {
		.key = fragment_key(&worker->snapshot->key, packet),
		.backend = target->backend,
		.entropy = target->entropy,
		.service = target->service,
		.least = (uint16_t)place->transport_end,
		.before = (uint16_t)place->before,
		.fate = FRAGMENT_FORWARDED,
	};

	later_learn(worker, &entry);
}

void worker_refuse_fragments(
	struct worker *worker, const struct packet *packet, enum drop_reason reason)
{
	const struct fragment_entry entry = {
		.key = fragment_key(&worker->snapshot->key, packet),
		.fate = FRAGMENT_REFUSED,
		.reason = (uint8_t)reason,
	};

	later_learn(worker, &entry);
}

void worker_echo_first(
	struct worker *worker, uint32_t port, struct rte_mbuf *mbuf, const struct packet *packet)
{
	struct fragment_entry entry = {
		.key = fragment_key(&worker->snapshot->key, packet),
		.fate = FRAGMENT_ECHOED,
	};
	enum drop_reason refusal = DROP_NO_SERVICE;
	struct fragment_place place;

	fragment_place(rte_pktmbuf_mtod(mbuf, const uint8_t *), packet, &place);
	entry.least = (uint16_t)place.transport_end;
	entry.before = (uint16_t)place.before;
	// Behind options that are fragmented with it, the answer's offsets would be others.
	if (place.transport_end == sizeof(struct icmp_header))
		refusal = worker_echo_fragment(worker, port, mbuf, packet);
	else
		worker_drop(worker, mbuf, refusal);
	if (refusal == ECHO_ANSWERED)
		later_learn(worker, &entry);
	else
		worker_refuse_fragments(worker, packet, refusal);
}

void worker_expire_fragments(struct worker *worker)
{
	uint64_t hold = FRAGMENT_HOLD_MS * worker->tsc_per_ms;
	struct rte_mbuf *mbuf;

	if (worker->tsc < hold)
		return;
	while ((mbuf = fragment_expire(worker->fragments, worker->tsc - hold)) != NULL) {
		metrics_add(&worker->metrics->held, (uint64_t)-1);
		worker_drop(worker, mbuf, DROP_FRAGMENT_UNKNOWN);
	}
}
