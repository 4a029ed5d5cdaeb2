// SPDX-License-Identifier: BSD-3-Clause
#ifndef HALFOPEN_RELAY_H
#define HALFOPEN_RELAY_H

#include <halfopen/packet.h>
#include <stdbool.h>
#include <stdint.h>

// Half-open probes on their way: the control lcore makes a packet, a worker sends it to a backend
// as it sends a client's, and hands back what comes in answer. A pair of rings a worker, each with
// one writer and one reader. Made before the workers run, freed after.

// The probes' own source ports, above those that the kernel gives to its sockets
// (net.ipv4.ip_local_port_range).
#define RELAY_PORT_FIRST 64512u
#define RELAY_PORT_COUNT 1024u

struct relay_packet {
	uint32_t backend; // reference
	uint32_t entropy; // for the outer source, where the pool draws it
	uint16_t service;
	uint16_t size;
	uint8_t bytes[HALFOPEN_SIZE_MAX];
};
_Static_assert(sizeof(struct relay_packet) % 4 == 0, "a ring's element");

// From its IP header on; what is longer is cut. Room for an ICMPv6 error, the outer header, an IPv6
// header that they quote and the first bytes behind it.
#define RELAY_ANSWER_SIZE 160
struct relay_answer {
	uint32_t size;
	uint8_t bytes[RELAY_ANSWER_SIZE];
};
_Static_assert(sizeof(struct relay_answer) % 4 == 0, "a ring's element");

struct relay;

// NULL without memory.
struct relay *relay_new(uint32_t workers);
void relay_free(struct relay *relay); // NULL is fine

// The sequence number of a probe's SYN: its upper half counts, its lower half only this process can
// tell for the connection. So a worker believes no answer but one to a probe, without knowing which
// there are. The VIP's port is left out: a host that maps it quotes the one that it maps to. Any
// thread.
uint32_t relay_sequence(
	const struct relay *relay, const struct halfopen_connection *connection, uint16_t count);
bool relay_is_ours(const struct relay *relay, const struct halfopen_connection *connection);

// --- The control lcore. False: there is no room, or there are no more ---

bool relay_send(struct relay *relay, uint32_t worker, const struct relay_packet *packet);
bool relay_take(struct relay *relay, uint32_t worker, struct relay_answer *out);

// --- A worker, likewise ---

bool relay_next(struct relay *relay, uint32_t worker, struct relay_packet *out);
bool relay_answer(struct relay *relay, uint32_t worker, const uint8_t *bytes, uint32_t size);

#endif
