// SPDX-License-Identifier: BSD-3-Clause
#ifndef HALFOPEN_HALFOPEN_PRIVATE_H
#define HALFOPEN_HALFOPEN_PRIVATE_H

#include <base/map.h>
#include <halfopen/halfopen.h>
#include <halfopen/packet.h>
#include <halfopen/relay.h>
#include <running/running.h>

#define HALFOPEN_INTERFACES 16 // whose addresses are kept
#define HALFOPEN_SENT       16384 // SYNs that are known when their answer comes late

// What this machine asks a VIP of a family from.
struct halfopen_own_address {
	uint32_t ifindex; // 0: an empty place
	uint8_t family;
	struct addr address; // ADDR_NONE: there is none
};

// Whom a SYN went to.
struct halfopen_sent {
	uint32_t count; // halfopen->count then
	uint32_t backend; // reference
	uint16_t service; // index
};

// What is known of the backend with that reference.
struct halfopen_account {
	uint32_t backend;
	struct halfopen_view view;
};

struct halfopen {
	struct halfopen_needs needs;
	struct map attempts; // struct halfopen_attempt, by sequence number
	struct event *poll;
	bool polls_late; // nothing is awaited but what comes too late
	uint32_t count; // of SYNs: their ports and sequence numbers
	struct halfopen_own_address own[HALFOPEN_INTERFACES];
	struct halfopen_account *accounts; // by the backend's index
	struct halfopen_sent sent[HALFOPEN_SENT];
};

// One SYN.
struct halfopen_attempt {
	struct map_node node;
	struct halfopen_probe *probe;
	struct halfopen_connection connection;
	uint16_t service; // index
	uint16_t most_mss; // that the path has room for
	bool tunnels;
	bool awaited; // its answer; it stands in the map
};

// One probe of one backend.
struct halfopen_probe {
	struct halfopen *halfopen;
	struct probe_request request;
	uint32_t backend; // reference
	uint32_t count;
	uint32_t left;
	uint64_t started_ns;
	uint16_t mss; // see struct halfopen_view
	uint16_t mss_most;
	struct probe_result result;
	struct halfopen_attempt attempts[];
};

// --- halfopen.c ---

uint32_t halfopen_hash(const struct halfopen_connection *connection);
// A SYN-ACK that came by a tunnel.
void halfopen_note_mss(struct halfopen_probe *probe, uint16_t mss, uint16_t most);
// The probe has ended.
void halfopen_record(const struct halfopen_probe *probe, enum probe_outcome outcome);
// The address to ask a VIP of 'family' from, at the backend with the index. False: there is none.
bool halfopen_own_address(
	struct halfopen *halfopen, uint32_t index, uint8_t family, struct addr *out);

// --- probe.c ---

// The backend forgets the connection, whether its answer came or not.
void halfopen_give_up(struct halfopen_attempt *attempt);
// A SYN-ACK that comes when the probe is over: the RST got lost, or overtook the SYN.
void halfopen_reset_late(struct halfopen *halfopen, const struct halfopen_connection *connection);
// Of an answer that leaves nothing to forget.
void halfopen_settle(struct halfopen_attempt *attempt);
void halfopen_probe_free(struct halfopen_probe *probe);

// --- answers.c ---

// Looks for the workers' answers.
void halfopen_poll(int fd, short what, void *context);
void halfopen_poll_later(struct halfopen *halfopen);

// --- words.c ---

// "through the path to 203.0.113.10:443: <what>"
void halfopen_say(struct probe_result *result, enum probe_outcome outcome,
	const struct halfopen_connection *connection, const char *what);
void halfopen_say_timeout(struct probe_result *result, const struct halfopen_connection *connection,
	bool tunnels, const char *timeout);
void halfopen_say_error(struct probe_result *result, const struct halfopen_connection *connection,
	const struct halfopen_answer *answer);
// Where the SYN-ACK asks for larger segments than 'most'.
void halfopen_remark_mss(struct probe_result *result, uint16_t mss, uint16_t most);

#endif
