// SPDX-License-Identifier: BSD-3-Clause
#include <packet/headers.h>
#include <pipeline/fragment.h>

#include <stddef.h>
#include <string.h>

struct hash128 fragment_key(const struct hash_key *key, const struct packet *packet)
{
	struct packet datagram = *packet;
	struct hash128 hash;

	// The identification takes the ports' place. IPv6 has no protocol in it: RFC 8200 4.5.
	if (packet->family == ADDR_IPV4) {
		memcpy(&datagram.ipv4.source_port_be, &packet->fragment_id, 4);
		datagram.ipv4.protocol = packet->payload_protocol;
	} else {
		memcpy(&datagram.ipv6.source_port_be, &packet->fragment_id, 4);
		datagram.ipv6.protocol = IP_FRAGMENT;
	}
	hash_packets(key, &datagram, 1, &hash);
	return hash;
}

static bool is_same(const struct hash128 *a, const struct hash128 *b)
{
	return a->slot == b->slot && a->flow == b->flow;
}

static bool is_live(const struct fragment_entry *entry, uint32_t now_s)
{
	return entry->used && (uint16_t)(now_s - entry->seen_s) <= FRAGMENT_TTL_S;
}

struct fragment_entry *fragment_find(
	struct fragments *fragments, const struct hash128 *key, uint32_t now_s)
{
	struct fragment_entry *set = fragments->entries[key->flow % FRAGMENT_SETS];

	for (int way = 0; way < FRAGMENT_WAYS; way++) {
		if (is_live(&set[way], now_s) && is_same(&set[way].key, key))
			return &set[way];
	}
	return NULL;
}

static bool gives_way_before(
	const struct fragment_entry *a, const struct fragment_entry *b, uint32_t now_s)
{
	if (a->fate != b->fate)
		return a->fate < b->fate;
	return (uint16_t)(now_s - a->seen_s) > (uint16_t)(now_s - b->seen_s);
}

// The datagram's own place, else a free one, else that of another.
static struct fragment_entry *choose(
	struct fragments *fragments, const struct hash128 *key, uint32_t now_s)
{
	struct fragment_entry *set = fragments->entries[key->flow % FRAGMENT_SETS];
	struct fragment_entry *victim = fragment_find(fragments, key, now_s);

	if (victim != NULL)
		return victim;
	victim = &set[0];
	for (int way = 0; way < FRAGMENT_WAYS; way++) {
		if (!is_live(&set[way], now_s))
			return &set[way];
		if (gives_way_before(&set[way], victim, now_s))
			victim = &set[way];
	}
	return victim;
}

void fragment_learn(struct fragments *fragments, const struct fragment_entry *entry, uint32_t now_s)
{
	struct fragment_entry *place = choose(fragments, &entry->key, now_s);

	if (is_live(place, now_s) && place->fate > entry->fate)
		return;
	*place = *entry;
	place->seen_s = (uint16_t)now_s;
	place->used = true;
}

static struct fragment_held *held_at(struct fragments *fragments, uint32_t i)
{
	return &fragments->held[(fragments->held_first + i) % FRAGMENT_HELD];
}

static struct rte_mbuf *take_oldest(struct fragments *fragments)
{
	struct rte_mbuf *mbuf = held_at(fragments, 0)->mbuf;

	fragments->held_first = (fragments->held_first + 1) % FRAGMENT_HELD;
	fragments->held_count--;
	return mbuf;
}

struct rte_mbuf *fragment_hold(struct fragments *fragments, const struct hash128 *key,
	struct rte_mbuf *mbuf, const struct packet *packet, uint32_t port, uint64_t tsc)
{
	struct rte_mbuf *oldest = NULL;

	if (fragments->held_count == FRAGMENT_HELD)
		oldest = take_oldest(fragments);
	*held_at(fragments, fragments->held_count++) = (struct fragment_held){
		.mbuf = mbuf,
		.key = *key,
		.packet = *packet,
		.port = port,
		.since_tsc = tsc,
	};
	return oldest;
}

bool fragment_take(
	struct fragments *fragments, const struct hash128 *key, struct fragment_held *out)
{
	for (uint32_t i = 0; i < fragments->held_count; i++) {
		struct fragment_held *held = held_at(fragments, i);

		if (held->mbuf != NULL && is_same(&held->key, key)) {
			*out = *held;
			held->mbuf = NULL;
			return true;
		}
	}
	return false;
}

struct rte_mbuf *fragment_expire(struct fragments *fragments, uint64_t before_tsc)
{
	while (fragments->held_count > 0) {
		const struct fragment_held *oldest = held_at(fragments, 0);
		struct rte_mbuf *mbuf;

		if (oldest->mbuf != NULL && oldest->since_tsc >= before_tsc)
			return NULL;
		mbuf = take_oldest(fragments);
		if (mbuf != NULL)
			return mbuf;
	}
	return NULL;
}
