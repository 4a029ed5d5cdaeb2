// SPDX-License-Identifier: BSD-3-Clause
#ifndef UNIT_FORECAST_HAND_H
#define UNIT_FORECAST_HAND_H

#include <control/control_private.h>
#include <packet/headers.h>

// Commits by hand, of random configurations: the commit's own jobs, without the event loop and the
// network.

#define PAIRS    100
#define FLOWS    300 // that begin under each configuration
#define WORKERS  2
#define CAPACITY 65536 // so that no flow has to go for another one
#define BACKENDS 128
#define SERVICES 32
#define POOLS    4

struct flow {
	struct packet packet; // in its midst
	uint32_t worker;
	char pool[CONFIG_NAME_SIZE]; // of the service that it has
	char service[CONFIG_NAME_SIZE];
	uint16_t service_index;
	uint32_t backend; // reference
	struct addr machine;
};

struct hand {
	struct registry backends, services;
	struct configuration *running;
	struct running_backend states[BACKENDS], copy[BACKENDS];
	struct running_port port;
	struct snapshot *current;
	struct flow_table *tables[WORKERS];
	uint64_t version;
	uint32_t now_s;
	struct packet known[PAIRS * FLOWS]; // every flow that ever began
	uint32_t known_workers[PAIRS * FLOWS];
	uint32_t known_count;
	struct flow live[PAIRS * FLOWS];
	uint32_t live_count;
	struct message_row_plan *rows; // foretold
	uint32_t row_count;
	uint64_t kept, remembered, ended, moved, renamed; // met so far
};

extern uint64_t seed; // of pick()
uint32_t pick(uint32_t below);

// A commit of a random configuration that is like the one before in most of it.
struct commit *wish(struct hand *hand);
void prepare(struct commit *commit);
// As install.c has it, for what there is here.
void install(struct hand *hand, struct commit *commit);
// The probes of those that are new have found them up.
void find_up(struct hand *hand, const struct commit *commit);
void change_health(struct hand *hand);

// With the first configuration in force.
void hand_init(struct hand *hand);
void hand_end(struct hand *hand);

#endif
