// SPDX-License-Identifier: BSD-3-Clause
#include <maglev/slots.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

// Half of all looks would be for the last slots, a few hundred, of which each takes looks by the
// thousand. So from then on it is asked of each slot that is left how many steps away it is, and
// the nearest one taken.

// About where so many slots take as long to ask as one of them takes to come upon.
static uint32_t few_of(uint32_t size)
{
	uint32_t few = 1;

	while ((few + 1) * (few + 1) <= size / 2)
		few++;
	return few;
}

int slots_init(struct slots *slots, uint16_t *owners, uint32_t size)
{
	*slots = (struct slots){.owners = owners,
		.size = size,
		.left = size,
		.few = few_of(size),
		.reciprocal = UINT64_MAX / size};
	slots->taken = calloc(size / 64 + 1, sizeof(*slots->taken));
	slots->free = malloc(slots->few * sizeof(*slots->free));
	if (slots->taken == NULL || slots->free == NULL) {
		slots_free(slots);
		return -ENOMEM;
	}
	return 0;
}

void slots_free(struct slots *slots)
{
	free(slots->taken);
	free(slots->free);
}

static bool is_taken(const struct slots *slots, uint32_t slot)
{
	return (slots->taken[slot / 64] >> slot % 64 & 1) != 0;
}

static __attribute__((noinline)) void list_free(struct slots *slots)
{
	uint32_t count = 0;

	for (uint32_t slot = 0; slot < slots->size; slot++)
		if (!is_taken(slots, slot))
			slots->free[count++] = slot;
}

// value mod size, without a division.
static uint32_t reduce(const struct slots *slots, uint64_t value)
{
	uint64_t quotient = (uint64_t)((unsigned __int128)value * slots->reciprocal >> 64);
	uint64_t rest = value - quotient * slots->size; // below twice the size

	return (uint32_t)(rest >= slots->size ? rest - slots->size : rest);
}

// What times 'skip' is 1 mod size: Euclid's algorithm, extended.
static uint32_t inverse_of(uint32_t skip, uint32_t size)
{
	int64_t before = 0, now = 1;
	uint32_t larger = size, smaller = skip;

	while (smaller > 1) {
		uint32_t quotient = larger / smaller, rest = larger % smaller;
		int64_t next = before - quotient * now;

		larger = smaller;
		smaller = rest;
		before = now;
		now = next;
	}
	return (uint32_t)(now < 0 ? now + size : now);
}

static __attribute__((noinline)) uint32_t take_nearest(
	struct slots *slots, uint32_t slot, uint32_t skip)
{
	uint32_t inverse = inverse_of(skip, slots->size), nearest = 0, least = UINT32_MAX;

	for (uint32_t i = 0; i < slots->left; i++) {
		uint64_t way = (uint64_t)slots->free[i] + slots->size - slot;
		uint32_t steps = reduce(slots, way * inverse);

		nearest = steps < least ? i : nearest;
		least = steps < least ? steps : least;
	}
	slot = slots->free[nearest];
	slots->free[nearest] = slots->free[slots->left - 1];
	return slot;
}

// a + b mod size, both below it.
static inline uint32_t add(uint32_t a, uint32_t b, uint32_t size)
{
	uint32_t sum = a + b, less = sum - size;

	return less < sum ? less : sum;
}

// Looks at four a turn, without a branch: mostly one of the first four is free, so the turns are
// easy to guess.
static uint32_t take_next(struct slots *slots, uint32_t slot, uint32_t skip)
{
	uint32_t size = slots->size, twice = add(skip, skip, size), next[4], is_free;

	for (next[0] = slot;; next[0] = add(next[2], twice, size)) {
		next[1] = add(next[0], skip, size);
		next[2] = add(next[0], twice, size);
		next[3] = add(next[1], twice, size);
		is_free = (uint32_t)!is_taken(slots, next[0]) | !is_taken(slots, next[1]) << 1 |
			  !is_taken(slots, next[2]) << 2 | !is_taken(slots, next[3]) << 3;
		if (is_free != 0)
			break;
	}
	slot = next[__builtin_ctz(is_free)];
	slots->taken[slot / 64] |= 1ull << slot % 64;
	return slot;
}

uint32_t slots_take(struct slots *slots, uint32_t slot, uint32_t skip, uint16_t member)
{
	if (slots->left == slots->few)
		list_free(slots);
	if (__builtin_expect(slots->left <= slots->few, 0))
		slot = take_nearest(slots, slot, skip);
	else
		slot = take_next(slots, slot, skip);
	slots->left--;
	slots->owners[slot] = member;
	return slot;
}
