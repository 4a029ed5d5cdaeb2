// SPDX-License-Identifier: BSD-3-Clause
#ifndef PACKET_FRAGMENT_H
#define PACKET_FRAGMENT_H

#include <packet/parse.h>

// Where a fragment stands in its datagram. Plain bytes: any thread.
struct fragment_place {
	uint32_t offset; // of its first byte, behind what every fragment repeats
	uint32_t end; // of its last, plus one
	uint32_t
		before; // what its headers add to the whole datagram's length, RFC 791 3.1 and RFC 8200 4.5
	uint32_t transport_end; // of a first fragment: where its transport header ends
};

#define FRAGMENT_LENGTH_MAX 65535u // of the whole, by the width of the headers' field

// Of a packet that is 'fragmented', in the frame that it was parsed from.
void fragment_place(const uint8_t *frame, const struct packet *packet, struct fragment_place *out);

#endif
