// SPDX-License-Identifier: BSD-3-Clause
#ifndef MAGLEV_SLOTS_H
#define MAGLEV_SLOTS_H

#include <stdint.h>

// The slots of a table that is being populated: who takes the next one in its permutation. For
// lib/maglev's own files.

struct slots {
	uint16_t *owners; // the table's
	uint64_t
		*taken; // a bit a slot: a look stays in the first cache, where the owners would not
	uint32_t *free; // the slots that are left, once they are few
	uint32_t size;
	uint32_t left;
	uint32_t few;
	uint64_t reciprocal; // of the size
};

// 'owners' has room for 'size' slots, a prime. 0 or -ENOMEM.
int slots_init(struct slots *slots, uint16_t *owners, uint32_t size);
void slots_free(struct slots *slots);

// Gives 'member' the first free slot of 'slot', 'slot' + 'skip', 'slot' + 2 'skip' and so on.
// Returns it. There is one.
uint32_t slots_take(struct slots *slots, uint32_t slot, uint32_t skip, uint16_t member);

#endif
