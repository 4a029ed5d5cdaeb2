// SPDX-License-Identifier: BSD-3-Clause
#ifndef FLOW_FLOW_H
#define FLOW_FLOW_H

#include <base/addr.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// The connection table of one worker: a fixed-size set-associative table, four flows a bucket, 32
// bytes a flow for both families. One 64-byte line holds what a packet needs of a bucket; the
// clients' addresses stand in the line after it. Only the owning worker
// writes (flow_inline.h, flow_sweep()); other threads may read (flow_read_bucket()) and accept that
// a row changes under them: every field is loaded once, and a row that was torn is at worst a wrong
// line in a listing. No lock, no allocation, no timer: a flow is expired when it is touched, its
// place is wanted or the sweep passes.
//
// A flow is known by 64 bits of the keyed hash of its tuple (bucket and tag) and by its client's
// port, so nobody who does not know the key can aim at a bucket.
//
// Buckets are paired. A flow whose own bucket is full of flows that matter is an overflow entry of
// the other one, which is looked at only then: a table that is half full keeps 99% of its flows in
// places of their own.

#define FLOW_WAYS 4

enum flow_state {
	FLOW_EMPTY,
	FLOW_NEW, // TCP, SYN seen, nothing after it
	FLOW_ESTABLISHED, // TCP, a packet after the SYN, or picked up in the middle
	FLOW_CLOSING, // TCP, the client's RST seen
	FLOW_UDP,
	FLOW_FINISHED, // TCP, the client's FIN seen, nothing after it
	FLOW_HALF_CLOSED, // TCP, the client's FIN seen, and acknowledgments after it: the server sends on
	FLOW_STATES,
};

// Times are whole seconds of the worker's clock, kept modulo 2^16; no time to live may exceed
// FLOW_TTL_MAX_S.
#define FLOW_TTL_MAX_S 32767u

// A sweep of the whole table takes this long: with FLOW_TTL_MAX_S it stays below 2^16 s, so a row
// that nobody touches is cleared before its clock wraps and it looks young again.
#define FLOW_SWEEP_PERIOD_S 3600u

// Ages stop counting here: the sweep keeps them from wrapping.
#define FLOW_AGE_MAX_S 57344u

// How long a flow of each state lives without a packet, at least, and less than a second more; one
// row a service, by the service's index.
struct flow_ttl {
	uint16_t seconds[8]; // by state: as many as make its place in a table a shift
};
_Static_assert(FLOW_STATES <= 8, "a row has a place for each state");

// The 16 bytes of a client's address, for listings: IPv6 as it is, IPv4 mapped (::ffff:0:0/96,
// which no client has). In two words, since a packet's address goes through registers to its row.
struct flow_client {
	uint64_t half[2];
};

// Two cache lines: the first is all that a packet needs; the second, in the same page, is touched
// when a flow begins or is listed.
struct flow_bucket {
	uint32_t tag[FLOW_WAYS];
	uint32_t backend[FLOW_WAYS]; // the snapshot's backend reference, opaque here
	uint16_t seen[FLOW_WAYS];
	uint16_t client_port[FLOW_WAYS]; // network order
	uint16_t service[FLOW_WAYS];
	// 3 bits enum flow_state, 1 bit mark (flow_inline.h), 12 bits when it began, in units of 16
	// s.
	uint16_t life[FLOW_WAYS];
	struct flow_client client[FLOW_WAYS];
} __attribute__((aligned(64)));
_Static_assert(sizeof(struct flow_bucket) == 128, "32 bytes a flow");
_Static_assert(offsetof(struct flow_bucket, client) == 64, "the clients have a line of their own");

struct flow_table; // opaque but for the inline functions in flow_inline.h

// The caller brings zeroed memory of 'footprint' bytes, 64-byte aligned (hugepages of the worker's
// own socket), and keeps it for as long as anybody uses the table; there is nothing else to free.
// 'capacity' is in flows, 8 .. 2^31, and is rounded up to whole pairs of buckets. Footprint 0, and
// NULL: out of range, or no such memory.
size_t flow_table_footprint(uint64_t capacity);
struct flow_table *flow_table_new(void *memory, uint64_t capacity);
uint64_t flow_table_capacity(const struct flow_table *table);

// What flow_find() says of a packet's flow; good until the next call that writes to the table.
struct flow_ref {
	struct flow_bucket *bucket;
	uint32_t way;
};

static inline struct flow_client flow_client_from_ipv4_be(uint32_t address_be)
{
	return (struct flow_client){{0, 0xffff0000u | (uint64_t)address_be << 32}};
}

static inline struct flow_client flow_client_from_ipv6(const uint8_t bytes[16])
{
	struct flow_client client;

	memcpy(client.half, bytes, sizeof(client.half));
	return client;
}

static inline struct flow_client flow_client_from_addr(const struct addr *addr)
{
	return addr->family == ADDR_IPV4 ? flow_client_from_ipv4_be(addr_ipv4_be(addr))
					 : flow_client_from_ipv6(addr->bytes);
}

struct flow_begin {
	uint64_t hash; // the flow half of the packet's keyed hash
	struct flow_client client;
	uint16_t client_port; // network order; 0 where the protocol has none
	uint16_t service;
	uint32_t backend;
	enum flow_state state;
};

// A row as a reader sees it.
struct flow_row {
	struct addr client;
	uint16_t client_port;
	uint16_t service;
	uint32_t backend;
	uint32_t tag; // what is left of its hash, with the bucket
	enum flow_state state;
	uint32_t age_s; // since it began; to 16 s, at most FLOW_AGE_MAX_S
	uint32_t idle_s; // since its last packet
};

// A client that closed first keeps its port for this long after its last packet (TIME_WAIT, RFC
// 9293 3.6.1; Linux: 60 s): a SYN that comes earlier to a half closed flow is more likely forged
// than of a port that is used again.
#define FLOW_TIME_WAIT_S 60u

// False: for all that its client's packets tell, the connection has ended, and its row lives on
// because that could be forged.
static inline bool flow_row_is_open(const struct flow_row *row)
{
	if (row->state == FLOW_FINISHED || row->state == FLOW_HALF_CLOSED)
		return row->idle_s < FLOW_TIME_WAIT_S;
	return row->state != FLOW_CLOSING;
}

// Any thread: copies the live rows of a bucket (not expired at 'now_s' by 'ttl', which has
// 'services' rows) to 'out'; returns how many. Buckets are numbered 0 .. flow_table_buckets() - 1,
// so that a reader can go on in steps. 'now_s' is the worker's clock, and may be a few seconds
// behind it.
uint32_t flow_table_buckets(const struct flow_table *table);
uint32_t flow_read_bucket(const struct flow_table *table, uint32_t bucket,
	const struct flow_ttl *ttl, uint32_t services, uint32_t now_s,
	struct flow_row out[FLOW_WAYS]);

// The same without the clients' addresses, and without a look at the line that they stand in: for
// who only counts.
uint32_t flow_count_bucket(const struct flow_table *table, uint32_t bucket,
	const struct flow_ttl *ttl, uint32_t services, uint32_t now_s,
	struct flow_row out[FLOW_WAYS]);

// True where a row that was read from 'bucket' may be of the flow of that hash: its client's port
// is to fit, too.
bool flow_row_is_of(
	const struct flow_table *table, uint32_t bucket, const struct flow_row *row, uint64_t hash);

// The owning worker: clears the expired rows of 'count' buckets from 'first' on; returns how many
// live ones it saw. A row of a service that is no more has expired.
uint32_t flow_sweep(struct flow_table *table, uint32_t first, uint32_t count,
	const struct flow_ttl *ttl, uint32_t services, uint32_t now_s);

// Paces flow_sweep() so that the whole table is swept once in FLOW_SWEEP_PERIOD_S by a few buckets
// a call.
struct flow_sweeper {
	uint32_t next; // bucket
	uint32_t due; // buckets to sweep by now
	uint32_t per_second;
	uint32_t second;
};

void flow_sweeper_init(
	struct flow_sweeper *sweeper, const struct flow_table *table, uint32_t now_s);

// The owning worker, once a loop: sweeps at most FLOW_SWEEP_STEP buckets, mostly none.
#define FLOW_SWEEP_STEP 16u
void flow_sweeper_step(struct flow_sweeper *sweeper, struct flow_table *table,
	const struct flow_ttl *ttl, uint32_t services, uint32_t now_s);

#endif
