// SPDX-License-Identifier: BSD-3-Clause
#ifndef CHANNEL_RING_H
#define CHANNEL_RING_H

#include <channel/channel.h>
#include <stdbool.h>
#include <stdint.h>

// One end of one ring: a byte stream of messages, each a header of 8 bytes and a body padded to 8.
// One producer, one consumer. Each end keeps its own index in private memory and only publishes it;
// the peer's index is checked before it is used, and a message is copied out before it is looked
// at, so the peer may write any bytes at any moment. For lib/channel's own files and tests.

struct ring {
	uint8_t *data; // shared, SEGMENT_RING_SIZE bytes
	uint64_t *own; // shared: where this end's index is published
	const uint64_t *peer; // shared: the other end's index
	uint64_t index; // private: the truth about '*own'
};

// What a message takes in the ring.
uint32_t ring_message_space(uint32_t size);

// 0; -EAGAIN while there is no room; -EPROTO where the peer's index cannot be. 'message' is
// well-formed.
int ring_put(struct ring *ring, const struct channel_message *message);

// 0 and '*message'; -EAGAIN while there is nothing; -EPROTO where the peer's index or the message's
// header cannot be ('*message' is then undefined, and nothing was taken).
int ring_get(struct ring *ring, struct channel_message *message);

// Publishes the end's index again where something else stands there. True where it did.
bool ring_heal(struct ring *ring);

#endif
