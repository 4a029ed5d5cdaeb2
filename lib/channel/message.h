// SPDX-License-Identifier: BSD-3-Clause
#ifndef CHANNEL_MESSAGE_H
#define CHANNEL_MESSAGE_H

#include <base/addr.h>
#include <channel/row.h>
#include <config/endpoint.h>
#include <stdbool.h>
#include <stdint.h>

// What goes over the channel. Each request is answered by any number of its own kind of reply rows
// and then by one MESSAGE_DONE or MESSAGE_ERROR; the records of an apply alone are not answered one
// by one: the first error in them is the answer to the commit. Bodies are the structs below and in
// row.h, or the configuration's records as they are; the receiver knows only their size to be
// right, so a name there may lack its zero. Counters are totals since the daemon started. A change
// of any body is a new CHANNEL_VERSION.
//
// A row each, in the order of their numbers: X(name, the struct of its body), or LINE(name), a line
// of text without a terminating zero. A request wants a row, its struct, and a case in control's
// server.c.
// clang-format off
#define MESSAGE_REQUESTS(X) \
	X(APPLY_BEGIN, message_apply) \
	X(APPLY_SERVICE, config_service) \
	X(APPLY_POOL, config_pool) \
	X(APPLY_BACKEND, config_backend) \
	/* Answered by TEXT lines (what changed), then DONE with the new version. */ \
	X(APPLY_COMMIT, message_nothing) \
	X(APPLY_ABORT, message_nothing) \
	X(SHOW, message_show) \
	/* Answered like a commit. */ \
	X(BACKEND_SET, message_backend_set) \
	/* It goes on by itself, whatever becomes of the client. */ \
	X(CAPTURE_BEGIN, message_capture) \
	/* Answered like the first by MESSAGE_SHOW_CAPTURE's row. */ \
	X(CAPTURE_END, message_capture_end) \
	/* Answered by rows, then DONE, where 'changes' is how many flows matched. */ \
	X(FLOWS, message_flows) \
	/* Answered by a ROW_EXPLAIN and, where there is a service, a ROW_EXPLAIN_FLOW a worker. */ \
	X(EXPLAIN, message_explain) \
	/* Answered like a commit. */ \
	X(ROLLBACK, message_rollback) \
	X(CONFIRM, message_confirm) \
	/* In place of a commit: answered by TEXT lines and a ROW_PLAN a pool, and nothing is changed. */ \
	X(PLAN, message_nothing) \
	/* Not answered: what the next BACKEND_SET of the session changes. */ \
	X(BACKEND_SELECT, message_backend_select) \
	/* Answered by rows in their order, then DONE, where 'changes' is the number of the newest. */ \
	X(EVENTS, message_events)
#define MESSAGE_REPLIES(X, LINE) \
	X(DONE, message_done) \
	X(ERROR, message_error) \
	LINE(TEXT) \
	X(ROW_SERVICE, message_row_service) \
	X(ROW_POOL, message_row_pool) \
	X(ROW_BACKEND, message_row_backend) \
	X(ROW_DROP, message_row_drop) \
	X(ROW_WORKER, message_row_worker) \
	X(ROW_PORT, message_row_port) \
	X(ROW_DAEMON, message_row_daemon) \
	X(ROW_CAPTURE, message_row_capture) \
	X(ROW_FLOW, message_row_flow) \
	X(ROW_EXPLAIN, message_row_explain) \
	X(ROW_EXPLAIN_FLOW, message_row_explain_flow) \
	X(ROW_HISTORY, message_row_history) \
	X(ROW_ZONE, message_row_zone) \
	X(ROW_VIP, message_row_vip) \
	X(ROW_PLAN, message_row_plan) \
	X(ROW_MEMORY, message_row_memory) \
	/* What a change takes out of service, where that is much; then an ERROR (ECANCELED), or a plan's rows. */ \
	LINE(LOSS) \
	X(ROW_EVENT, message_row_event)
// clang-format on

enum message_type {
	MESSAGE_NONE,
#define X(name, ...) MESSAGE_##name,
	MESSAGE_REQUESTS(X) MESSAGE_LAST_REQUEST = 63,
	MESSAGE_REPLIES(X, X)
#undef X
};

struct message_nothing {
};

enum message_show_what {
	MESSAGE_SHOW_SERVICES = 1,
	MESSAGE_SHOW_POOLS,
	MESSAGE_SHOW_BACKENDS,
	MESSAGE_SHOW_DROPS,
	MESSAGE_SHOW_WORKERS,
	MESSAGE_SHOW_PORTS,
	MESSAGE_SHOW_VERSION,
	MESSAGE_SHOW_CONFIG, // the running configuration as YAML, in MESSAGE_TEXT pieces, without its hash_key
	MESSAGE_SHOW_CAPTURE, // the present one, or else the last
	MESSAGE_SHOW_HISTORY, // newest first
	MESSAGE_SHOW_ZONES, // of each service
	MESSAGE_SHOW_VIPS,
	MESSAGE_SHOW_DIGEST, // two MESSAGE_TEXT lines, "config" and "tables" with their SHA-256 in hex
	MESSAGE_SHOW_MEMORY,
	MESSAGE_SHOW_SECRETS, // as MESSAGE_SHOW_CONFIG, with its hash_key: for root and the daemon's own user
};

struct message_apply {
	uint8_t hash_key[16];
	uint8_t hash_key_set;
	uint8_t zero[3];
	uint32_t service_count;
	uint32_t pool_count;
	uint32_t backend_count;
	uint64_t if_version; // 0: whatever runs
	uint32_t
		confirm_s; // taken back unless confirmed within so long, 1 .. MESSAGE_CONFIRM_MAX_S; 0: it is not
	uint32_t is_forced; // 1: whatever it takes out of service
};
_Static_assert(sizeof(struct message_apply) == 48, "goes over the channel as it is");

#define MESSAGE_CONFIRM_MAX_S 86400u

struct message_show {
	uint32_t what; // enum message_show_what
	uint32_t zero;
};
_Static_assert(sizeof(struct message_show) == 8, "goes over the channel as it is");

// What becomes of the flows that are left when a drain's deadline has passed.
enum message_then { MESSAGE_THEN_KEEP, MESSAGE_THEN_RESET, MESSAGE_THEN_REHASH };

// Backends that are changed together: the one of that name, or all that match what is set. Nobody:
// the whole change is refused.
struct message_backend_select {
	char name[2 * CONFIG_NAME_SIZE]; // "pool/backend" or "backend"; ""
	char pool[CONFIG_NAME_SIZE]; // ""
	char zone[CONFIG_NAME_SIZE]; // ""
	struct addr address; // ADDR_NONE
};
_Static_assert(sizeof(struct message_backend_select) == 276, "goes over the channel as it is");

struct message_backend_set {
	char name[2 *
		  CONFIG_NAME_SIZE]; // "pool/backend" or "backend"; "": those that were selected
	uint32_t state; // enum config_backend_state; UNSET: unchanged
	uint32_t weight; // 0..65535; UINT32_MAX: unchanged
	uint32_t deadline_s; // with CONFIG_STATE_DRAINING: from now on; 0: none
	uint32_t then; // enum message_then
};
_Static_assert(sizeof(struct message_backend_set) == 144, "goes over the channel as it is");

#define MESSAGE_CAPTURE_PACKETS_MAX 1000000u
#define MESSAGE_CAPTURE_MS_MAX      3600000u

struct message_capture {
	char service[CONFIG_NAME_SIZE]; // "": any VIP's packets, and all that are dropped
	char path[1024]; // absolute; a file that is not there yet
	uint32_t packets; // it ends at so many, 1..MESSAGE_CAPTURE_PACKETS_MAX
	uint32_t duration_ms; // or after so long, 1..MESSAGE_CAPTURE_MS_MAX
	uint32_t snap_size; // bytes of each packet that are kept, 64..16384
	uint32_t drops_only; // 1: only what is dropped
};
_Static_assert(sizeof(struct message_capture) == 1104, "goes over the channel as it is");

struct message_capture_end {
	uint64_t id;
};
_Static_assert(sizeof(struct message_capture_end) == 8, "goes over the channel as it is");

#define MESSAGE_FLOWS_MAX 100000u

// Which flows to list; all that is set must match.
struct message_flows {
	char service[CONFIG_NAME_SIZE]; // ""
	char backend[2 * CONFIG_NAME_SIZE]; // "pool/backend" or "backend"; ""
	struct prefix clients; // ADDR_NONE
	uint32_t limit; // rows at most, 0 .. MESSAGE_FLOWS_MAX
};
_Static_assert(sizeof(struct message_flows) == 220, "goes over the channel as it is");

// Events from one on.
struct message_events {
	uint64_t after; // number; those behind it
	uint64_t
		started_s; // ROW_EVENT's, of whoever 'after' is; of another daemon all are new. 0: whoever runs
};
_Static_assert(sizeof(struct message_events) == 16, "goes over the channel as it is");

struct message_explain {
	struct addr source;
	struct addr destination; // of the same family
	uint16_t source_port;
	uint16_t destination_port;
	uint8_t protocol; // enum config_protocol
	uint8_t tcp_flags; // as in the TCP header
	uint8_t ttl; // or hop limit
	uint8_t zero;
};
_Static_assert(sizeof(struct message_explain) == 48, "goes over the channel as it is");

struct message_rollback {
	uint64_t version; // one of MESSAGE_SHOW_HISTORY's
	uint32_t confirm_s; // as in struct message_apply
	uint32_t is_forced;
};
_Static_assert(sizeof(struct message_rollback) == 16, "goes over the channel as it is");

struct message_confirm {
	uint32_t takes_back; // 1: what waits for its confirmation is taken back at once
	uint32_t zero;
};
_Static_assert(sizeof(struct message_confirm) == 8, "goes over the channel as it is");

struct message_done {
	uint64_t version; // of the configuration now in force
	uint64_t changes;
	uint32_t
		is_unkept; // 1: it is in force, and the state folder does not have it: a restart would not find it
	uint32_t zero;
};
_Static_assert(sizeof(struct message_done) == 24, "goes over the channel as it is");

struct message_error {
	int32_t code; // a positive errno
	uint32_t zero;
	char text[ERROR_SIZE];
};
_Static_assert(sizeof(struct message_error) == 520, "goes over the channel as it is");

// True where a message of that type has a body of that size.
bool message_size_valid(uint16_t type, uint32_t size);
// True for what a client may send, with its size.
bool message_is_request(uint16_t type, uint32_t size);

#endif
