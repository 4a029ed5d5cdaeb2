// SPDX-License-Identifier: BSD-3-Clause
#ifndef CAPTURE_CAPTURE_H
#define CAPTURE_CAPTURE_H

#include <base/addr.h>
#include <base/error.h>
#include <config/config.h>
#include <rte_config.h>
#include <stdbool.h>
#include <stdint.h>

// Packets on their way into a pcapng file. The control lcore makes a capture and publishes it
// (snapshot/publish.h); the workers copy packets into buffers of its own, which a ring takes to
// whoever writes the file: any thread, one at a time, which may have to wait for a disk. It is
// freed when every worker has passed a quiescent point since it was withdrawn.

#define CAPTURE_SNAP_MIN     64
#define CAPTURE_SNAP_MAX     16384
#define CAPTURE_SNAP_DEFAULT 256

struct rte_mbuf;

// Which packets: those of a service, or of any VIP together with all that is dropped.
struct capture_filter {
	struct addr vip; // ADDR_NONE: any, and what follows says nothing
	uint16_t ports[CONFIG_PORTS_MAX][2]; // of its ranges first and last
	uint32_t port_count;
	bool tcp;
	bool udp;
	bool drops_only;
};

struct capture {
	struct capture_filter filter;
	uint32_t snap_size; // bytes of a packet that are kept
	uint64_t mark; // a flag in a buffer's ol_flags: the packet is one that the filter takes
	struct rte_mempool *records; // of struct capture_record
	struct rte_ring *ring;
	uint16_t interfaces[RTE_MAX_ETHPORTS]; // a port's number in the file
	int fd;
	uint64_t anchor_tsc; // one moment by two clocks, taken anew each second
	uint64_t anchor_wall_ns;
	uint64_t missed; // no record was free; the workers count it atomically
	uint64_t written; // packets; the writer's
	uint64_t bytes;
};

// --- The control lcore ---

// Without its file. 0, or a negative errno with the sentence.
int capture_new(const struct capture_filter *filter, uint32_t snap_size, struct capture **out,
	struct error *err);
// When no worker can see it. Packets that were not written yet are lost. NULL is fine.
void capture_free(struct capture *capture);

// --- Who writes the file ---

// Makes the file, which must not exist yet, with mode 0600. 0, or a negative errno with the
// sentence.
int capture_open(struct capture *capture, const char *path, struct error *err);
void capture_close(struct capture *capture);
// Writes up to 'max' of the packets that wait. Returns how many, or a negative errno.
int capture_write(struct capture *capture, uint32_t max);

// --- A worker ---

enum capture_way {
	CAPTURE_RECEIVED,
	CAPTURE_SENT,
};

// Copies a packet. 'comment' goes into the file with it; NULL is none.
void capture_packet(struct capture *capture, const struct rte_mbuf *mbuf, uint16_t port_id,
	uint32_t queue, enum capture_way way, const char *comment);

#endif
