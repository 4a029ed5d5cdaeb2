// SPDX-License-Identifier: BSD-3-Clause
#ifndef TESTS_HANDOVER_SIDE_H
#define TESTS_HANDOVER_SIDE_H

#include <handover/handover_private.h>

// One side of a handover: a daemon's flow tables, and what their rows mean to it. No daemon runs.

#define SIDE_WORKERS_MAX 4

struct side {
	char folder[DAEMON_PATH_SIZE];
	const char *file; // to restore: FLOWS_FILE_PLANNED, unless the test says otherwise
	struct past_reader **past; // likewise, NULL
	uint64_t budget_ns; // to save, plenty
	struct running_port port;
	struct running running; // its configuration and its registries
	struct snapshot snapshot;
	struct publisher publisher;
	struct flow_table *tables[SIDE_WORKERS_MAX];
	struct handover handover;
};

// 'before' is a configuration that had the indexes until 'yaml' came; NULL: there was none. Every
// service has the times to live of 'side_ttl'. Dies where it cannot.
extern const struct flow_ttl side_ttl;
void side_init(struct side *side, const char *folder, const char *before, const char *yaml,
	uint32_t workers, uint64_t capacity);
void side_free(struct side *side);

// Maglev tables of all pools, where every backend serves but 'draining' (NULL: none does);
// 'previous' are those before that.
struct snapshot *side_tables(
	const struct side *side, const char *draining, const struct snapshot *previous);

uint32_t side_now_s(void);
// What the names are to this side; REGISTRY_NONE.
uint32_t side_backend(const struct side *side, const char *name);
uint32_t side_service(const struct side *side, const char *name);
// The hash that a TCP packet of that client to the service of that name has.
uint64_t side_hash(const struct side *side, const char *service, const char *client, uint16_t port);
// True where a worker knows that flow; then the row is in '*out'.
bool side_find(const struct side *side, uint32_t worker, uint64_t hash, uint16_t port,
	struct flow_row *out);
// Puts a flow into a worker's table that began and had its last packet so long ago.
void side_add(struct side *side, uint32_t worker, uint64_t hash, const char *client, uint16_t port,
	const char *service, const char *backend, enum flow_state state, uint32_t age_s,
	uint32_t idle_s);

#endif
