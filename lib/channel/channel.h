// SPDX-License-Identifier: BSD-3-Clause
#ifndef CHANNEL_CHANNEL_H
#define CHANNEL_CHANNEL_H

#include <base/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// One shared-memory segment between fulcrumctl (the client) and fulcrumd (the server): a ring for
// requests and a ring for replies, byte streams of framed messages. Offsets only, magic written
// last, sizes pinned by static asserts. The server trusts nothing that it reads there: it keeps its
// own copy of every index and checks each length before use.
// One client at a time holds the segment's lock (fcntl, so that it goes with the process, and the
// kernel names the holder); the next one waits. Each client begins a new session: what a dead
// client left in the rings is dropped by the server, and a transaction of its that was not
// committed is gone. Whoever may open the segment may write all of it, lock it and cut it short. So
// the server knows itself by a lock file of its own (claim.h), puts back what it alone writes once
// a round of its loop, and gives the path a fresh segment where the client that holds the lock says
// nothing: that client keeps the old one.

#define CHANNEL_VERSION     13u
#define CHANNEL_MESSAGE_MAX 16384u // bytes of one message's body

// A message: what it is, and up to CHANNEL_MESSAGE_MAX bytes whose layout channel/message.h gives.
struct channel_message {
	uint16_t type; // enum message_type
	uint16_t zero;
	uint32_t size;
	uint8_t body[CHANNEL_MESSAGE_MAX];
};

// --- The server's side: fulcrumd's control lcore alone ---

struct channel_server;

// Makes the segment at 'path' with that file mode, in a folder that is made too where only its last
// part is missing, and PATH.lock beside it, which this user alone may open. One a process.
// -EADDRINUSE with the sentence where another daemon serves it; a dead daemon's segment is
// replaced, whatever was written over it and whoever holds its locks; -EEXIST where something else
// stands there.
int channel_server_new(
	const char *path, uint32_t mode, struct channel_server **out, struct error *err);
// The same -EADDRINUSE, else 0: asked before a daemon takes hold of ports, which would disturb the
// one that serves already. What a dead daemon left is removed.
int channel_server_look(const char *path, struct error *err);
// Unlinks the segment. NULL is fine.
void channel_server_free(struct channel_server *server);

enum channel_event {
	CHANNEL_IDLE, // nothing to do
	CHANNEL_MESSAGE, // '*message' is a request of the present session
	CHANNEL_RESET, // the client changed or died or broke the protocol: forget its transaction
};

// Never blocks; work bounded by one message. A message is a request of message.h's list with that
// type's size; its content is anything. May be left uncalled while replies wait:
// channel_server_reply() sees a client go, too.
enum channel_event channel_server_poll(
	struct channel_server *server, struct channel_message *message);
// Once a round of the loop, whether there is a client or not: shows clients that the loop goes on,
// and mends the segment.
void channel_server_beat(struct channel_server *server);
// What befell the segment since the last call, one sentence for the log, or NULL.
const char *channel_server_news(struct channel_server *server);
// How long a client may hold the lock without a word: CHANNEL_CLIENT_SILENCE_MS unless this says
// otherwise.
void channel_server_set_patience(struct channel_server *server, uint32_t silence_ms);
// Queues one reply. 0; -EAGAIN while the reply ring is full: try again later; -ECONNRESET where the
// session is over: drop it, the next poll says CHANNEL_RESET.
int channel_server_reply(struct channel_server *server, const struct channel_message *message);
// What the segment takes, in bytes.
size_t channel_server_footprint(const struct channel_server *server);
// The process of the present session's client; 0 where the kernel cannot name it.
uint32_t channel_server_client(const struct channel_server *server);

// --- The client's side: one thread of fulcrumctl ---

struct channel_client;

// Joins the segment, takes the lock, waiting 'wait_ms' for it at most, and begins a session.
// -ENOENT: no daemon; -ECONNREFUSED: its daemon is dead; -EPROTO: another version (the sentence
// names both), or no channel; -EBUSY: the sentence names the process that holds it; -EACCES;
// -ETIMEDOUT: the daemon is there, and its loop stands still. One at a time in a process, which
// must not open the segment's file otherwise.
int channel_client_open(
	const char *path, uint32_t wait_ms, struct channel_client **out, struct error *err);
void channel_client_close(struct channel_client *client);

// How long a daemon's loop may stand still before a client gives up: a machine that has far too
// much to do has been seen to keep it from the CPU for seconds. One whose process is stopped is
// told after CHANNEL_STOPPED_MS.
#define CHANNEL_SILENCE_MS 30000u
#define CHANNEL_STOPPED_MS 2000u

// How long a client may hold the lock and neither send nor take anything while the daemon waits for
// it; one that is stopped loses it after CHANNEL_STOPPED_MS, where the daemon may see that.
#define CHANNEL_CLIENT_SILENCE_MS 10000u

// A process whose session was taken away from it just before, as a sentence for whoever comes next,
// or NULL.
const char *channel_client_note(const struct channel_client *client);

// Both block until done, however long that takes while the daemon's heart beats, and at most
// 'silence_ms' while it does not: 0, -ETIMEDOUT, -ECONNRESET (the daemon went, or ended the
// session), -EPROTO (a message that there is not), with the sentence.
int channel_client_send(struct channel_client *client, const struct channel_message *message,
	uint32_t silence_ms, struct error *err);
int channel_client_receive(struct channel_client *client, struct channel_message *message,
	uint32_t silence_ms, struct error *err);

#endif
