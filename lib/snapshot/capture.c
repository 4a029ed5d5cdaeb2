// SPDX-License-Identifier: BSD-3-Clause
#define ALLOW_EXPERIMENTAL_API // librte_pcapng, until DPDK 23.11
#include <snapshot/capture.h>
#include <snapshot/pcapng.h>

#include <errno.h>
#include <fcntl.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>
#include <rte_ring.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

// A capture's buffers: as many as this memory has room for, within bounds.
#define BUFFER_BYTES  (4u << 20)
#define BUFFERS_MIN   255u
#define BUFFERS_MAX   2047u
#define WRITE_PACKETS 32u

static uint32_t buffer_count(uint32_t size)
{
	uint32_t count = BUFFER_BYTES / size;

	return count < BUFFERS_MIN ? BUFFERS_MIN : count > BUFFERS_MAX ? BUFFERS_MAX : count;
}

static int allocate(struct capture *capture)
{
	static uint32_t captures; // DPDK's objects have names
	uint32_t size = pcapng_buffer_size(capture->snap_size);
	uint32_t count = buffer_count(size);
	char name[32];

	snprintf(name, sizeof(name), "capture-%u", ++captures);
	capture->buffers =
		rte_pktmbuf_pool_create(name, count, 0, 0, (uint16_t)size, SOCKET_ID_ANY);
	capture->ring =
		rte_ring_create(name, rte_align32pow2(count + 1), SOCKET_ID_ANY, RING_F_SC_DEQ);
	return capture->buffers == NULL || capture->ring == NULL ? -ENOMEM : 0;
}

static int set_mark(struct capture *capture)
{
	static const struct rte_mbuf_dynflag flag = {.name = "fulcrum_capture"};
	int bit = rte_mbuf_dynflag_register(&flag);

	if (bit < 0)
		return -ENOMEM;
	capture->mark = RTE_BIT64(bit);
	return 0;
}

static int open_file(struct capture *capture, const char *path, struct error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int rc;

	if (fd < 0 && errno == EEXIST)
		return error_set(err, EEXIST, "%s is there already, and is left as it is", path);
	if (fd < 0)
		return error_set(err, errno, "%s cannot be made: %s", path, strerror(errno));
	errno = 0;
	capture->file = pcapng_open(fd);
	if (capture->file != NULL)
		return 0;
	rc = errno != 0 ? errno : EIO;
	close(fd);
	unlink(path);
	return error_set(err, rc, "%s cannot be written: %s", path, strerror(rc));
}

int capture_new(const struct capture_filter *filter, uint32_t snap_size, const char *path,
	struct capture **out, struct error *err)
{
	struct capture *capture = calloc(1, sizeof(*capture));
	int rc;

	if (capture == NULL)
		return error_set(err, ENOMEM, "out of memory");
	capture->filter = *filter;
	capture->snap_size = snap_size;
	if (set_mark(capture) != 0 || allocate(capture) != 0)
		rc = error_set(err, ENOMEM, "no memory for a capture's buffers; raise eal.memory");
	else
		rc = open_file(capture, path, err);
	if (rc != 0) {
		capture_free(capture);
		return rc;
	}
	*out = capture;
	return 0;
}

void capture_free(struct capture *capture)
{
	if (capture == NULL)
		return;
	if (capture->file != NULL)
		rte_pcapng_close(capture->file);
	rte_ring_free(capture->ring);
	rte_mempool_free(capture->buffers); // and whatever is still in the ring
	free(capture);
}

int capture_write(struct capture *capture, uint32_t max)
{
	struct rte_mbuf *packets[WRITE_PACKETS];
	uint32_t count = rte_ring_dequeue_burst(
		capture->ring, (void **)packets, RTE_MIN(max, WRITE_PACKETS), NULL);
	ssize_t bytes;

	if (count == 0)
		return 0;
	errno = 0;
	bytes = rte_pcapng_write_packets(capture->file, packets, (uint16_t)count);
	if (bytes < 0)
		return errno != 0 ? -errno : -EIO;
	capture->written += count;
	capture->bytes += (uint64_t)bytes;
	return (int)count;
}

// Several workers write to one counter and one ring: a capture may cost something, its absence may not.
void capture_packet(struct capture *capture, const struct rte_mbuf *mbuf, uint16_t port_id,
	uint32_t queue, enum capture_way way, const char *comment)
{
	struct rte_mbuf *copy = pcapng_copy(mbuf, capture->buffers, capture->snap_size, port_id,
		queue, way == CAPTURE_SENT ? RTE_PCAPNG_DIRECTION_OUT : RTE_PCAPNG_DIRECTION_IN,
		comment);

	if (copy != NULL && rte_ring_enqueue(capture->ring, copy) == 0)
		return;
	rte_pktmbuf_free(copy);
	__atomic_fetch_add(&capture->missed, 1, __ATOMIC_RELAXED);
}
