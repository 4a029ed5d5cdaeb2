// SPDX-License-Identifier: BSD-3-Clause
#ifndef CHANNEL_SEGMENT_H
#define CHANNEL_SEGMENT_H

#include <base/error.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The bytes that fulcrumd and fulcrumctl share, as docs/reference/channel.md describes them for
// another client. For lib/channel's own files, its tests and its fuzz target. Everything is
// little-endian, as every machine is that DPDK's drivers run on here.
//
// Who writes what: the server formats the whole segment and the magic last; after that each index
// and session number has one writer. A cache line each, so that the two sides do not slow each
// other down.

#define SEGMENT_MAGIC        0x4c4e4843434c5546ull // "FULCCHNL"
#define SEGMENT_RING_SIZE    (256u * 1024) // a power of two
#define SEGMENT_PROGRAM_SIZE 32

// Where one ring stands, as offsets from the segment's first byte.
struct segment_span {
	uint32_t head; // the index of the side that puts in
	uint32_t tail; // the index of the side that takes out
	uint32_t data;
	uint32_t size;
};

struct segment {
	// Stands at these offsets in every version, so that a tool can say which two do not fit.
	uint64_t magic;
	uint32_t version; // CHANNEL_VERSION
	uint32_t server_pid;
	char program[SEGMENT_PROGRAM_SIZE]; // the daemon's release, for the sentence
	uint64_t size; // of the whole segment

	uint32_t message_max; // CHANNEL_MESSAGE_MAX
	uint32_t
		taken_pid; // whose session was taken away in its silence, until the next session is over; 0: nobody's
	struct segment_span requests;
	struct segment_span replies;

	alignas(64)
		uint64_t session; // the client's number, at random; another one begins a session
	alignas(64) uint64_t accepted; // the server's answer: the session it serves; 0: none

	// Bytes ever put in and ever taken out since the session began; the place in the ring is
	// the index modulo its size.
	alignas(64) uint64_t request_head; // the client writes
	alignas(64) uint64_t request_tail; // the server writes
	alignas(64) uint64_t reply_head; // the server writes
	alignas(64) uint64_t reply_tail; // the client writes

	alignas(64) uint64_t
		beat; // the server counts the rounds of its loop; any change says that it lives

	alignas(4096) uint8_t request_data[SEGMENT_RING_SIZE];
	alignas(4096) uint8_t reply_data[SEGMENT_RING_SIZE];
};
_Static_assert(offsetof(struct segment, version) == 8, "layout");
_Static_assert(offsetof(struct segment, server_pid) == 12, "layout");
_Static_assert(offsetof(struct segment, program) == 16, "layout");
_Static_assert(offsetof(struct segment, size) == 48, "layout");
_Static_assert(offsetof(struct segment, message_max) == 56, "layout");
_Static_assert(offsetof(struct segment, taken_pid) == 60, "layout");
_Static_assert(offsetof(struct segment, requests) == 64, "layout");
_Static_assert(offsetof(struct segment, replies) == 80, "layout");
_Static_assert(offsetof(struct segment, session) == 128, "layout");
_Static_assert(offsetof(struct segment, accepted) == 192, "layout");
_Static_assert(offsetof(struct segment, request_head) == 256, "layout");
_Static_assert(offsetof(struct segment, request_tail) == 320, "layout");
_Static_assert(offsetof(struct segment, reply_head) == 384, "layout");
_Static_assert(offsetof(struct segment, reply_tail) == 448, "layout");
_Static_assert(offsetof(struct segment, beat) == 512, "layout");
_Static_assert(offsetof(struct segment, request_data) == 4096, "layout");
_Static_assert(offsetof(struct segment, reply_data) == 4096 + SEGMENT_RING_SIZE, "layout");
_Static_assert(sizeof(struct segment) == 4096 + 2 * SEGMENT_RING_SIZE, "layout");

// The bytes a segment's file has.
size_t segment_footprint(void);

// Makes the open, empty file a segment: its size, its format, the magic last. 0 and '*out', the
// server's mapping, or a negative errno with the sentence.
int segment_new(int fd, struct segment **out, struct error *err);

// Writes the format again, over whatever stands there.
void segment_format(struct segment *segment);

// What of the header the server alone writes, and only at its format: its own copy is put back over
// what others write there.
struct segment_header {
	uint8_t bytes[offsetof(struct segment, session)];
};

// The copy, of a segment that nobody else can open yet.
void segment_copy_header(const struct segment *segment, struct segment_header *out);

// Puts it back where it differs. True where it did.
bool segment_heal(struct segment *segment, const struct segment_header *header);

// Puts the open file, of that size, under the mapping in place of the file that is there. 0 or a
// negative errno.
int segment_remap(struct segment *segment, int fd);

// Maps a segment that another process made. -EPROTO where the file is none or of another version.
int segment_join(int fd, struct segment **out, struct error *err);

// True where the file has a segment's magic or size: what a new daemon may replace.
bool segment_is_one(int fd);

// Unmaps. NULL is fine.
void segment_leave(struct segment *segment);

// True while 'path' names the open file.
bool segment_is_at(const char *path, int fd);

// Unlinks 'path' if it still names the open file.
void segment_delete(const char *path, int fd);

#endif
