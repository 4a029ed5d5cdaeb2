// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONTROL_HALF_OPEN_PRIVATE_H
#define CONTROL_HALF_OPEN_PRIVATE_H

#include <base/map.h>
#include <control/control_private.h>
#include <control/half_open.h>
#include <halfopen/packet.h>

#define HALF_OPEN_INTERFACES 16 // whose addresses are kept
#define HALF_OPEN_SENT       16384 // SYNs that are known when their answer comes late

// What this machine asks a VIP of a family from.
struct own_address {
	uint32_t ifindex; // 0: an empty place
	uint8_t family;
	struct addr address; // ADDR_NONE: there is none
};

// Whom a SYN went to.
struct sent {
	uint32_t count; // half_opens->count then
	uint32_t backend; // reference
	uint16_t service; // index
};

// What is known of the backend with that reference.
struct half_open_account {
	uint32_t backend;
	struct half_open_view view;
};

struct half_opens {
	struct control *control;
	struct map attempts; // struct attempt, by sequence number
	struct event *poll;
	bool polls_late; // nothing is awaited but what comes too late
	uint32_t count; // of SYNs: their ports and sequence numbers
	struct own_address own[HALF_OPEN_INTERFACES];
	struct half_open_account *accounts; // by the backend's index
	struct sent sent[HALF_OPEN_SENT];
};

// One SYN.
struct attempt {
	struct map_node node;
	struct half_open_probe *probe;
	struct half_open connection;
	uint16_t service; // index
	uint16_t most_mss; // that the path has room for
	bool tunnels;
	bool awaited; // its answer; it stands in the map
};

// One probe of one backend.
struct half_open_probe {
	struct half_opens *half_opens;
	struct probe_request request;
	uint32_t backend; // reference
	uint32_t count;
	uint32_t left;
	uint64_t started_ns;
	uint16_t mss; // see struct half_open_view
	uint16_t mss_most;
	struct probe_result result;
	struct attempt attempts[];
};

// --- half_open.c ---

uint32_t half_open_hash(const struct half_open *connection);
// The backend forgets the connection, whether its answer came or not.
void half_open_give_up(struct attempt *attempt);
// A SYN-ACK that comes when the probe is over: the RST got lost, or overtook the SYN.
void half_open_reset_late(struct half_opens *half_opens, const struct half_open *connection);
// Of an answer that leaves nothing to forget.
void half_open_settle(struct attempt *attempt);
void half_open_probe_free(struct half_open_probe *probe);

// --- half_open_account.c ---

// A SYN-ACK that came by a tunnel.
void half_open_note_mss(struct half_open_probe *probe, uint16_t mss, uint16_t most);
// The probe has ended.
void half_open_record(const struct half_open_probe *probe, enum probe_outcome outcome);

// --- half_open_take.c ---

// Looks for the workers' answers.
void half_open_poll(int fd, short what, void *context);
void half_open_poll_later(struct half_opens *half_opens);

// --- half_open_words.c ---

// "through the path to 203.0.113.10:443: <what>"
void half_open_say(struct probe_result *result, enum probe_outcome outcome,
	const struct half_open *connection, const char *what);
void half_open_say_timeout(struct probe_result *result, const struct half_open *connection,
	bool tunnels, const char *timeout);
void half_open_say_error(struct probe_result *result, const struct half_open *connection,
	const struct half_open_answer *answer);
// Where the SYN-ACK asks for larger segments than 'most'.
void half_open_remark_mss(struct probe_result *result, uint16_t mss, uint16_t most);

// --- half_open_address.c ---

// The address to ask a VIP of 'family' from, at the backend with the index. False: there is none.
bool half_open_own_address(
	struct half_opens *half_opens, uint32_t index, uint8_t family, struct addr *out);

#endif
