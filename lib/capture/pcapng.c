// SPDX-License-Identifier: BSD-3-Clause
#include <capture/pcapng.h>

#include <string.h>

// Block types and option codes of draft-ietf-opsawg-pcapng, sections 4 and 3.5.
enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 6,

	OPTION_END = 0,
	OPTION_COMMENT = 1,
	OPTION_SECTION_APPLICATION = 4,
	OPTION_INTERFACE_NAME = 2,
	OPTION_INTERFACE_MAC = 6,
	OPTION_INTERFACE_SPEED = 8,
	OPTION_INTERFACE_RESOLUTION = 9,
	OPTION_PACKET_FLAGS = 2,
	OPTION_PACKET_QUEUE = 6,
};

#define BYTE_ORDER_MAGIC 0x1a2b3c4d
#define LINK_ETHERNET    1
#define NANOSECONDS      9 // a power of ten
#define TIME_OFFSET      12 // in a packet's block

struct option {
	uint16_t code;
	uint16_t size;
};

// Where the next bytes of a block go.
struct block {
	uint8_t *start;
	uint8_t *end;
};

static void block_put(struct block *block, const void *bytes, uint32_t size)
{
	memcpy(block->end, bytes, size);
	block->end += size;
}

static void block_put_u32(struct block *block, uint32_t value)
{
	block_put(block, &value, sizeof(value));
}

static void block_pad(struct block *block, uint32_t size)
{
	uint32_t padding = -size & 3;

	memset(block->end, 0, padding);
	block->end += padding;
}

static struct block block_begin(void *out, uint32_t type)
{
	struct block block = {out, out};

	block_put_u32(&block, type);
	block_put_u32(&block, 0); // the size, once it is known
	return block;
}

static void block_put_option(struct block *block, uint16_t code, const void *bytes, uint32_t size)
{
	const struct option option = {code, (uint16_t)size};

	block_put(block, &option, sizeof(option));
	block_put(block, bytes, size);
	block_pad(block, size);
}

static void block_put_text(struct block *block, uint16_t code, const char *text)
{
	block_put_option(block, code, text, (uint32_t)strnlen(text, PCAPNG_TEXT_MAX));
}

// After options: their end, and the size at both ends of the block.
static uint32_t block_finish(struct block *block)
{
	uint32_t size;

	block_put_u32(block, OPTION_END); // with the size 0
	size = (uint32_t)(block->end - block->start) + (uint32_t)sizeof(size);
	block_put_u32(block, size);
	memcpy(block->start + 4, &size, sizeof(size));
	return size;
}

uint32_t pcapng_put_section(void *out, const char *application)
{
	static const uint16_t version[] = {1, 0};
	static const int64_t unknown = -1; // how long the section is
	struct block block = block_begin(out, BLOCK_SECTION);

	block_put_u32(&block, BYTE_ORDER_MAGIC);
	block_put(&block, version, sizeof(version));
	block_put(&block, &unknown, sizeof(unknown));
	block_put_text(&block, OPTION_SECTION_APPLICATION, application);
	return block_finish(&block);
}

uint32_t pcapng_put_interface(void *out, const struct pcapng_interface *interface)
{
	static const uint8_t resolution = NANOSECONDS;
	struct block block = block_begin(out, BLOCK_INTERFACE);

	block_put_u32(&block, LINK_ETHERNET);
	block_put_u32(&block, 0); // no limit on what is kept of a packet: each says it
	block_put_text(&block, OPTION_INTERFACE_NAME, interface->name);
	block_put_option(&block, OPTION_INTERFACE_MAC, interface->mac, sizeof(interface->mac));
	if (interface->bits_a_second != 0)
		block_put_option(&block, OPTION_INTERFACE_SPEED, &interface->bits_a_second,
			sizeof(interface->bits_a_second));
	block_put_option(&block, OPTION_INTERFACE_RESOLUTION, &resolution, sizeof(resolution));
	return block_finish(&block);
}

uint32_t pcapng_put_packet(void *out, const struct pcapng_packet *packet, void **bytes)
{
	const uint32_t flags = packet->direction;
	struct block block = block_begin(out, BLOCK_PACKET);

	block_put_u32(&block, packet->interface);
	block_put_u32(&block, 0); // the time, by pcapng_set_time()
	block_put_u32(&block, 0);
	block_put_u32(&block, packet->kept);
	block_put_u32(&block, packet->size);
	*bytes = block.end;
	block.end += packet->kept;
	block_pad(&block, packet->kept);
	block_put_option(&block, OPTION_PACKET_FLAGS, &flags, sizeof(flags));
	block_put_option(&block, OPTION_PACKET_QUEUE, &packet->queue, sizeof(packet->queue));
	if (packet->comment != NULL)
		block_put_text(&block, OPTION_COMMENT, packet->comment);
	return block_finish(&block);
}

void pcapng_set_time(void *block, uint64_t wall_ns)
{
	const uint32_t halves[] = {(uint32_t)(wall_ns >> 32), (uint32_t)wall_ns};

	memcpy((uint8_t *)block + TIME_OFFSET, halves, sizeof(halves));
}
