// SPDX-License-Identifier: BSD-3-Clause
#ifndef UNIT_HANDOVER_ROOM_H
#define UNIT_HANDOVER_ROOM_H

#include "handover_side.h"

// What the tests of the handover share: a folder of the case's own, one daemon after another in it,
// and flows.

#define COUNT(array)         (sizeof(array) / sizeof((array)[0]))
#define HANDOVER_CAPACITY    1024
#define HANDOVER_FOLDER_SIZE 64

struct room {
	char folder[HANDOVER_FOLDER_SIZE];
	char path[HANDOVER_FOLDER_SIZE + 32]; // of the file with the flows
	struct side side; // of the daemon that runs
	bool is_running;
	struct handover_count count; // of the last handover
	struct error err;
};

// A case's folder as cmocka sets it up; no file is left in it.
int room_enter(void **state);
int room_leave(void **state);

// A daemon with empty tables, in the place of the one before. The usual one has room_yaml and
// HANDOVER_CAPACITY.
extern const char room_yaml[];
void room_start(struct room *room, uint32_t workers);
void room_start_as(struct room *room, const char *before, const char *yaml, uint32_t workers,
	uint64_t capacity);
// What handover_save() and handover_restore() return; room->count and room->err are theirs.
int room_save(struct room *room);
int room_restore(struct room *room);

struct flow {
	const char *service;
	const char *backend;
	const char *client;
	uint16_t port;
	enum flow_state state;
	uint32_t age_s;
	uint32_t idle_s;
};

#define FLOWS 6
extern const struct flow room_flows[FLOWS];

void room_add(struct room *room, uint32_t worker, const struct flow *flow);
void room_add_all(struct room *room); // flow i to worker i, and around again
// A daemon with all of the flows ends. 'before' as for side_init().
void room_save_all(struct room *room, const char *before, uint32_t workers);

bool room_knows(const struct room *room, uint32_t worker, const struct flow *flow);
void room_assert_knows(const struct room *room, uint32_t worker, const struct flow *flow);
uint32_t room_count_rows(const struct room *room, uint32_t worker);
// A second may have begun meanwhile, and 'value' is known to 'exact' seconds.
bool is_about(uint32_t value, uint32_t wanted, uint32_t exact);
// Any hash: a good mixing of a counter.
uint64_t mixed(uint64_t value);

#endif
