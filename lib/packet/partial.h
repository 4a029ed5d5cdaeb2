// SPDX-License-Identifier: BSD-3-Clause
#ifndef PACKET_PARTIAL_H
#define PACKET_PARTIAL_H

#include <packet/parse.h>

// Partial checksums. A sender leaves the checksum of TCP and UDP to its network card, and writes
// the sum of the pseudo-header alone into the field (Linux: CHECKSUM_PARTIAL). Between guests or
// containers of one host no card follows, and the packet arrives so. Any thread.

// Whether the field holds what such a sender writes there. One right packet in 65,536 does, too.
// Fragments have whole checksums, and other protocols none that is left to a card.
bool partial_is_likely(const uint8_t *frame, const struct packet *packet);

// Writes the whole checksum over the pseudo-header's sum. False: the checksum was right already. A
// packet that was damaged on the way and looks like a partial one passes as good: one in 65,536 of
// the damaged ones.
bool partial_complete(uint8_t *frame, const struct packet *packet);

#endif
