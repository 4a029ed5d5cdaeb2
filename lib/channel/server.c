// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <channel/channel.h>
#include <channel/guard.h>
#include <channel/lock.h>
#include <channel/message.h>
#include <channel/place.h>
#include <channel/server_private.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SERVER_LIVENESS_NS (50 * CLOCK_NS_PER_MS)

static void server_note_taken(struct channel_server *server, uint32_t pid)
{
	memcpy(server->header.bytes + offsetof(struct segment, taken_pid), &pid, sizeof(pid));
	__atomic_store_n(&server->segment->taken_pid, pid, __ATOMIC_RELAXED);
}

// Takes the mapping of the named segment into use. The one before is whole again for whoever still
// has its file.
static int server_adopt(
	struct channel_server *server, struct segment *fresh, int fd, struct error *err)
{
	int code = server->segment == NULL ? guard_install(fresh, segment_footprint())
					   : segment_remap(server->segment, fd);

	if (code < 0)
		return error_set(err, -code, "%s: %s", server->path,
			code == -EBUSY ? "this process serves a channel already" : strerror(-code));
	if (server->segment == NULL) {
		server->segment = fresh;
	} else {
		segment_leave(fresh);
		close(server->fd); // who waits for its client's lock sees that nobody serves it any more
		guard_reset();
	}
	server->fd = fd;
	server->session = 0;
	return 0;
}

int server_publish(struct channel_server *server, uint32_t taken_pid, struct error *err)
{
	struct segment_header header;
	struct segment *fresh = NULL;
	int fd = place_open(server->path, server->mode, err);
	int code;

	if (fd < 0)
		return fd;
	if (server->serving) {
		server_end(server);
		server->reset_due = true;
	}
	code = segment_new(fd, &fresh, err);
	if (code < 0)
		error_prefix(err, -code, "%s", server->path);
	if (code == 0) {
		fresh->taken_pid = taken_pid;
		segment_copy_header(fresh, &header);
		code = place_publish(fd, server->path, &server->claim, err);
	}
	if (code == 0)
		code = server_adopt(server, fresh, fd, err);
	if (code == 0) {
		server->header = header;
		return 0;
	}
	segment_leave(fresh);
	close(fd);
	return code;
}

static int server_create(struct channel_server *server, struct error *err)
{
	int code = server->path != NULL ? place_make_folder(server->path, err)
					: error_set(err, ENOMEM, "out of memory");

	if (code == 0)
		code = claim_take(server->path, &server->claim, err);
	if (code == 0)
		code = server_publish(server, 0, err);
	return code;
}

static void server_release(struct channel_server *server)
{
	if (server->segment != NULL)
		guard_remove();
	segment_leave(server->segment);
	if (server->fd >= 0)
		close(server->fd);
	claim_release(&server->claim);
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
	server->fd = server->claim.fd = -1;
	server->path = strdup(path);
	server->mode = mode;
	server->patience_ms = CHANNEL_CLIENT_SILENCE_MS;
	server->counted_ns = server->looked_ns = clock_monotonic_ns();
	code = server_create(server, err);
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

enum channel_event server_end(struct channel_server *server)
{
	server->serving = false;
	if (server->note_is_due)
		server_note_taken(server, 0);
	server->note_is_due = false;
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
	uint32_t taken_pid;

	if (server->serving)
		server_end(server);
	memcpy(&taken_pid, server->header.bytes + offsetof(struct segment, taken_pid),
		sizeof(taken_pid));
	server->note_is_due = taken_pid != 0;
	server->requests =
		server_ring(segment->request_data, &segment->request_tail, &segment->request_head);
	server->replies =
		server_ring(segment->reply_data, &segment->reply_head, &segment->reply_tail);
	server->session = session;
	server->serving = session != 0;
	server->reset_due = false;
	server->checked_ns = clock_monotonic_ns();
	server_heard(server);
	__atomic_store_n(&segment->accepted, session, __ATOMIC_RELEASE);
	return CHANNEL_RESET;
}

// The file was cut short under the mapping. It is the same file, still locked and named: give it
// back its size and format.
static enum channel_event server_restore(struct channel_server *server)
{
	struct segment *segment = server->segment;

	if (ftruncate(server->fd, sizeof(*segment)) != 0 ||
		posix_fallocate(server->fd, 0, sizeof(*segment)) != 0 ||
		segment_remap(segment, server->fd) < 0)
		return CHANNEL_IDLE; // the next poll tries again; the guard's pages serve meanwhile
	guard_reset();
	segment_format(segment);
	segment_heal(segment, &server->header);
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
	server->waits = true;
	if (!server->serving)
		return CHANNEL_IDLE;
	code = ring_get(&server->requests, message);
	if (code == -EPROTO || // an index or a length that cannot be
		(code == 0 && !message_is_request(message->type, message->size)))
		return server_end(server);
	if (code == 0) {
		server_heard(server);
		server->waits = false;
		return CHANNEL_MESSAGE;
	}
	return server_client_died(server) ? server_end(server) : CHANNEL_IDLE;
}

void channel_server_beat(struct channel_server *server)
{
	__atomic_store_n(&server->segment->beat, ++server->beat, __ATOMIC_RELAXED);
	server_mend(server);
}

int channel_server_reply(struct channel_server *server, const struct channel_message *message)
{
	uint64_t session = __atomic_load_n(&server->segment->session, __ATOMIC_ACQUIRE);
	int code;

	if (guard_hit() || !server->serving || session != server->session)
		return -ECONNRESET;
	code = ring_put(&server->replies, message);
	if (code == 0)
		server_heard(server);
	server->waits = code == -EAGAIN;
	if (code == 0 || (code == -EAGAIN && !server_client_died(server)))
		return code;
	server_end(server);
	server->reset_due = true;
	return -ECONNRESET;
}
