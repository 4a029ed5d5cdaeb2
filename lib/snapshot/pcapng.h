// SPDX-License-Identifier: BSD-3-Clause
#ifndef SNAPSHOT_PCAPNG_H
#define SNAPSHOT_PCAPNG_H

#include <rte_pcapng.h>
#include <stdint.h>

// librte_pcapng, which changes from release to release, as a capture needs it. DPDK 22.11 to 25.

#define PCAPNG_COMMENT_MAX 123 // longer ones are cut

// A file with every port as an interface. NULL where it cannot be written; 'fd' is the caller's then.
rte_pcapng_t *pcapng_open(int fd);

// A buffer's data room for a packet of that size with a comment.
uint32_t pcapng_buffer_size(uint32_t snap_size);

// A block for the file, in a buffer of 'buffers'. NULL without one. 'comment' may be NULL.
struct rte_mbuf *pcapng_copy(const struct rte_mbuf *mbuf, struct rte_mempool *buffers,
	uint32_t snap_size, uint16_t port_id, uint32_t queue, enum rte_pcapng_direction direction,
	const char *comment);

#endif
