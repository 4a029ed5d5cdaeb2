// SPDX-License-Identifier: BSD-3-Clause
#ifndef UNIT_SELECT_ROOM_H
#define UNIT_SELECT_ROOM_H

#include <config/config.h>
#include <judge/select.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
// cmocka wants the headers above first
#include <cmocka.h>

// What the tests of select's rules share: a pool of three backends, and a flow table.

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

// Two pools' worth of backends: the current table has 'a' alone, the previous one 'b' alone, so
// that what was chosen tells by which table. 'c' is in neither: only an entry leads there.
enum { A, B, C, BACKENDS };
#define SERVICE 5
#define NOW     1000
#define PORT    0x1234
#define HASH    0x123456789abcdef0ull

struct fixture {
	struct config *config;
	struct snapshot *first;
	struct snapshot *snapshot;
	struct flow_table *flows;
	struct select_input in;
};

static const char yaml[] =
	"services:\n  - {name: s, vip: 203.0.113.10, protocol: tcp, port: 443, pool: p}\n"
	"pools:\n  - name: p\n    backends:\n"
	"      - {name: a, address: 10.0.1.1}\n"
	"      - {name: b, address: 10.0.1.2}\n"
	"      - {name: c, address: 10.0.1.3}\n";

static inline struct snapshot *build(struct fixture *f, const enum backend_status status[BACKENDS],
	uint8_t c_generation, const struct snapshot *previous)
{
	static const uint16_t services[] = {SERVICE};
	struct snapshot_backend_input backends[BACKENDS];
	struct snapshot_input input = {.config = f->config,
		.backends = backends,
		.services = services,
		.backend_capacity = 8,
		.service_capacity = 8};
	struct snapshot *snapshot = NULL;

	for (uint32_t i = 0; i < BACKENDS; i++)
		backends[i] = (struct snapshot_backend_input){
			.reference = backend_reference(i, i == C ? c_generation : 0),
			.status = status[i],
			.resolved = true,
			.outer_source = {.bytes = {10, 0, 0, 2}, .family = ADDR_IPV4},
		};
	assert_int_equal(snapshot_build(&input, previous, &snapshot, NULL), 0);
	return snapshot;
}

// 'b' and 'c' are as the case says; a draining 'b' is in no table of its own making but the
// previous one.
static inline void set_up(struct fixture *f, enum backend_status b, enum backend_status c,
	enum config_on_down on_down)
{
	static const enum backend_status only_b[BACKENDS] = {
		BACKEND_DISABLED, BACKEND_UP, BACKEND_DISABLED};
	const enum backend_status now[BACKENDS] = {BACKEND_UP, b, c};
	struct error err = {{0}};
	void *memory;

	memset(f, 0, sizeof(*f));
	if (config_load_text("test", yaml, strlen(yaml), &f->config, NULL, NULL, &err) != 0)
		fail_msg("%s", err.text);
	f->config->pools[0].on_down = (uint8_t)on_down;
	f->first = build(f, only_b, 0, NULL);
	f->snapshot = build(f, now, 0, f->first);
	memory = aligned_alloc(64, flow_table_footprint(1024));
	memset(memory, 0, flow_table_footprint(1024));
	f->flows = flow_table_new(memory, 1024);
	f->in = (struct select_input){
		.snapshot = f->snapshot,
		.view = &f->snapshot->views[0],
		.ttl = &f->snapshot->ttls[SERVICE],
		.flows = f->flows,
		.slot_hash = HASH,
		.flow_hash = HASH,
		.client_port_be = PORT,
		.now_s = NOW,
	};
}

static inline void tear_down(struct fixture *f)
{
	snapshot_free(f->first);
	snapshot_free(f->snapshot);
	config_free(f->config);
	free(f->flows);
}

static inline void set_payload(struct fixture *f, bool has_payload)
{
	static const struct tcp_header header = {.offset = 5 << 4};

	f->in.tcp = &header;
	f->in.tcp_size = sizeof(header) + has_payload;
}

static inline void enter(struct fixture *f, uint32_t backend, enum flow_state state)
{
	struct flow_begin begin = {.hash = HASH,
		.client = flow_client_from_ipv4_be(be32(0xc6336407)),
		.client_port = PORT,
		.service = SERVICE,
		.backend = backend,
		.state = state};

	flow_insert(f->flows, &begin, f->snapshot->ttls, 8, NOW);
}

static inline bool entry(struct fixture *f, struct flow_ref *ref)
{
	return flow_find(f->flows, HASH, PORT, f->in.ttl, NOW, ref);
}

#endif
