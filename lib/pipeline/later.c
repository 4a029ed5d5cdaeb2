// SPDX-License-Identifier: BSD-3-Clause
#include <pipeline/worker_private.h>

// Behind its first one, whose headers it must not rewrite (RFC 3128, RFC 8200 4.5) and with which the datagram must not grow
// too long.
static void forward_later(struct worker *worker, uint32_t port, struct rte_mbuf *mbuf,
	const struct packet *packet, const struct fragment_entry *entry)
{
	const struct target target = {entry->backend, entry->entropy, entry->service};
	struct fragment_place place;

	fragment_place(rte_pktmbuf_mtod(mbuf, const uint8_t *), packet, &place);
	if (place.offset < entry->least)
		worker_drop(worker, mbuf, DROP_FRAGMENT_OVERLAP);
	else if (entry->before + place.end > FRAGMENT_LENGTH_MAX)
		worker_drop(worker, mbuf, DROP_FRAGMENT_LENGTH);
	else
		worker_forward(worker, port, mbuf, packet, &target);
}

// For a VIP: after its first one, or held until that comes.
static void follow(
	struct worker *worker, uint32_t port, struct rte_mbuf *mbuf, const struct packet *packet)
{
	struct hash128 key = fragment_key(&worker->snapshot->key, packet);
	const struct fragment_entry *entry = fragment_find(worker->fragments, &key, worker->now_s);

	if (entry != NULL && snapshot_find_backend(worker->snapshot, entry->backend) != NULL) {
		forward_later(worker, port, mbuf, packet, entry);
	} else if (fragment_hold(worker->fragments, &key, mbuf, packet, port, worker->tsc)) {
		metrics_add(&worker->metrics->held, 1);
	} else {
		worker_drop(worker, mbuf, DROP_FRAGMENT_FULL);
	}
}

void stage_later(struct worker *worker, struct burst *burst)
{
	for (uint32_t i = 0; i < burst->later_count; i++)
		follow(worker, burst->port, burst->later[i].mbuf, &burst->later[i].packet);
	burst->later_count = 0;
}

void worker_first_fragment(struct worker *worker, const struct packet *packet,
	const struct fragment_place *place, const struct target *target)
{
	struct hash128 key = fragment_key(&worker->snapshot->key, packet);
	const struct fragment_entry entry = {
		.key = key,
		.backend = target->backend,
		.entropy = target->entropy,
		.service = target->service,
		.least = (uint16_t)place->transport_end,
		.before = (uint16_t)place->before,
	};
	struct fragment_held held;

	fragment_learn(worker->fragments, &entry, worker->now_s);
	while (fragment_take(worker->fragments, &key, &held)) {
		metrics_add(&worker->metrics->held, (uint64_t)-1);
		forward_later(worker, held.port, held.mbuf, &held.packet, &entry);
	}
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
