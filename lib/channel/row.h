// SPDX-License-Identifier: BSD-3-Clause
#ifndef CHANNEL_ROW_H
#define CHANNEL_ROW_H

#include <base/addr.h>
#include <config/endpoint.h>
#include <packet/counter.h>
#include <stdbool.h>
#include <stdint.h>

// The rows that requests are answered by, one a message (message.h).

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

#endif
