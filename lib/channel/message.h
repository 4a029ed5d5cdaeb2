// SPDX-License-Identifier: BSD-3-Clause
#ifndef CHANNEL_MESSAGE_H
#define CHANNEL_MESSAGE_H

#include <base/addr.h>
#include <config/endpoint.h>
#include <packet/counter.h>
#include <stdbool.h>
#include <stdint.h>

// What goes over the channel. Each request is answered by any number of its own kind of reply rows
// and then by one MESSAGE_DONE or MESSAGE_ERROR; the records of an apply alone are not answered one
// by one: the first error in them is the answer to the commit. Bodies are the structs below, or the
// configuration's records as they are; the receiver knows only their size to be right, so a name
// there may lack its zero. Counters are totals since the daemon started. A change of any body is a
// new CHANNEL_VERSION.
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

struct message_row_service {
	char name[CONFIG_NAME_SIZE];
	char pool[CONFIG_NAME_SIZE];
	struct addr vip;
	uint16_t port_first; // of the first of its ranges
	uint16_t port_last;
	uint16_t target_port;
	uint8_t forwarding;
	uint8_t zero_too;
	uint32_t backends_usable; // active, up and with a next hop
	uint32_t backends;
	uint32_t zero;
	uint64_t packets;
	uint64_t bytes;
	uint64_t new_flows;
	char protocols[CONFIG_PROTOCOLS_TEXT_SIZE]; // "tcp", "udp", "tcp,udp"
	char ports[CONFIG_PORTS_TEXT_SIZE]; // "443", "80,443,8000-8010", "any"
};
_Static_assert(sizeof(struct message_row_service) == 584, "goes over the channel as it is");

struct message_row_pool {
	char name[CONFIG_NAME_SIZE];
	uint32_t backends_usable;
	uint32_t backends;
	uint32_t table_size;
	uint32_t table_generation; // counts the tables built since the start
	uint32_t backends_kept; // in service by 'max_down_percent'
	uint32_t max_down_percent; // 0: it has no floor
	uint64_t packets;
	uint64_t bytes;
};
_Static_assert(sizeof(struct message_row_pool) == 104, "goes over the channel as it is");

// As enum health_status, and one more.
enum message_health {
	MESSAGE_HEALTH_UNKNOWN,
	MESSAGE_HEALTH_UP,
	MESSAGE_HEALTH_DOWN,
	MESSAGE_HEALTH_PARTLY, // up for some services of its pool, and not for others
};

struct message_row_backend {
	char name[CONFIG_NAME_SIZE];
	char pool[CONFIG_NAME_SIZE];
	char zone[CONFIG_NAME_SIZE];
	struct addr address;
	uint16_t weight;
	uint8_t state; // enum config_backend_state
	uint8_t health; // enum message_health
	uint32_t share_ppm; // of its pool's slots, over all services of the pool
	uint32_t flows;
	uint32_t oldest_s; // age of its oldest flow
	uint32_t
		drain_left_s; // until the deadline of its drain; 0: there is none, or it has passed
	uint64_t since_s; // wall clock: when the health last changed
	uint32_t downs; // how often it went down
	uint32_t is_kept; // 1: in service although its health is down, by 'max_down_percent'
	uint64_t packets;
	uint64_t bytes;
	uint64_t new_flows;
	uint32_t syn_repeats; // SYNs that clients sent it again; wraps
	uint32_t syn_resets; // RSTs of clients right after their SYN; wraps
	// Why it is not up, or why it takes no new flow; else when its certificate ends, where a
	// probe saw one; "" otherwise.
	char reason[128];
};
_Static_assert(sizeof(struct message_row_backend) == 408, "goes over the channel as it is");

struct message_row_drop {
	char name[32];
	char text[96];
	uint64_t packets;
};
_Static_assert(sizeof(struct message_row_drop) == 136, "goes over the channel as it is");

struct message_row_worker {
	uint32_t index;
	uint32_t core;
#define X(member, ...) uint64_t member;
	PACKET_COUNTERS(X)
#undef X
	uint64_t dropped;
	uint64_t flows;
	uint64_t flow_capacity;
	uint64_t busy_ppm; // share of its rounds in which it had packets
	uint64_t stuck_ms; // for how long it has stood still; 0: it runs
};

struct message_row_port {
	char name[16];
	char device[128];
	char kernel_interface[16];
	char mac[18];
	uint16_t mtu;
	char rss[64]; // what spreads its packets over the queues, or "off"
	uint32_t queues;
	uint32_t link_up;
	uint32_t link_mbps;
	uint64_t rx_packets;
	uint64_t rx_bytes;
	uint64_t tx_packets;
	uint64_t tx_bytes;
	uint64_t rx_missed;
	uint64_t tx_full; // packets that found the transmit queue full
	uint64_t
		rx_checksum_partial; // packets that came with a partial checksum, and were given a whole one
};
_Static_assert(sizeof(struct message_row_port) == 312, "goes over the channel as it is");

struct message_row_daemon {
	char version[32];
	char dpdk[48];
	uint32_t pid;
	uint32_t workers;
	uint64_t started_s; // wall clock
	uint64_t config_version;
	uint64_t applied_s; // wall clock
	uint64_t apply_us; // from the commit to the moment when every worker used the new snapshot
	uint32_t hash_key_secret;
	uint32_t is_unkept; // 1: as in DONE
	uint32_t state_late_s; // for how long the state folder has taken nothing of what waits; 0
	uint32_t
		confirm_left_s; // until the configuration is taken back unless it is confirmed; 0: it need not be
	uint64_t confirm_before; // the version that comes back then
	char pools[256]; // the file or folder that the daemon reads by itself; ""
	char pools_refused[256]; // why it was not put in force when it was read last; ""
};
_Static_assert(sizeof(struct message_row_daemon) == 656, "goes over the channel as it is");

struct message_row_capture {
	uint64_t id; // counts the captures since the daemon started; 0: there was none
	uint64_t packets; // in the file
	uint64_t missed; // came faster than they could be written
	uint64_t bytes;
	uint32_t running;
	uint32_t code; // why it ended early, a positive errno; 0
};
_Static_assert(sizeof(struct message_row_capture) == 40, "goes over the channel as it is");

enum message_flow_state {
	MESSAGE_FLOW_NEW = 1, // TCP, SYN seen, nothing after it
	MESSAGE_FLOW_ESTABLISHED,
	MESSAGE_FLOW_CLOSING, // TCP, the client's RST seen
	MESSAGE_FLOW_UDP,
	MESSAGE_FLOW_FINISHED, // TCP, the client's FIN seen, nothing after it
	MESSAGE_FLOW_HALF_CLOSED, // TCP, the client's FIN seen, and acknowledgments after it
};

struct message_row_flow {
	char service[CONFIG_NAME_SIZE]; // "": no longer configured
	char pool[CONFIG_NAME_SIZE];
	char backend[CONFIG_NAME_SIZE]; // "": gone
	struct addr client;
	uint16_t client_port; // 0 where the protocol has none
	uint8_t state; // enum message_flow_state
	uint8_t zero;
	uint32_t worker;
	uint32_t age_s; // since it began, to 8 s; stops counting at 16 hours
	uint32_t idle_s; // since its last packet
};
_Static_assert(sizeof(struct message_row_flow) == 228, "goes over the channel as it is");

// What a packet without a service is answered by, as the last one of a traceroute.
enum message_answer {
	MESSAGE_ANSWER_NONE,
	MESSAGE_ANSWER_RESET,
	MESSAGE_ANSWER_PORT_UNREACHABLE,
};

struct message_row_explain {
	char service[CONFIG_NAME_SIZE]; // "": 'drop' says why, or it goes to the kernel
	char pool[CONFIG_NAME_SIZE];
	char current[CONFIG_NAME_SIZE]; // the backend by the pool's table; "": there is none
	char previous
		[CONFIG_NAME_SIZE]; // where most living connections of the slot began, where that is told apart
	char drop[32]; // label of the reason; ""
	char zones
		[128]; // what each zone gets of the service's new flows: "prefers zones: a 71.4%, b 28.6%"; ""
	uint32_t to_kernel; // 1: it is for no VIP
	uint32_t slot;
	uint32_t slots; // 0: nobody is usable, or there is no service
	uint32_t answer; // enum message_answer: in place of 'drop'
};
_Static_assert(sizeof(struct message_row_explain) == 432, "goes over the channel as it is");

enum message_by_rss {
	MESSAGE_BY_RSS_UNKNOWN, // the card does not tell, or the ports do not agree
	MESSAGE_BY_RSS_NO,
	MESSAGE_BY_RSS_YES,
};

// What one worker would do.
struct message_row_explain_flow {
	char flow_backend
		[CONFIG_NAME_SIZE]; // that the flow table has; "": it is gone, or the flow is not known
	char backend[CONFIG_NAME_SIZE]; // that the packet goes to; "": to none
	char zone[CONFIG_NAME_SIZE]; // of that backend; "": it has none
	char drop[32]; // label of the reason; ""
	char reason[128]; // of the backend, as in ROW_BACKEND
	char port[16]; // "": the next hop is not resolved
	char source_mac[18];
	char next_hop_mac[18];
	struct addr address; // of the backend
	uint32_t worker;
	uint8_t is_known; // 1: the flow is in the worker's table
	uint8_t flow_state; // enum message_flow_state
	uint8_t hit; // 1: what the table has decided it
	uint8_t by_previous; // 1: a table that is remembered decided it
	uint8_t resets; // 1: the client is sent a RST by on_down
	uint8_t state; // of the backend, enum config_backend_state
	uint8_t health; // enum health_status
	uint8_t by_rss; // enum message_by_rss: whether the ports give it such packets
	uint32_t age_s;
	uint32_t idle_s;
	uint16_t path_mtu;
	uint16_t room; // the largest packet of the client that is forwarded whole
	uint8_t rejects; // 1: the client is told by a RST or ICMP that nobody can serve, by on_all_down
	uint8_t zero[3];
};
_Static_assert(sizeof(struct message_row_explain_flow) == 452, "goes over the channel as it is");

// How a version came in force.
enum message_history_kind {
	MESSAGE_HISTORY_APPLY,
	MESSAGE_HISTORY_BACKEND, // a change of one backend
	MESSAGE_HISTORY_ROLLBACK, // to version 'of'
	MESSAGE_HISTORY_TAKEN_BACK, // somebody took version 'of' back
	MESSAGE_HISTORY_EXPIRED, // nobody confirmed version 'of'
	MESSAGE_HISTORY_FILE, // the daemon read it from the file that its own file names
};

struct message_row_history {
	uint64_t version;
	uint64_t applied_s; // wall clock
	uint64_t of; // see the kinds; 0
	uint32_t
		uid; // of the process that put it in force, the daemon's own where nobody asked; UINT32_MAX: unknown
	uint32_t pid; // 0: unknown
	uint32_t kind; // enum message_history_kind
	uint32_t running; // 1: it is in force
	uint32_t confirm_left_s; // as in ROW_DAEMON
	uint32_t confirmed_by; // the user's number and 1 of who confirmed it; 0: nobody, or unknown
	uint32_t confirmed_pid; // 0
	uint32_t
		tried_by; // likewise of who had applied version 'of', which was taken back or not confirmed
	uint32_t tried_pid;
	uint32_t zero;
};
_Static_assert(sizeof(struct message_row_history) == 64, "goes over the channel as it is");

struct message_row_zone {
	char service[CONFIG_NAME_SIZE];
	char pool[CONFIG_NAME_SIZE];
	char zone[CONFIG_NAME_SIZE]; // "": of backends without one
	uint32_t rank; // among the zones that the service prefers, from 1; 0: it is none of them
	uint32_t backends_usable; // active, up and with a next hop
	uint32_t backends;
	uint32_t share_ppm; // of the service's new flows
	uint64_t weight_able; // of the backends that can serve, as much as their slow start gives
	uint64_t weight; // of all
};
_Static_assert(sizeof(struct message_row_zone) == 224, "goes over the channel as it is");

enum message_vip_state {
	MESSAGE_VIP_UNMANAGED, // its services' mode is none
	MESSAGE_VIP_ANNOUNCED,
	MESSAGE_VIP_SUPPRESSED, // a service lacks its quorum, or the daemon is about to stop
	MESSAGE_VIP_HOLDING, // the quorum is back; announced when it has held
	MESSAGE_VIP_FAILED, // it is to be announced, and the kernel does not take it
};

struct message_row_vip {
	struct addr vip;
	uint8_t mode; // enum config_announce_mode
	uint8_t state; // enum message_vip_state
	uint16_t zero;
	uint32_t services;
	uint32_t hold_ms;
	uint32_t metric; // of its route, as the configuration has it; 0: the kernel's own
	uint32_t zero_too;
	uint64_t since_s; // wall clock: when it was announced, or was no longer; 0: it never is
	char interface[16]; // one that the kernel has it on; ""
	char reason[128]; // why it is not announced, or the kernel does not have it; ""
};
_Static_assert(sizeof(struct message_row_vip) == 192, "goes over the channel as it is");

enum message_plan_change { MESSAGE_PLAN_KEPT, MESSAGE_PLAN_ADDED, MESSAGE_PLAN_REMOVED };

// What a change would do to a pool, once its new backends are up. The flows are those that the
// workers know.
struct message_row_plan {
	char pool[CONFIG_NAME_SIZE];
	uint32_t change; // enum message_plan_change
	uint32_t zero;
	uint64_t slots; // of its tables, one a view
	uint64_t slots_moved; // to another backend
	uint64_t flows_kept; // stay, and the table says so too
	uint64_t flows_remembered; // stay, because the workers or the tables before remember it
	uint64_t flows_ended; // go to another backend, or nowhere
	uint64_t flows_not_judged; // of services with many ports, beyond what could be tried
};
_Static_assert(sizeof(struct message_row_plan) == 120, "goes over the channel as it is");

// A part of the daemon's memory, or a sum of them.
struct message_row_memory {
	char part[32];
	char unit[16]; // what is counted; ""
	char place[16]; // "dpdk", "heap", "channel"; of what the kernel says: "kernel"
	uint64_t count;
	uint64_t bytes_each; // rounded down; 0 where nothing is counted
	uint64_t bytes;
	uint32_t is_sum; // 1: other rows are in it
	uint32_t zero;
};
_Static_assert(sizeof(struct message_row_memory) == 96, "goes over the channel as it is");

struct message_row_event {
	uint64_t sequence; // counts from 1 since the daemon started, without a gap
	uint64_t time_ms; // wall clock
	uint64_t started_s; // wall clock: when the daemon started
	uint64_t version; // of a configuration; 0
	uint32_t by; // the user's number and 1 of whose wish it was; 0: nobody's, or unknown
	uint32_t pid; // 0
	char kind[16];
	char level[8]; // as in the log: "info", "warning", "error"
	char before[16];
	char after[16];
	char object[144];
	char message[256];
};
_Static_assert(sizeof(struct message_row_event) == 496, "goes over the channel as it is");

// True where a message of that type has a body of that size.
bool message_size_valid(uint16_t type, uint32_t size);
// True for what a client may send, with its size.
bool message_is_request(uint16_t type, uint32_t size);

#endif
