// SPDX-License-Identifier: BSD-3-Clause
#define ALLOW_EXPERIMENTAL_API // librte_pcapng, until DPDK 23.11
#include <snapshot/pcapng.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_version.h>
#include <string.h>

#define APPLICATION "fulcrumd " FULCRUM_VERSION

// Option header, text, and what the library puts beside a packet that its own estimate leaves out (the hash).
#define OPTION_ROOM (4 + PCAPNG_COMMENT_MAX + 1 + 16)

uint32_t pcapng_buffer_size(uint32_t snap_size)
{
	return rte_pcapng_mbuf_size(snap_size) + RTE_PKTMBUF_HEADROOM + OPTION_ROOM;
}

#if RTE_VERSION < RTE_VERSION_NUM(23, 3, 0, 0)

rte_pcapng_t *pcapng_open(int fd)
{
	return rte_pcapng_fdopen(fd, NULL, NULL, APPLICATION, NULL);
}

struct option {
	uint16_t code;
	uint16_t length;
};

#define OPTION_COMMENT 1 // draft-ietf-opsawg-pcapng 3.5: opt_comment

// An enhanced packet block ends with its options and, once more, its length.
static int append_comment(struct rte_mbuf *block, const char *comment)
{
	const struct option option = {
		OPTION_COMMENT, (uint16_t)strnlen(comment, PCAPNG_COMMENT_MAX)};
	uint16_t padded = RTE_ALIGN(option.length, 4);
	uint32_t length;
	char *end = rte_pktmbuf_append(block, (uint16_t)(sizeof(option) + padded));

	if (end == NULL)
		return -1;
	end -= sizeof(length); // over the length that stands there
	memcpy(end, &option, sizeof(option));
	memset(end + sizeof(option), 0, padded);
	memcpy(end + sizeof(option), comment, option.length);
	length = block->pkt_len;
	memcpy(end + sizeof(option) + padded, &length, sizeof(length));
	memcpy(rte_pktmbuf_mtod_offset(block, char *, 4), &length, sizeof(length));
	return 0;
}

struct rte_mbuf *pcapng_copy(const struct rte_mbuf *mbuf, struct rte_mempool *buffers,
	uint32_t snap_size, uint16_t port_id, uint32_t queue, enum rte_pcapng_direction direction,
	const char *comment)
{
	struct rte_mbuf *block =
		rte_pcapng_copy(port_id, queue, mbuf, buffers, snap_size, rte_rdtsc(), direction);

	if (block != NULL && comment != NULL && append_comment(block, comment) != 0) {
		rte_pktmbuf_free(block);
		return NULL;
	}
	return block;
}

#else

rte_pcapng_t *pcapng_open(int fd)
{
	rte_pcapng_t *file = rte_pcapng_fdopen(fd, NULL, NULL, APPLICATION, NULL);
	uint16_t port;

	if (file == NULL)
		return NULL;
	RTE_ETH_FOREACH_DEV (port)
		rte_pcapng_add_interface(file, port, NULL, NULL, NULL);
	return file;
}

struct rte_mbuf *pcapng_copy(const struct rte_mbuf *mbuf, struct rte_mempool *buffers,
	uint32_t snap_size, uint16_t port_id, uint32_t queue, enum rte_pcapng_direction direction,
	const char *comment)
{
	return rte_pcapng_copy(port_id, queue, mbuf, buffers, snap_size,
#if RTE_VERSION < RTE_VERSION_NUM(23, 11, 0, 0)
		rte_rdtsc(),
#endif
		direction, comment);
}

#endif
