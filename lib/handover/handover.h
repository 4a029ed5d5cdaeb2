// SPDX-License-Identifier: BSD-3-Clause
#ifndef HANDOVER_HANDOVER_H
#define HANDOVER_HANDOVER_H

#include <flow/flow.h>
#include <handover/flows_file.h>
#include <running/running.h>
#include <snapshot/publish.h>

// The flow tables go from a daemon that ends to the next one, by a file in the state folder
// (flows_file.h): saved when it is asked to end, and as a checkpoint (checkpoint.h) for the case
// that it dies. A connection that began after the last change of its pool is known to a flow table
// alone.
//
// handover_save() and handover_restore() run while no worker does. What is in force must not change
// meanwhile.

// Whoever waited for so long for the next daemon has been taken over by another balancer, or has
// given up.
#define HANDOVER_VALID_S (15 * 60)

struct past_reader;
struct past;
struct spool;

// A daemon's tables, and what their rows mean to it. All of it is borrowed.
struct handover {
	const char *folder; // the state folder; "": there is none
	struct flow_table *const *flows; // one a worker
	uint32_t worker_count;
	struct metrics_worker *const *metrics; // one a worker; NULL: nobody counts
	const struct running_port *ports;
	uint32_t port_count;
	const struct running *running;
	const struct publisher *publisher; // the hash tables are those of its current snapshot
};

struct handover_count {
	uint64_t flows; // that were alive
	uint64_t done; // saved or restored
	uint64_t expired; // meanwhile
	uint64_t unknown; // of a service or a backend that is no longer configured
	uint64_t unplaced; // whose place in tables of another size nobody knows
	bool is_cut; // for want of time
};

// Writes FLOWS_FILE_PLANNED, by 'spool' for another thread to put on the disk, or at once where
// that is NULL. It takes about as long as 'budget_ns' at most. 0, or a negative errno with the
// sentence: then there is no file. Without flows and hash tables there is none either.
int handover_save(const struct handover *handover, struct spool *spool, uint64_t budget_ns,
	struct handover_count *count, struct error *err);
// Reads the file of that name, which is gone then. 0, -ENOENT where there is none, or another
// negative errno with the sentence. What is counted as done is in the tables even then. '*past'
// gets the hash tables that the other daemon had, for the caller to free, or NULL; a NULL asks for
// none.
int handover_restore(const struct handover *handover, const char *file, struct past_reader **past,
	struct handover_count *count, struct error *err);

// The configuration in force where it has backends that were removed and still have connections, so
// that no file of the operator's names them; else NULL. For the caller to free.
struct config *handover_copy_removed(const struct handover *handover);

#endif
