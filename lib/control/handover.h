// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONTROL_HANDOVER_H
#define CONTROL_HANDOVER_H

#include <control/control.h>
#include <handover/flows_file.h>
#include <running/configuration.h>
#include <snapshot/snapshot.h>

// The flow tables go from a daemon that ends to the next one, through the state folder (flows_file.h). A connection that
// began after the last change of its pool is known to a flow table alone. While no worker runs.

// Whoever waited for so long for the next daemon has been taken over by another balancer, or has given up.
#define HANDOVER_VALID_S (15 * 60)

// Both sides of it: the tables, and what their rows mean.
struct past_reader;
struct spool;
struct handover {
	const char *file; // its name in the state folder
	const struct control_config *config;
	const struct configuration *configuration; // that is running
	const struct snapshot *snapshot;
	const struct registry *services; // to take: whose names have which index
	const struct registry *backends;
	struct past_reader **
		past; // to take: gets the hash tables of before, the caller's then; NULL: nobody asks for them
	struct spool *spool; // rows go there, for another thread to write; NULL: to the disk
	uint64_t budget_ns; // to save: it takes no longer than that, about
};

struct handover_count {
	uint64_t flows; // that were alive
	uint64_t done;
	uint64_t expired; // meanwhile
	uint64_t unknown; // of a service or a backend that is no longer configured
	uint64_t homeless; // nobody knows their place in tables of another size
	bool is_cut; // for want of time
};

// 0, or a negative errno with the sentence: then there is no file. Without flows and hash tables there is none either.
int handover_save(const struct handover *handover, struct handover_count *count, struct error *err);
// 0, -ENOENT where there is no file, or another negative errno with the sentence. What is counted as done is in the tables
// even then, and no hash tables of before are told.
int handover_take(const struct handover *handover, struct handover_count *count, struct error *err);

// What must be the same for rows to stay where they are.
void handover_mark(const struct handover *handover, struct flows_mark *out);

// --- For whoever writes rows or takes them ---

// The names that rows refer to, in the order of their numbers.
void handover_write_names(const struct handover *handover, struct flows_writer *writer);
// From indexes to those numbers. False: nobody has that index now.
bool handover_number(const struct handover *handover, struct flow_kept *kept);
// What a packet of the flow looks like, and its hash; 'service' of the row is an index. False: it is not known, as the
// service has more ports than one.
bool handover_hash(const struct handover *handover, const struct flow_kept *kept,
	struct packet *packet, struct hash128 *hash);

#endif
