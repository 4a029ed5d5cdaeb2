// SPDX-License-Identifier: BSD-3-Clause
#ifndef HANDOVER_HANDOVER_PRIVATE_H
#define HANDOVER_HANDOVER_PRIVATE_H

#include <handover/handover.h>
#include <packet/hash.h>

// For whoever writes rows or restores them (handover.c).

// What must be the same for rows to stay where they are.
void handover_mark(const struct handover *handover, struct flows_mark *out);
// The names that rows refer to, in the order of their numbers.
void handover_write_names(const struct handover *handover, struct flows_writer *writer);
// The hash tables that services have. Returns a mark of them, see past_write().
uint64_t handover_write_past(const struct handover *handover, const struct snapshot *snapshot,
	struct flows_writer *writer);
// From indexes to those numbers. False: nobody has that index now.
bool handover_number(const struct handover *handover, struct flow_saved *saved);
// What a packet of the flow looks like, and its hash; 'service' of the row is an index. False: it
// is not known, as the service has more ports than one.
bool handover_hash(const struct handover *handover, const struct snapshot *snapshot,
	const struct flow_saved *saved, struct packet *packet, struct hash128 *hash);

#endif
