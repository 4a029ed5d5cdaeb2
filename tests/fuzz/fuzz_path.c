// SPDX-License-Identifier: BSD-3-Clause
// Any frames as a burst, through a worker: nothing is lost, nothing is counted twice, and what goes
// to a backend is a packet that came in, untouched to the bit, behind a right outer header.
//
// The input: a size in two bytes, little-endian, and so many bytes, again and again. The size's
// upper four bits say how the frame comes in (enum how).
#include "arrive.h"
#include "world.h"

#include <packet/checksum.h>
#include <packet/headers.h>
#include <rte_mbuf.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FRAME_MAX  1600
#define FRAMES_MAX 16

static struct stage stage;
static struct world place = {.publisher = &stage.publisher};

static struct frame {
	const uint8_t *bytes;
	uint32_t size;
} frames[FRAMES_MAX];

static void set_up(void)
{
	const struct worker_config config = {.ports = {{.mac = WORLD_MAC}, {.mac = WORLD_MAC}}};
	struct error err;

	stage_open(&stage, 64, WORLD_NAMES_MAX, &config);
	if (world_publish(&place, POOLS_FILE, HOPS_FILE, &err) != 0)
		need(false, err.text);
}

static uint32_t bring_in(const uint8_t *data, size_t size)
{
	uint32_t count = 0;

	while (count < FRAMES_MAX && size > 2) {
		uint32_t head = (uint32_t)(data[0] | data[1] << 8);
		uint32_t wanted = RTE_MIN(head & 0xfff, (uint32_t)FRAME_MAX);
		uint32_t got = RTE_MIN(wanted, (uint32_t)(size - 2));

		if (got == 0)
			break;
		frames[count++] = (struct frame){data + 2, got};
		arrive(&stage, (enum how)(head >> 12), data + 2, got);
		data += 2 + got;
		size -= 2 + got;
	}
	return count;
}

static bool came_in(const uint8_t *bytes, uint32_t size, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (frames[i].size >= size &&
			memmem(frames[i].bytes, frames[i].size, bytes, size) != NULL)
			return true;
	return false;
}

// The inner packet, or a piece of it: RFC 791 3.2.
static void check_inner(const uint8_t *packet, uint32_t size, uint32_t count)
{
	const struct ipv4_header *ip = (const void *)packet;
	uint32_t header = (packet[0] & 0xfu) * 4;

	if (came_in(packet, size, count))
		return;
	need(packet[0] >> 4 == 4 && (be16(ip->fragment_be) & IPV4_DF) == 0,
		"forwarded: an inner packet that never came in");
	need(checksum_sum(packet, header, 0) == 0xffff, "forwarded: a piece with a wrong checksum");
	need(be16(ip->length_be) == size, "forwarded: a piece of another length than it says");
	need(came_in(packet + header, size - header, count), "forwarded: a piece of no packet");
}

// The outer packet whose pieces are coming in, in their order: RFC 2473 7.1 b, RFC 4213 3.2.2.
static struct whole {
	uint32_t id;
	uint32_t size; // so far; 0: none is
	uint64_t lost; // of what is counted as DROP_TX_FULL, before the burst
	uint8_t payload[FRAME_MAX];
} whole;

struct piece {
	uint32_t id;
	uint32_t offset;
	bool more;
};

static void check_piece(
	const struct piece *piece, const uint8_t *payload, uint32_t size, uint32_t count)
{
	need(size > 0 && (size % 8 == 0 || !piece->more), "forwarded: a piece of a wrong size");
	need(came_in(payload, size, count), "forwarded: a piece of what never came in");
	need(piece->offset + size <= FRAME_MAX, "forwarded: a piece behind the end of any packet");
	if (piece->offset != 0 && whole.size == 0 &&
		stage.metrics->dropped[DROP_TX_FULL] != whole.lost)
		return; // the first of them was lost
	need(piece->offset == 0 || (piece->offset == whole.size && piece->id == whole.id),
		"forwarded: a piece that continues nothing");
	whole.id = piece->id;
	memcpy(whole.payload + piece->offset, payload, size);
	whole.size = piece->offset + size;
	if (piece->more)
		return;
	check_inner(whole.payload, whole.size, count);
	whole.size = 0;
}

static void check_outer_ipv4(const uint8_t *packet, uint32_t size, uint32_t count)
{
	const struct ipv4_header *ip = (const void *)packet;
	uint16_t field = be16(ip->fragment_be);
	const struct piece piece = {
		ip->id_be, (field & IPV4_OFFSET_MASK) * 8u, (field & IPV4_MF) != 0};

	need(checksum_ipv4_sum(ip) == 0xffff, "forwarded: a wrong outer checksum");
	need(be16(ip->length_be) == size, "forwarded: a wrong outer length");
	if (piece.more || piece.offset != 0)
		check_piece(&piece, packet + sizeof(*ip), size - (uint32_t)sizeof(*ip), count);
	else
		check_inner(packet + sizeof(*ip), size - (uint32_t)sizeof(*ip), count);
}

static void check_outer_ipv6(const uint8_t *packet, uint32_t size, uint32_t count)
{
	const struct ipv6_header *ip = (const void *)packet;
	const struct ipv6_fragment_header *fragment = (const void *)(packet + sizeof(*ip));
	uint32_t header = sizeof(*ip) + sizeof(*fragment);
	struct piece piece;

	need(be16(ip->length_be) == size - sizeof(*ip), "forwarded: a wrong outer length");
	if (ip->next != IP_FRAGMENT) {
		check_inner(packet + sizeof(*ip), size - (uint32_t)sizeof(*ip), count);
		return;
	}
	need(size > header, "forwarded: no room for a piece");
	piece = (struct piece){fragment->id_be, be16(fragment->fragment_be) & ~7u,
		(be16(fragment->fragment_be) & IPV6_FRAGMENT_MORE) != 0};
	check_piece(&piece, packet + header, size - header, count);
}

// Whether it is an IP packet that came in, alone or behind a right outer header.
static void check_forwarded(const uint8_t *frame, uint32_t size, uint32_t count)
{
	uint32_t at = frame[12] == 0x81 && frame[13] == 0 ? 18 : 14;

	need(size > at + sizeof(struct ipv4_header), "forwarded: no room for an IP header");
	if (came_in(frame + at, size - at, count)) // DSR
		return;
	if (frame[at] >> 4 == 4)
		check_outer_ipv4(frame + at, size - at, count);
	else
		check_outer_ipv6(frame + at, size - at, count);
}

static void take_out(uint32_t side, uint32_t count, bool checks)
{
	struct rte_mbuf *mbuf;

	while ((mbuf = stage_take_out(&stage, side)) != NULL) {
		const uint8_t *frame = rte_pktmbuf_mtod(mbuf, const uint8_t *);

		if (side == KERNEL)
			need(came_in(frame, mbuf->data_len, count),
				"punted: a frame that never came in");
		else if (checks && !came_in(frame, mbuf->data_len, count)) // else from the kernel
			check_forwarded(frame, mbuf->data_len, count);
		rte_pktmbuf_free(mbuf);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool is_set_up;
	uint64_t answered;
	uint32_t count;

	if (!is_set_up)
		set_up();
	is_set_up = true;
	stage_forget(&stage);
	answered = stage.metrics->answered;
	count = bring_in(data, size);
	whole.size = 0;
	whole.lost = stage.metrics->dropped[DROP_TX_FULL];
	worker_poll(stage.worker);
	for (uint32_t side = 0; side < SIDES; side++)
		take_out(side, count, answered == stage.metrics->answered);
	need(metrics_balanced(stage.metrics), "a packet left the path uncounted");
	need(rte_mempool_in_use_count(stage.pool) == stage.metrics->held, "a buffer was lost");
	return 0;
}
