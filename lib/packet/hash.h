// SPDX-License-Identifier: BSD-3-Clause
#ifndef PACKET_HASH_H
#define PACKET_HASH_H

#include <packet/parse.h>
#include <stdint.h>

// The keyed 128-bit hash of a flow, by rounds of AES (FIPS 197) under round keys drawn from the
// fleet's key. One half picks the Maglev slot, the other the flow's bucket and tag. The same on
// every machine, with the AES instructions and without. Immutable after hash_key_init(); any
// thread.
//
// This is no cipher: three rounds are a good mixer, and nobody outside sees an output. An IPv4
// tuple is one block, taken through three rounds. An IPv6 tuple is three blocks with two rounds
// after each, so that no two tuples collide by a difference that one block puts in and the next
// takes out.

#define HASH_ROUND_KEYS 4

struct hash_key {
	uint8_t round[HASH_ROUND_KEYS][16];
};

struct hash128 {
	uint64_t slot; // for Maglev
	uint64_t flow; // for the flow table
};

void hash_key_init(struct hash_key *key, const uint8_t secret[16]);

// The built-in key: known to everybody, so no protection.
extern const uint8_t hash_key_builtin[16];

// Hashes the tuples of 'count' packets; those without one (PACKET_NOT_IP) give something harmless.
void hash_packets(const struct hash_key *key, const struct packet *packets, uint32_t count,
	struct hash128 *out);

// The slot half over the source address and a salt, for source affinity: salt 0 for the address
// alone, a service's own salt where each service is to choose for itself.
uint64_t hash_source(const struct hash_key *key, const struct packet *packet, uint64_t salt);

// For tests: the ways without AES instructions.
uint64_t hash_source_portable(
	const struct hash_key *key, const struct packet *packet, uint64_t salt);
void hash_packets_portable(const struct hash_key *key, const struct packet *packets, uint32_t count,
	struct hash128 *out);

#endif
