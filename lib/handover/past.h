// SPDX-License-Identifier: BSD-3-Clause
#ifndef HANDOVER_PAST_H
#define HANDOVER_PAST_H

#include <handover/flows_file.h>
#include <running/configuration.h>
#include <snapshot/recall.h>

// The hash tables that services have, behind the rows of a file of flows: rows are left out of a
// checkpoint that these tables find, and nobody can make them again from a pool file and from who
// is up. One thread.

// Writes those of 'snapshot', which is of that configuration, whose names stand in the file.
// 'begun' is how many flows of each of its services have begun so far. Returns a mark of the
// tables, which others do not have; 0: there are none.
uint64_t past_write(const struct configuration *configuration, const struct snapshot *snapshot,
	const uint64_t *begun, struct flows_writer *writer);

// --- As they are read ---

struct past_reader;

// 'names' are the most that the file may have. NULL without memory.
struct past_reader *past_reader_new(uint32_t services, uint32_t backends);
void past_reader_free(struct past_reader *reader); // NULL is fine
// Its next service or backend by its name, and what that is now: an index or a reference, or
// PAST_NONE.
void past_add_service(struct past_reader *reader, uint32_t index);
void past_add_backend(struct past_reader *reader, const char *name, uint32_t reference);
// What the file says of tables. What refers to nothing is left out. 'now_s' less its age is when a
// table changed.
void past_add(struct past_reader *reader, enum flows_item item, const union flows_any *any,
	uint32_t now_s);
// What came so far, as long as the reader is there.
const struct past *past_read(const struct past_reader *reader);

#endif
