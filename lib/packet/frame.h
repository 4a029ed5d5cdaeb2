// SPDX-License-Identifier: BSD-3-Clause
#ifndef PACKET_FRAME_H
#define PACKET_FRAME_H

#include <base/addr.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

// Whom a frame is for and who sent it: its two MAC addresses. A port hears frames of others (it is
// promiscuous, the switch floods, several machines share a tap), and only those to its own address
// may be for a VIP (RFC 1812 5.3.4). Plain bytes: any thread.

// A frame's first 8 bytes, as a little-endian machine reads them, without all of the source but the
// bit that makes it a group's, from which no station sends: so one comparison judges both
// addresses.
static inline uint64_t frame_head(const uint8_t *frame)
{
	uint64_t head;

	memcpy(&head, frame, sizeof(head));
	return head << 15;
}

#define FRAME_HEAD_NONE 1ull // what no frame has

// What frame_head() is of a sound frame to 'mac'; FRAME_HEAD_NONE for the zero MAC.
static inline uint64_t frame_head_for(const struct mac *mac)
{
	uint8_t frame[8] = {0};

	memcpy(frame, mac->bytes, sizeof(mac->bytes));
	return frame_head(frame) != 0 ? frame_head(frame) : FRAME_HEAD_NONE;
}

static inline bool frame_source_is_group(const uint8_t *frame)
{
	return (frame[6] & 1) != 0;
}

// Whether the frame's sender can be answered: it is neither a group nor nobody.
static inline bool frame_source_is_station(const uint8_t *frame)
{
	static const uint8_t nobody[6];

	return !frame_source_is_group(frame) && memcmp(frame + 6, nobody, sizeof(nobody)) != 0;
}

#endif
