// SPDX-License-Identifier: BSD-3-Clause
#include <channel/ring.h>
#include <channel/segment.h>

#include <errno.h>
#include <string.h>

#define RING_HEADER 8u
#define RING_MASK   (SEGMENT_RING_SIZE - 1u)

_Static_assert((SEGMENT_RING_SIZE & RING_MASK) == 0, "an index wraps by a mask");
_Static_assert(offsetof(struct channel_message, body) == RING_HEADER, "header, then body");
_Static_assert(SEGMENT_RING_SIZE >= 4 * (CHANNEL_MESSAGE_MAX + RING_HEADER), "several fit");

uint32_t ring_message_space(uint32_t size)
{
	return RING_HEADER + ((size + 7u) & ~7u);
}

static void ring_copy_in(struct ring *ring, uint64_t at, const void *from, uint32_t size)
{
	uint32_t place = (uint32_t)at & RING_MASK;
	uint32_t first = SEGMENT_RING_SIZE - place;

	if (first > size)
		first = size;
	memcpy(ring->data + place, from, first);
	memcpy(ring->data, (const uint8_t *)from + first, size - first);
}

static void ring_copy_out(const struct ring *ring, uint64_t at, void *to, uint32_t size)
{
	uint32_t place = (uint32_t)at & RING_MASK;
	uint32_t first = SEGMENT_RING_SIZE - place;

	if (first > size)
		first = size;
	memcpy(to, ring->data + place, first);
	memcpy((uint8_t *)to + first, ring->data, size - first);
	// What was copied is what is checked: the compiler may not read the shared bytes again.
	__asm__ volatile("" ::: "memory");
}

int ring_put(struct ring *ring, const struct channel_message *message)
{
	uint64_t used = ring->index - __atomic_load_n(ring->peer, __ATOMIC_ACQUIRE);
	uint32_t space = ring_message_space(message->size);

	if (used > SEGMENT_RING_SIZE)
		return -EPROTO;
	if (space > SEGMENT_RING_SIZE - used)
		return -EAGAIN;
	ring_copy_in(ring, ring->index, message, RING_HEADER + message->size);
	ring->index += space;
	__atomic_store_n(ring->own, ring->index, __ATOMIC_RELEASE);
	return 0;
}

int ring_get(struct ring *ring, struct channel_message *message)
{
	uint64_t used = __atomic_load_n(ring->peer, __ATOMIC_ACQUIRE) - ring->index;

	if (used == 0)
		return -EAGAIN;
	if (used > SEGMENT_RING_SIZE || used < RING_HEADER)
		return -EPROTO;
	ring_copy_out(ring, ring->index, message, RING_HEADER);
	if (message->zero != 0 || message->size > CHANNEL_MESSAGE_MAX ||
		ring_message_space(message->size) > used)
		return -EPROTO;
	ring_copy_out(ring, ring->index + RING_HEADER, message->body, message->size);
	ring->index += ring_message_space(message->size);
	__atomic_store_n(ring->own, ring->index, __ATOMIC_RELEASE);
	return 0;
}

bool ring_heal(struct ring *ring)
{
	if (__atomic_load_n(ring->own, __ATOMIC_RELAXED) == ring->index)
		return false;
	__atomic_store_n(ring->own, ring->index, __ATOMIC_RELEASE);
	return true;
}
