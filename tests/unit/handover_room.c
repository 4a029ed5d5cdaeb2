// SPDX-License-Identifier: BSD-3-Clause
#include "handover_room.h"

#include <flow/flow_inline.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
// cmocka wants the headers above first
#include <cmocka.h>

const char room_yaml[] =
	"services:\n"
	"  - {name: web, vip: 203.0.113.10, protocol: tcp, port: 443, pool: one}\n"
	"  - {name: web6, vip: '2001:db8::10', protocol: tcp, port: 443, pool: one}\n"
	"  - {name: dns, vip: 203.0.113.10, protocol: udp, port: 53, pool: two}\n"
	"  - {name: many, vip: 203.0.113.11, protocol: tcp, ports: 1000-1999, pool: one}\n"
	"pools:\n"
	"  - {name: one, backends: [{name: a, address: 10.0.0.1}, {name: b, address: 10.0.0.2}]}\n"
	"  - {name: two, backends: [{name: a, address: 10.0.0.3}]}\n";

const struct flow room_flows[FLOWS] = {
	{"web", "one/a", "198.51.100.7", 40000, FLOW_ESTABLISHED, 3600, 10},
	{"web", "one/b", "198.51.100.7", 40001, FLOW_NEW, 20, 20},
	{"web", "one/b", "198.51.100.8", 40001, FLOW_CLOSING, 320, 1},
	{"web", "one/a", "255.255.255.255", 65535, FLOW_ESTABLISHED, 0, 0},
	{"web6", "one/b", "2001:db8:1::7", 40002, FLOW_ESTABLISHED, 14000, 14000},
	{"dns", "two/a", "198.51.100.7", 5353, FLOW_UDP, 32, 5},
};

int room_enter(void **state)
{
	struct room *room = calloc(1, sizeof(*room));

	if (room == NULL)
		return -1;
	*state = room;
	strcpy(room->folder, "/tmp/fulcrum-handover-XXXXXX");
	if (mkdtemp(room->folder) == NULL)
		return -1;
	snprintf(room->path, sizeof(room->path), "%s/flows", room->folder);
	return 0;
}

static void room_stop(struct room *room)
{
	if (room->is_running)
		side_free(&room->side);
	room->is_running = false;
}

int room_leave(void **state)
{
	struct room *room = *state;
	int rc;

	room_stop(room);
	flows_file_remove(room->folder, FLOWS_FILE_CHECKPOINT); // what was taken and is retained
	rc = rmdir(room->folder);
	free(room);
	return rc;
}

void room_start_as(struct room *room, const char *before, const char *yaml, uint32_t workers,
	uint64_t capacity)
{
	room_stop(room);
	side_init(&room->side, room->folder, before, yaml, workers, capacity);
	room->is_running = true;
}

void room_start(struct room *room, uint32_t workers)
{
	room_start_as(room, NULL, room_yaml, workers, HANDOVER_CAPACITY);
}

int room_save(struct room *room)
{
	return handover_save(
		&room->side.handover, NULL, room->side.budget_ns, &room->count, &room->err);
}

int room_restore(struct room *room)
{
	return handover_restore(
		&room->side.handover, room->side.file, room->side.past, &room->count, &room->err);
}

static uint64_t hash_of(const struct room *room, const struct flow *flow)
{
	return side_hash(&room->side, flow->service, flow->client, flow->port);
}

void room_add(struct room *room, uint32_t worker, const struct flow *flow)
{
	side_add(&room->side, worker, hash_of(room, flow), flow->client, flow->port, flow->service,
		flow->backend, flow->state, flow->age_s, flow->idle_s);
}

void room_add_all(struct room *room)
{
	for (uint32_t i = 0; i < FLOWS; i++)
		room_add(room, i % room->side.handover.worker_count, &room_flows[i]);
}

void room_save_all(struct room *room, const char *before, uint32_t workers)
{
	room_start_as(room, before, room_yaml, workers, HANDOVER_CAPACITY);
	room_add_all(room);
	assert_int_equal(room_save(room), 0);
	assert_int_equal(room->count.done, FLOWS);
	assert_false(room->count.is_cut);
}

bool room_knows(const struct room *room, uint32_t worker, const struct flow *flow)
{
	struct flow_row row;

	return side_find(&room->side, worker, hash_of(room, flow), flow->port, &row);
}

bool is_about(uint32_t value, uint32_t wanted, uint32_t exact)
{
	return value + 1 >= wanted && value <= wanted + exact + 2;
}

void room_assert_knows(const struct room *room, uint32_t worker, const struct flow *flow)
{
	const struct side *side = &room->side;
	struct flow_row row;

	assert_true(side_find(side, worker, hash_of(room, flow), flow->port, &row));
	assert_int_equal(row.backend, side_backend(side, flow->backend));
	assert_int_equal(row.service, side_service(side, flow->service));
	assert_int_equal(row.state, flow->state);
	assert_true(is_about(row.age_s, flow->age_s, 32)); // a beginning is known to 16
	assert_true(is_about(row.idle_s, flow->idle_s, 0));
}

uint32_t room_count_rows(const struct room *room, uint32_t worker)
{
	const struct side *side = &room->side;
	struct flow_row rows[FLOW_WAYS];
	uint32_t count = 0;

	for (uint32_t b = 0; b < flow_table_buckets(side->tables[worker]); b++)
		count += flow_read_bucket(side->tables[worker], b, side->snapshot.ttls,
			side->snapshot.service_capacity, side_now_s(), rows);
	return count;
}

uint64_t mixed(uint64_t value)
{
	value = (value + 1) * 0x9e3779b97f4a7c15;
	value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
	return value ^ (value >> 27);
}
