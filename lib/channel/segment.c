// SPDX-License-Identifier: BSD-3-Clause
#include <channel/channel.h>
#include <channel/segment.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the segment is little-endian");

static const struct segment_span request_span = {
	offsetof(struct segment, request_head),
	offsetof(struct segment, request_tail),
	offsetof(struct segment, request_data),
	SEGMENT_RING_SIZE,
};
static const struct segment_span reply_span = {
	offsetof(struct segment, reply_head),
	offsetof(struct segment, reply_tail),
	offsetof(struct segment, reply_data),
	SEGMENT_RING_SIZE,
};

size_t segment_footprint(void)
{
	return sizeof(struct segment);
}

void segment_format(struct segment *segment)
{
	__atomic_store_n(&segment->magic, 0, __ATOMIC_RELEASE);
	memset(segment, 0, offsetof(struct segment, request_data));
	segment->version = CHANNEL_VERSION;
	segment->server_pid = (uint32_t)getpid();
	snprintf(segment->program, sizeof(segment->program), "%s", FULCRUM_VERSION);
	segment->size = sizeof(*segment);
	segment->message_max = CHANNEL_MESSAGE_MAX;
	segment->requests = request_span;
	segment->replies = reply_span;
	__atomic_store_n(&segment->magic, SEGMENT_MAGIC, __ATOMIC_RELEASE);
}

void segment_copy_header(const struct segment *segment, struct segment_header *out)
{
	memcpy(out->bytes, segment, sizeof(out->bytes));
}

bool segment_heal(struct segment *segment, const struct segment_header *header)
{
	if (memcmp(segment, header->bytes, sizeof(header->bytes)) == 0)
		return false;
	memcpy(&segment->version, header->bytes + offsetof(struct segment, version),
		sizeof(header->bytes) - offsetof(struct segment, version));
	__atomic_store_n(&segment->magic, SEGMENT_MAGIC, __ATOMIC_RELEASE);
	return true;
}

int segment_remap(struct segment *segment, int fd)
{
	void *memory = mmap(
		segment, sizeof(*segment), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);

	return memory == MAP_FAILED ? -errno : 0;
}

static int segment_map(int fd, struct segment **out, struct error *err)
{
	void *memory =
		mmap(NULL, sizeof(struct segment), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED)
		return error_set(err, errno, "mapping it failed: %s", strerror(errno));
	*out = memory;
	return 0;
}

int segment_new(int fd, struct segment **out, struct error *err)
{
	int code = posix_fallocate(fd, 0, sizeof(struct segment));

	if (code != 0)
		return error_set(err, code, "no room for its %zu bytes: %s", segment_footprint(),
			strerror(code));
	code = segment_map(fd, out, err);
	if (code < 0)
		return code;
	segment_format(*out);
	return 0;
}

// What another version's segment begins with, too.
struct segment_prefix {
	uint64_t magic;
	uint32_t version;
	uint32_t server_pid;
	char program[SEGMENT_PROGRAM_SIZE];
	uint64_t size;
};
_Static_assert(sizeof(struct segment_prefix) == offsetof(struct segment, message_max), "layout");

static int segment_check_prefix(int fd, struct error *err)
{
	struct segment_prefix prefix;

	if (pread(fd, &prefix, sizeof(prefix), 0) != sizeof(prefix) ||
		prefix.magic != SEGMENT_MAGIC)
		return error_set(err, EPROTO, "is no Fulcrum channel");
	prefix.program[sizeof(prefix.program) - 1] = '\0';
	if (prefix.version != CHANNEL_VERSION)
		return error_set(err, EPROTO,
			"the daemon (release %s) speaks channel version %u, this tool (release %s) version %u: "
			"install the same release of both",
			prefix.program, prefix.version, FULCRUM_VERSION, CHANNEL_VERSION);
	return 0;
}

static int segment_check_layout(const struct segment *segment)
{
	if (segment->size != sizeof(*segment) || segment->message_max != CHANNEL_MESSAGE_MAX ||
		memcmp(&segment->requests, &request_span, sizeof(request_span)) != 0 ||
		memcmp(&segment->replies, &reply_span, sizeof(reply_span)) != 0)
		return -EPROTO;
	return 0;
}

int segment_join(int fd, struct segment **out, struct error *err)
{
	struct segment *segment = NULL;
	struct stat status;
	int code = segment_check_prefix(fd, err);

	if (code < 0)
		return code;
	if (fstat(fd, &status) != 0 || (size_t)status.st_size < segment_footprint())
		return error_set(err, EPROTO, "is a Fulcrum channel that was cut short");
	code = segment_map(fd, &segment, err);
	if (code < 0)
		return code;
	if (segment_check_layout(segment) < 0) {
		segment_leave(segment);
		return error_set(err, EPROTO, "is a Fulcrum channel whose header is damaged");
	}
	*out = segment;
	return 0;
}

bool segment_is_one(int fd)
{
	struct stat status;
	uint64_t magic;

	if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
		return false;
	if ((size_t)status.st_size == segment_footprint())
		return true;
	return pread(fd, &magic, sizeof(magic), 0) == sizeof(magic) && magic == SEGMENT_MAGIC;
}

void segment_leave(struct segment *segment)
{
	if (segment != NULL)
		munmap(segment, sizeof(*segment));
}

bool segment_is_at(const char *path, int fd)
{
	struct stat open_file, named_file;

	return fstat(fd, &open_file) == 0 && lstat(path, &named_file) == 0 &&
	       open_file.st_dev == named_file.st_dev && open_file.st_ino == named_file.st_ino;
}

void segment_delete(const char *path, int fd)
{
	if (segment_is_at(path, fd))
		unlink(path);
}
