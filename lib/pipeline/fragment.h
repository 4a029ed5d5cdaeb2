// SPDX-License-Identifier: BSD-3-Clause
#ifndef PIPELINE_FRAGMENT_H
#define PIPELINE_FRAGMENT_H

#include <packet/hash.h>
#include <stdbool.h>
#include <stdint.h>

// Where a worker keeps track of fragments: a datagram's later fragments share the fate of its first
// one. Nothing is reassembled, so overlaps are the backend's to judge. Bounded: a table of
// datagrams, each forgotten after FRAGMENT_TTL_S, and a ring of fragments that came before their
// first one, each dropped after FRAGMENT_HOLD_MS, or earlier where newer ones need its place. One
// thread.

#define FRAGMENT_SETS    1024
#define FRAGMENT_WAYS    4
#define FRAGMENT_HELD    256
#define FRAGMENT_TTL_S   30 // what Linux gives a reassembly
#define FRAGMENT_HOLD_MS 1000

struct rte_mbuf;

// What became of a datagram's first fragment, in ascending order of eviction priority: a flood of
// what is refused takes no place from what is forwarded.
enum fragment_fate {
	FRAGMENT_REFUSED,
	FRAGMENT_ECHOED,
	FRAGMENT_FORWARDED,
};

// (source, destination, identification, protocol), by the keyed hash: 128 bits tell datagrams
// apart, and nobody can aim at a set.
struct fragment_entry {
	struct hash128 key;
	uint32_t backend;
	uint32_t entropy;
	uint16_t service;
	uint16_t seen_s;
	uint16_t least; // the first byte that a later one may have: behind the first one's headers
	uint16_t before; // what the first one's headers add to the datagram's length
	uint8_t fate; // enum fragment_fate
	uint8_t reason; // enum drop_reason, of one that was refused
	bool used;
};

struct fragment_held {
	struct rte_mbuf *mbuf; // NULL: its first one came meanwhile
	struct hash128 key;
	struct packet packet;
	uint32_t port;
	uint64_t since_tsc;
};

struct fragments {
	struct fragment_entry entries[FRAGMENT_SETS][FRAGMENT_WAYS];
	struct fragment_held held[FRAGMENT_HELD];
	uint32_t held_first;
	uint32_t held_count; // places in use, the emptied ones among them
};

// The datagram that a fragment is of.
struct hash128 fragment_key(const struct hash_key *key, const struct packet *packet);

// NULL: its first fragment was not seen.
struct fragment_entry *fragment_find(
	struct fragments *fragments, const struct hash128 *key, uint32_t now_s);
// Takes the place of the oldest of those with the least priority, or none where all have a higher
// one.
void fragment_learn(
	struct fragments *fragments, const struct fragment_entry *entry, uint32_t now_s);

// Keeps a fragment. Returns the oldest one where that has to make room; NULL else.
struct rte_mbuf *fragment_hold(struct fragments *fragments, const struct hash128 *key,
	struct rte_mbuf *mbuf, const struct packet *packet, uint32_t port, uint64_t tsc);
// Takes a held fragment of that datagram out; false when there are no more.
bool fragment_take(
	struct fragments *fragments, const struct hash128 *key, struct fragment_held *out);
// Takes the oldest one out if it is older than 'before_tsc'; NULL else.
struct rte_mbuf *fragment_expire(struct fragments *fragments, uint64_t before_tsc);

#endif
