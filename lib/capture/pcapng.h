// SPDX-License-Identifier: BSD-3-Clause
#ifndef CAPTURE_PCAPNG_H
#define CAPTURE_PCAPNG_H

#include <stdint.h>

// The three kinds of block that a capture's file has: draft-ietf-opsawg-pcapng. Bytes alone:
// whoever calls knows the ports and writes the file. Any thread. Every block is written into memory
// that the caller gives, of at least the size that stands beside it here.

#define PCAPNG_TEXT_MAX 127 // longer names and comments are cut

#define PCAPNG_SECTION_ROOM   (28 + 4 + PCAPNG_TEXT_MAX + 1 + 4)
#define PCAPNG_INTERFACE_ROOM (20 + 4 + PCAPNG_TEXT_MAX + 1 + 12 + 12 + 8 + 4)
#define PCAPNG_PACKET_ROOM(kept) \
	(32 + (((uint32_t)(kept) + 3) & ~3u) + 8 + 8 + 4 + PCAPNG_TEXT_MAX + 1 + 4)

enum pcapng_direction { // 4.3.1, epb_flags
	PCAPNG_RECEIVED = 1,
	PCAPNG_SENT = 2,
};

struct pcapng_interface {
	const char *name;
	uint8_t mac[6];
	uint64_t bits_a_second; // 0: not known
};

struct pcapng_packet {
	uint32_t interface; // in the order in which they were written
	uint32_t queue;
	uint32_t size; // on the wire
	uint32_t kept; // of these bytes
	enum pcapng_direction direction;
	const char *comment; // may be NULL
};

// Both return the block's size. Ethernet; time stamps are nanoseconds since 1970.
uint32_t pcapng_put_section(void *out, const char *application);
uint32_t pcapng_put_interface(void *out, const struct pcapng_interface *interface);

// All of a packet's block but its time and its bytes: these go to '*bytes', 'kept' of them. Returns
// the block's size.
uint32_t pcapng_put_packet(void *out, const struct pcapng_packet *packet, void **bytes);
void pcapng_set_time(void *block, uint64_t wall_ns);

#endif
