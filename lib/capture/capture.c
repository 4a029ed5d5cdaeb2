// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <capture/capture.h>
#include <capture/pcapng.h>

#include <errno.h>
#include <fcntl.h>
#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>
#include <rte_ring.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

// A capture's records: as many as this memory has room for, within bounds.
#define RECORD_BYTES  (4u << 20)
#define RECORDS_MIN   255u
#define RECORDS_MAX   2047u
#define WRITE_PACKETS 32u

// A packet between its worker and the file.
struct capture_record {
	uint64_t tsc; // when it was copied
	uint32_t size; // of the block
	uint8_t block[];
};

static uint32_t capture_count_records(uint32_t size)
{
	uint32_t count = RECORD_BYTES / size;

	return count < RECORDS_MIN ? RECORDS_MIN : count > RECORDS_MAX ? RECORDS_MAX : count;
}

static int capture_allocate(struct capture *capture)
{
	static uint32_t captures; // DPDK's objects have names
	uint32_t size =
		(uint32_t)sizeof(struct capture_record) + PCAPNG_PACKET_ROOM(capture->snap_size);
	uint32_t count = capture_count_records(size);
	char name[32];

	snprintf(name, sizeof(name), "capture-%u", ++captures);
	capture->records = rte_mempool_create(
		name, count, size, 0, 0, NULL, NULL, NULL, NULL, SOCKET_ID_ANY, 0);
	capture->ring =
		rte_ring_create(name, rte_align32pow2(count + 1), SOCKET_ID_ANY, RING_F_SC_DEQ);
	return capture->records == NULL || capture->ring == NULL ? -ENOMEM : 0;
}

static int capture_set_mark(struct capture *capture)
{
	static const struct rte_mbuf_dynflag flag = {.name = "fulcrum_capture"};
	int bit = rte_mbuf_dynflag_register(&flag);

	if (bit < 0)
		return -ENOMEM;
	capture->mark = RTE_BIT64(bit);
	return 0;
}

// 0, or a negative errno. A disk that fills up takes a part first.
static int capture_write_whole(int fd, struct iovec *parts, int count)
{
	while (count > 0) {
		ssize_t written = writev(fd, parts, count);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return written < 0 ? -errno : -EIO;
		for (; count > 0 && (size_t)written >= parts->iov_len; parts++, count--)
			written -= (ssize_t)parts->iov_len;
		if (count > 0) {
			parts->iov_base = (uint8_t *)parts->iov_base + written;
			parts->iov_len -= (size_t)written;
		}
	}
	return 0;
}

static int capture_write_interface(struct capture *capture, uint16_t port)
{
	char name[RTE_ETH_NAME_MAX_LEN] = "";
	uint8_t block[PCAPNG_INTERFACE_ROOM];
	struct pcapng_interface interface = {.name = name};
	struct rte_ether_addr mac = {0};
	struct rte_eth_link link = {0};
	struct iovec part = {.iov_base = block};

	rte_eth_dev_get_name_by_port(port, name);
	rte_eth_macaddr_get(port, &mac);
	memcpy(interface.mac, mac.addr_bytes, sizeof(interface.mac));
	if (rte_eth_link_get_nowait(port, &link) == 0 &&
		link.link_speed != RTE_ETH_SPEED_NUM_UNKNOWN)
		interface.bits_a_second = link.link_speed * 1000000ull;
	part.iov_len = pcapng_put_interface(block, &interface);
	return capture_write_whole(capture->fd, &part, 1);
}

// Every port is an interface.
static int capture_write_head(struct capture *capture)
{
	uint8_t block[PCAPNG_SECTION_ROOM];
	struct iovec part = {block, pcapng_put_section(block, "fulcrumd " FULCRUM_VERSION)};
	int rc = capture_write_whole(capture->fd, &part, 1);
	uint16_t port, count = 0;

	RTE_ETH_FOREACH_DEV (port) {
		if (rc == 0)
			rc = capture_write_interface(capture, port);
		capture->interfaces[port] = count++;
	}
	return rc;
}

// Below which folders the daemon writes is a line of its own file (confine.h).
static int capture_refuse(const char *path, int code, struct error *err)
{
	return error_set(err, code, "%s cannot be made: %s%s", path, strerror(code),
		code == EACCES ? " (is its folder one of 'folders:' in the daemon's file, and open "
				 "to the daemon's user?)"
			       : "");
}

int capture_open(struct capture *capture, const char *path, struct error *err)
{
	int rc;

	capture->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (capture->fd < 0 && errno == EEXIST)
		return error_set(err, EEXIST, "%s is there already, and is left as it is", path);
	if (capture->fd < 0)
		return capture_refuse(path, errno, err);
	rc = capture_write_head(capture);
	if (rc == 0)
		return 0;
	unlink(path);
	return error_set(err, -rc, "%s cannot be written: %s", path, strerror(-rc));
}

int capture_new(const struct capture_filter *filter, uint32_t snap_size, struct capture **out,
	struct error *err)
{
	struct capture *capture = calloc(1, sizeof(*capture));
	int rc = 0;

	if (capture == NULL)
		return error_set(err, ENOMEM, "out of memory");
	capture->filter = *filter;
	capture->snap_size = snap_size;
	capture->fd = -1;
	if (capture_set_mark(capture) != 0 || capture_allocate(capture) != 0)
		rc = error_set(err, ENOMEM, "no memory for a capture's records; raise eal.memory");
	if (rc != 0) {
		capture_free(capture);
		return rc;
	}
	*out = capture;
	return 0;
}

void capture_close(struct capture *capture)
{
	if (capture->fd >= 0)
		close(capture->fd);
	capture->fd = -1;
}

void capture_free(struct capture *capture)
{
	if (capture == NULL)
		return;
	capture_close(capture);
	rte_ring_free(capture->ring);
	rte_mempool_free(capture->records); // and whatever is still in the ring
	free(capture);
}

// A packet is at most seconds old when it is written. So its age by the TSC is taken from the wall
// clock, and neither what the TSC began with nor a frequency that is a little wrong shows in the
// file.
static uint64_t capture_wall_ns(struct capture *capture, uint64_t tsc)
{
	uint64_t now_tsc = rte_rdtsc(), hz = rte_get_tsc_hz();

	if (capture->anchor_wall_ns == 0 || now_tsc - capture->anchor_tsc > hz) {
		capture->anchor_wall_ns = clock_wall_ns();
		capture->anchor_tsc = now_tsc;
	}
	return capture->anchor_wall_ns +
	       (uint64_t)(int64_t)((double)(int64_t)(tsc - capture->anchor_tsc) *
				   (double)CLOCK_NS_PER_S / (double)hz);
}

int capture_write(struct capture *capture, uint32_t max)
{
	struct capture_record *records[WRITE_PACKETS];
	struct iovec parts[WRITE_PACKETS];
	uint32_t count = rte_ring_dequeue_burst(
		capture->ring, (void **)records, RTE_MIN(max, WRITE_PACKETS), NULL);
	uint64_t bytes = 0;
	int rc;

	if (count == 0)
		return 0;
	for (uint32_t i = 0; i < count; i++) {
		pcapng_set_time(records[i]->block, capture_wall_ns(capture, records[i]->tsc));
		parts[i] = (struct iovec){records[i]->block, records[i]->size};
		bytes += records[i]->size;
	}
	rc = capture_write_whole(capture->fd, parts, (int)count);
	rte_mempool_put_bulk(capture->records, (void **)records, count);
	if (rc != 0)
		return rc;
	capture->written += count;
	capture->bytes += bytes;
	return (int)count;
}

static void capture_fill_record(struct capture_record *record, const struct rte_mbuf *mbuf,
	const struct pcapng_packet *packet)
{
	const void *from;
	void *bytes;

	record->size = pcapng_put_packet(record->block, packet, &bytes);
	from = rte_pktmbuf_read(mbuf, 0, packet->kept, bytes);
	if (from != bytes) // it lies in one piece, and was not copied yet
		memcpy(bytes, from, packet->kept);
}

// Several workers write to one counter and one ring: a capture may cost something, its absence may
// not.
void capture_packet(struct capture *capture, const struct rte_mbuf *mbuf, uint16_t port_id,
	uint32_t queue, enum capture_way way, const char *comment)
{
	const struct pcapng_packet packet = {
		.interface = capture->interfaces[port_id],
		.queue = queue,
		.size = rte_pktmbuf_pkt_len(mbuf),
		.kept = RTE_MIN(rte_pktmbuf_pkt_len(mbuf), capture->snap_size),
		.direction = way == CAPTURE_SENT ? PCAPNG_SENT : PCAPNG_RECEIVED,
		.comment = comment,
	};
	struct capture_record *record;

	if (rte_mempool_get(capture->records, (void **)&record) != 0) {
		__atomic_fetch_add(&capture->missed, 1, __ATOMIC_RELAXED);
		return;
	}
	record->tsc = rte_rdtsc();
	capture_fill_record(record, mbuf, &packet);
	rte_ring_enqueue(capture->ring, record); // which has room for every record
}
