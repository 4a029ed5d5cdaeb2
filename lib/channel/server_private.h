// SPDX-License-Identifier: BSD-3-Clause
#ifndef CHANNEL_SERVER_PRIVATE_H
#define CHANNEL_SERVER_PRIVATE_H

#include <channel/channel.h>
#include <channel/claim.h>
#include <channel/ring.h>
#include <channel/segment.h>

struct channel_server {
	int fd;
	char *path;
	uint32_t mode;
	struct claim claim;
	struct segment *segment;
	struct segment_header header; // as it is to stand in the segment
	struct ring requests;
	struct ring replies;
	uint64_t session; // the last one seen, also after it ended
	bool serving; // that session goes on
	bool reset_due; // it ended outside of poll, which has not told yet
	uint64_t checked_ns; // when its client was last seen to live
	uint64_t beat;

	// server_mend.c
	uint64_t looked_ns; // when the file was last looked at
	bool waits; // for the client to say something, or to take what there is
	uint64_t counted_ns; // up to when 'silence_ns' is counted
	uint64_t silence_ns; // how long the holder of the client's lock has said nothing
	uint64_t taken; // bytes of the replies that it has taken
	uint32_t patience_ms;
	bool note_is_due; // the header's taken_pid goes when the session that comes is over
	bool is_mute; // the path could not be given a fresh segment, and that was told
	uint64_t told_ns; // when damage was last told
	uint32_t damage; // how often since
	struct error news;
	bool has_news;
};

enum channel_event server_end(struct channel_server *server);

// Opens, fills and names a segment. It takes the place of the one that the server has, if any, at
// the same address. 'taken_pid' goes into its header.
int server_publish(struct channel_server *server, uint32_t taken_pid, struct error *err);

// Looks at the header, the indexes, the file and the client's silence. Once a round of the loop.
void server_mend(struct channel_server *server);
// The client said or took something, or the server did what it was asked.
void server_heard(struct channel_server *server);

#endif
