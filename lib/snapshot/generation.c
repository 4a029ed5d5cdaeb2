// SPDX-License-Identifier: BSD-3-Clause
#include <snapshot/generation.h>

#include <stdlib.h>

// One thread may free an old snapshot while another builds from the one that has the same tables.
void generation_release(struct snapshot_generation *generation)
{
	if (generation == NULL ||
		__atomic_sub_fetch(&generation->references, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	maglev_release(generation->table);
	free(generation);
}

struct snapshot_generation *generation_hold(struct snapshot_generation *generation)
{
	if (generation != NULL)
		__atomic_add_fetch(&generation->references, 1, __ATOMIC_RELAXED);
	return generation;
}
