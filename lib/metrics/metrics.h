// SPDX-License-Identifier: BSD-3-Clause
#ifndef METRICS_METRICS_H
#define METRICS_METRICS_H

#include <packet/counter.h>
#include <packet/drop.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

// Counters: one block a worker, written by that worker alone, on cache lines of its own; readers
// add them up. All are totals since the start. The caller brings the memory (zeroed, 64-byte
// aligned, the worker's own socket) and keeps it while anybody reads.
//
// Nothing leaves the path uncounted:
//     received + from_kernel + made ==
//         forwarded + to_kernel + injected + answered + probe_answers + dropped + held
// where 'made' are packets that the path added itself (a fragment beyond the first, say).

#define METRICS_PORTS_MAX 8

struct metrics_traffic {
	uint64_t packets;
	uint64_t bytes; // of IP packets as the client sent them
	uint64_t new_flows;
	// Passive signs, of backends alone: what clients do whose SYN is not answered as they like.
	uint32_t syn_repeats; // SYNs that a client sent again, to the same backend
	uint32_t syn_resets; // RSTs of clients right after their SYN
} __attribute__((aligned(32)));
_Static_assert(sizeof(struct metrics_traffic) == 32, "never on two cache lines");

struct metrics_worker {
#define X(member, ...) uint64_t member;
	PACKET_COUNTERS(X)
#undef X
	uint64_t loops;
	uint64_t loops_busy;
	uint64_t rx_checksum_partial
		[METRICS_PORTS_MAX]; // by the port's number: sums that were completed
	uint64_t dropped[DROP_REASON_COUNT];
	uint32_t backend_count;
	uint32_t service_count;
	struct metrics_traffic *backends; // by the backend's index
	struct metrics_traffic *services; // by the service's index
} __attribute__((aligned(64)));

size_t metrics_footprint(uint32_t backends, uint32_t services);
struct metrics_worker *metrics_new(void *memory, uint32_t backends, uint32_t services);

// The reader's side, any thread: one aligned load each.
static inline uint64_t metrics_read(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

// The writer's side: a plain addition to memory that no other thread writes.
static inline void metrics_add(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

// The same for those of 32 bits, which wrap.
static inline void metrics_count(uint32_t *counter)
{
	__atomic_store_n(counter, *counter + 1, __ATOMIC_RELAXED);
}

// Likewise one packet and its bytes, side by side: one addition. A reader loads either half whole,
// as ever: SSE2 stores both halves at once, which ThreadSanitizer cannot tell from a store in
// pieces.
static inline void metrics_add_packet(struct metrics_traffic *traffic, uint32_t bytes)
{
#if defined(__SSE2__) && !defined(FULCRUM_SANITIZE_THREAD)
	__m128i *counters = (__m128i *)&traffic->packets;

	_mm_store_si128(
		counters, _mm_add_epi64(_mm_load_si128(counters), _mm_set_epi64x(bytes, 1)));
#else
	metrics_add(&traffic->packets, 1);
	metrics_add(&traffic->bytes, bytes);
#endif
}

// Sums over the blocks.
uint64_t metrics_dropped(
	struct metrics_worker *const *workers, uint32_t count, enum drop_reason reason);
uint64_t metrics_dropped_total(const struct metrics_worker *worker);
void metrics_backend(struct metrics_worker *const *workers, uint32_t count, uint32_t index,
	struct metrics_traffic *out);
void metrics_service(struct metrics_worker *const *workers, uint32_t count, uint32_t index,
	struct metrics_traffic *out);

// True where what came in equals what went out. Holds whenever the worker is between two bursts.
bool metrics_balanced(const struct metrics_worker *worker);

#endif
