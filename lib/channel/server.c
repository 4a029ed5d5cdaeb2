// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <channel/channel.h>
#include <channel/guard.h>
#include <channel/lock.h>
#include <channel/message.h>
#include <channel/place.h>
#include <channel/ring.h>
#include <channel/segment.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SERVER_LIVENESS_NS (50 * CLOCK_NS_PER_MS)

struct channel_server {
	int fd;
	char *path;
	struct segment *segment;
	struct ring requests;
	struct ring replies;
	uint64_t session; // the last one seen, also after it ended
	bool serving; // that session goes on
	bool reset_due; // it ended in a reply, and poll has not told yet
	uint64_t checked_ns; // when its client was last seen to live
	uint64_t beat;
};

static int server_create(struct channel_server *server, uint32_t mode, struct error *err)
{
	int code;

	server->fd = place_open(server->path, mode, err);
	if (server->fd < 0)
		return server->fd;
	code = segment_new(server->fd, &server->segment, err);
	if (code < 0)
		return error_prefix(err, -code, "%s", server->path);
	code = guard_install(server->segment, segment_footprint());
	if (code < 0)
		return error_set(
			err, -code, "%s: this process serves a channel already", server->path);
	code = place_publish(server->fd, server->path, err);
	if (code < 0)
		guard_remove();
	return code;
}

static void server_release(struct channel_server *server)
{
	segment_leave(server->segment);
	if (server->fd >= 0)
		close(server->fd);
	free(server->path);
	free(server);
}

int channel_server_look(const char *path, struct error *err)
{
	return place_look(path, err);
}

int channel_server_new(
	const char *path, uint32_t mode, struct channel_server **out, struct error *err)
{
	struct channel_server *server = calloc(1, sizeof(*server));
	int code;

	if (server == NULL)
		return error_set(err, ENOMEM, "out of memory");
	server->fd = -1;
	server->path = strdup(path);
	code = server->path != NULL ? server_create(server, mode, err)
				    : error_set(err, ENOMEM, "out of memory");
	if (code < 0) {
		server_release(server);
		return code;
	}
	*out = server;
	return 0;
}

void channel_server_free(struct channel_server *server)
{
	if (server == NULL)
		return;
	segment_delete(server->path, server->fd);
	guard_remove();
	server_release(server);
}

uint32_t channel_server_client(const struct channel_server *server)
{
	pid_t holder = lock_client_holder(server->fd);

	return holder > 0 ? (uint32_t)holder : 0;
}

size_t channel_server_footprint(const struct channel_server *server)
{
	return sizeof(*server->segment);
}

static enum channel_event server_end(struct channel_server *server)
{
	server->serving = false;
	__atomic_store_n(&server->segment->accepted, 0, __ATOMIC_RELEASE);
	return CHANNEL_RESET;
}

static struct ring server_ring(uint8_t *data, uint64_t *own, uint64_t *peer)
{
	__atomic_store_n(own, 0, __ATOMIC_RELAXED);
	__atomic_store_n(peer, 0, __ATOMIC_RELAXED);
	return (struct ring){.data = data, .own = own, .peer = peer};
}

// The rings are emptied before the number is answered; the client touches them only after that.
static enum channel_event server_begin(struct channel_server *server, uint64_t session)
{
	struct segment *segment = server->segment;

	server->requests =
		server_ring(segment->request_data, &segment->request_tail, &segment->request_head);
	server->replies =
		server_ring(segment->reply_data, &segment->reply_head, &segment->reply_tail);
	server->session = session;
	server->serving = session != 0;
	server->reset_due = false;
	server->checked_ns = clock_monotonic_ns();
	__atomic_store_n(&segment->accepted, session, __ATOMIC_RELEASE);
	return CHANNEL_RESET;
}

// The file was cut short under the mapping. It is the same file, still locked and named: give it back its size and format.
static enum channel_event server_restore(struct channel_server *server)
{
	struct segment *segment = server->segment;

	if (ftruncate(server->fd, sizeof(*segment)) != 0 ||
		posix_fallocate(server->fd, 0, sizeof(*segment)) != 0 ||
		mmap(segment, sizeof(*segment), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
			server->fd, 0) == MAP_FAILED)
		return CHANNEL_IDLE; // the next poll tries again; the guard's pages serve meanwhile
	guard_reset();
	segment_format(segment);
	server->session = 0;
	return server_end(server);
}

static bool server_client_died(struct channel_server *server)
{
	uint64_t now_ns = clock_monotonic_ns();

	if (now_ns - server->checked_ns < SERVER_LIVENESS_NS)
		return false;
	server->checked_ns = now_ns;
	return !lock_client_held(server->fd);
}

enum channel_event channel_server_poll(
	struct channel_server *server, struct channel_message *message)
{
	uint64_t session = __atomic_load_n(&server->segment->session, __ATOMIC_ACQUIRE);
	int code;

	if (guard_hit())
		return server_restore(server);
	if (session != server->session)
		return server_begin(server, session);
	if (server->reset_due) {
		server->reset_due = false;
		return CHANNEL_RESET;
	}
	if (!server->serving)
		return CHANNEL_IDLE;
	code = ring_get(&server->requests, message);
	if (code == -EPROTO || // an index or a length that cannot be
		(code == 0 && !message_is_request(message->type, message->size)))
		return server_end(server);
	if (code == 0)
		return CHANNEL_MESSAGE;
	return server_client_died(server) ? server_end(server) : CHANNEL_IDLE;
}

void channel_server_beat(struct channel_server *server)
{
	__atomic_store_n(&server->segment->beat, ++server->beat, __ATOMIC_RELAXED);
}

int channel_server_reply(struct channel_server *server, const struct channel_message *message)
{
	uint64_t session = __atomic_load_n(&server->segment->session, __ATOMIC_ACQUIRE);
	int code;

	if (guard_hit() || !server->serving || session != server->session)
		return -ECONNRESET;
	code = ring_put(&server->replies, message);
	if (code == 0 || (code == -EAGAIN && !server_client_died(server)))
		return code;
	server_end(server);
	server->reset_due = true;
	return -ECONNRESET;
}
