// SPDX-License-Identifier: BSD-3-Clause
#ifndef MAGLEV_MAGLEV_H
#define MAGLEV_MAGLEV_H

#include <base/error.h>
#include <stdint.h>

// The consistent-hash table of one pool. Built on the job thread and immutable afterwards, so any
// lcore may look up; replaced as a whole with its snapshot.
// Source: Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer", NSDI 2016,
// section 3.4. Weights are by credit: in each round a member earns its weight and takes a slot when
// it has earned the largest weight; it begins with half of that. The order of a round is that of
// the names or, where weights differ, of the round in which the last slot was taken.

#define MAGLEV_SIZE_DEFAULT 65537u
#define MAGLEV_SIZE_LARGE   655373u
#define MAGLEV_SIZE_MAX     (1u << 24)
#define MAGLEV_MEMBERS_MAX  65535u
#define MAGLEV_WEIGHT_MAX   (1u << 29)

struct maglev_member {
	const char *name; // the stable identity: it alone places the member; borrowed for the call
	uint32_t weight; // 0: takes no slot
};

// Opaque to all but the inline lookup.
struct maglev {
	uint32_t size;
	uint32_t member_count;
	uint32_t references;
	const uint32_t *shares; // how many slots each member has
	uint16_t slots[]; // the member's position in the array that the table was built from
};

// Returns 0 and sets '*out'; -EINVAL if 'size' is not a prime above 'count' and below
// MAGLEV_SIZE_MAX, if two members share a name, a weight is above MAGLEV_WEIGHT_MAX or none is
// positive; -ENOMEM. 'err' then holds one sentence for the operator. The order of 'members' does
// not matter but for the numbers in the slots. The same on every machine. One reference is the
// caller's.
int maglev_build(const struct maglev_member *members, uint32_t count, uint32_t size,
	struct maglev **out, struct error *err);
// A table whose slots somebody else chose: each holds a number below 'member_count'. NULL without
// memory. One reference is the caller's.
struct maglev *maglev_compose(const uint16_t *slots, uint32_t size, uint32_t member_count);
// A table that is shared is counted; one thread may release it while another holds it once more.
struct maglev *maglev_hold(struct maglev *table);
void maglev_release(struct maglev *table); // NULL is fine

// The slot of a hash: a multiplication instead of a division, so only the upper bits count.
static inline uint32_t maglev_slot(const struct maglev *table, uint64_t hash)
{
	return (uint32_t)(((hash >> 32) * table->size) >> 32);
}

static inline uint16_t maglev_lookup(const struct maglev *table, uint64_t hash)
{
	return table->slots[maglev_slot(table, hash)];
}

#endif
