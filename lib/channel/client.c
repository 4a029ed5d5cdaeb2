// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <channel/channel.h>
#include <channel/lock.h>
#include <channel/message.h>
#include <channel/process.h>
#include <channel/ring.h>
#include <channel/segment.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CLIENT_NAP_NS      (200 * 1000L)
#define CLIENT_LIVENESS_NS (10 * CLOCK_NS_PER_MS)
#define CLIENT_MEND_NS     CLOCK_NS_PER_S

struct channel_client {
	int fd;
	char *path;
	struct error note; // for channel_client_note(); empty: none
	struct segment *segment;
	struct ring requests;
	struct ring replies;
	uint64_t session;
	bool is_begun; // the daemon has accepted it
};

// A wait for the peer: sleeps a little between looks, and looks now and then whether the daemon
// lives.
struct client_wait {
	uint64_t look_ns;
	uint64_t beat; // the daemon's, as last seen
	uint64_t beat_ns; // when it was seen to change
	uint32_t silence_ms;
};

static struct client_wait client_wait_begin(
	const struct channel_client *client, uint32_t silence_ms)
{
	uint64_t now_ns = clock_monotonic_ns();

	return (struct client_wait){.look_ns = now_ns + CLIENT_LIVENESS_NS,
		.beat = __atomic_load_n(&client->segment->beat, __ATOMIC_RELAXED),
		.beat_ns = now_ns,
		.silence_ms = silence_ms};
}

static int client_check_beat(
	const struct channel_client *client, struct client_wait *wait, struct error *err)
{
	uint64_t beat = __atomic_load_n(&client->segment->beat, __ATOMIC_RELAXED);
	uint64_t now_ns = clock_monotonic_ns(), silence_ms;

	if (beat != wait->beat) {
		wait->beat = beat;
		wait->beat_ns = now_ns;
		return 0;
	}
	silence_ms = (now_ns - wait->beat_ns) / CLOCK_NS_PER_MS;
	if (silence_ms >= CHANNEL_STOPPED_MS && process_is_stopped(client->segment->server_pid))
		return error_set(err, ETIMEDOUT,
			"fulcrumd does not answer: its process %u is stopped (kill -CONT %u lets it go on)",
			client->segment->server_pid, client->segment->server_pid);
	if (silence_ms >= wait->silence_ms)
		return error_set(err, ETIMEDOUT,
			"fulcrumd does not answer: its process %u has stood still for %u ms",
			client->segment->server_pid, wait->silence_ms);
	return 0;
}

static void client_nap(void)
{
	const struct timespec nap = {.tv_nsec = CLIENT_NAP_NS};

	nanosleep(&nap, NULL);
}

// The lock alone does not tell: whoever may open the segment takes it when the daemon dies.
static bool client_daemon_is_there(const struct channel_client *client)
{
	return lock_server_held(client->fd) && segment_is_at(client->path, client->fd);
}

static int client_lost(const struct channel_client *client, struct error *err)
{
	uint32_t taken_pid = __atomic_load_n(&client->segment->taken_pid, __ATOMIC_RELAXED);

	if (taken_pid == (uint32_t)getpid())
		return error_set(err, ECONNRESET,
			"fulcrumd took the channel away from this process, which had said nothing for long");
	if (!client_daemon_is_there(client))
		return error_set(err, ECONNRESET, "fulcrumd went");
	return error_set(err, ECONNRESET, "fulcrumd ended the session");
}

// 0 after a nap; -ETIMEDOUT where the daemon's heart does not beat; -ECONNRESET where it died.
static int client_wait_more(
	struct channel_client *client, struct client_wait *wait, struct error *err)
{
	uint64_t now_ns = clock_monotonic_ns();
	int code = 0;

	if (client->is_begun) {
		ring_heal(&client->requests);
		ring_heal(&client->replies);
	}
	if (now_ns >= wait->look_ns) {
		wait->look_ns = now_ns + CLIENT_LIVENESS_NS;
		if (!client_daemon_is_there(client))
			return client_lost(client, err);
		code = client_check_beat(client, wait, err);
	}
	if (code == 0)
		client_nap();
	return code;
}

static int client_open_file(const char *path, struct error *err)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat status;

	if (fd < 0 && errno == ENOENT)
		return error_set(err, ENOENT, "no fulcrumd runs: %s is not there", path);
	if (fd < 0 && errno == EACCES)
		return error_set(err, EACCES,
			"%s: permission denied: be root, or of the group that its file mode lets in",
			path);
	if (fd < 0)
		return error_set(err, errno, "%s: %s", path, strerror(errno));
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
		return fd;
	close(fd);
	return error_set(err, EPROTO, "%s: is no Fulcrum channel", path);
}

static int client_busy(int fd, struct error *err)
{
	long holder = lock_client_holder(fd);

	if (holder > 0)
		return error_set(err, EBUSY, "process %ld is using fulcrumd", holder);
	return error_set(err, EBUSY, "another process is using fulcrumd");
}

// Another client has the daemon: that one's time is its own. -ESTALE where the path has another
// segment by now.
static int client_lock(struct channel_client *client, uint64_t until_ns, struct error *err)
{
	int code;

	while ((code = lock_take_client(client->fd)) == -EAGAIN) {
		if (!client_daemon_is_there(client))
			return error_set(err, ESTALE, "fulcrumd went");
		if (clock_monotonic_ns() >= until_ns)
			return client_busy(client->fd, err);
		client_nap();
	}
	if (code < 0)
		return error_set(err, -code, "it cannot be locked: %s", strerror(-code));
	if (!client_daemon_is_there(client))
		return error_set(err, ESTALE, "fulcrumd went");
	return 0;
}

// At random, so that it is new whatever a client before left in the segment. Not 0.
static uint64_t client_new_session(void)
{
	uint64_t session;

	if (getrandom(&session, sizeof(session), 0) != sizeof(session))
		session = clock_monotonic_ns();
	return session | 1;
}

static int client_begin(struct channel_client *client, struct error *err)
{
	struct client_wait wait = client_wait_begin(client, CHANNEL_SILENCE_MS);
	struct segment *segment = client->segment;
	int code = 0;

	client->session = client_new_session();
	client->requests = (struct ring){.data = segment->request_data,
		.own = &segment->request_head,
		.peer = &segment->request_tail};
	client->replies = (struct ring){.data = segment->reply_data,
		.own = &segment->reply_tail,
		.peer = &segment->reply_head};
	__atomic_store_n(&segment->session, client->session, __ATOMIC_RELEASE);
	while (code == 0 &&
		__atomic_load_n(&segment->accepted, __ATOMIC_ACQUIRE) != client->session) {
		code = client_wait_more(client, &wait, err);
		if (__atomic_load_n(&segment->session, __ATOMIC_RELAXED) != client->session)
			__atomic_store_n(&segment->session, client->session, __ATOMIC_RELEASE);
	}
	client->is_begun = code == 0;
	return code;
}

// A header that somebody wrote over is whole again within a round of the daemon's loop: worth a
// wait.
static int client_join(struct channel_client *client, uint64_t until_ns, struct error *err)
{
	uint64_t mended_ns = clock_monotonic_ns() + CLIENT_MEND_NS;
	int code;

	while ((code = segment_join(client->fd, &client->segment, err)) == -EPROTO) {
		uint64_t now_ns = clock_monotonic_ns();

		if (now_ns >= mended_ns || now_ns >= until_ns || !client_daemon_is_there(client))
			break;
		client_nap();
	}
	return code;
}

static void client_take_note(struct channel_client *client)
{
	uint32_t pid = __atomic_load_n(&client->segment->taken_pid, __ATOMIC_RELAXED);

	if (pid != 0)
		error_set(&client->note, 0,
			"process %u held fulcrumd and said nothing, until its session was taken away",
			pid);
}

static int client_connect(struct channel_client *client, uint64_t until_ns, struct error *err)
{
	int code;

	client->fd = client_open_file(client->path, err);
	if (client->fd < 0)
		return client->fd;
	if (segment_is_one(client->fd) && !lock_server_held(client->fd))
		return error_set(err,
			segment_is_at(client->path, client->fd) ? ECONNREFUSED : ESTALE,
			"no fulcrumd runs: the one that made it is dead");
	code = client_join(client, until_ns, err);
	if (code == 0)
		code = client_lock(client, until_ns, err);
	if (code < 0)
		return code;
	client_take_note(client);
	return client_begin(client, err);
}

static void client_leave(struct channel_client *client)
{
	segment_leave(client->segment);
	if (client->fd >= 0)
		close(client->fd); // gives the lock back
	client->segment = NULL;
	client->fd = -1;
	client->session = 0;
	client->is_begun = false;
}

int channel_client_open(
	const char *path, uint32_t wait_ms, struct channel_client **out, struct error *err)
{
	struct channel_client *client = calloc(1, sizeof(*client));
	uint64_t until_ns = clock_monotonic_ns() + wait_ms * CLOCK_NS_PER_MS;
	int code, fd;

	if (client == NULL)
		return error_set(err, ENOMEM, "out of memory");
	client->fd = -1;
	client->path = strdup(path);
	code = client->path != NULL ? client_connect(client, until_ns, err)
				    : error_set(err, ENOMEM, "out of memory");
	while (code == -ESTALE) {
		client_leave(client);
		code = client_connect(client, until_ns, err);
	}
	if (code == 0) {
		*out = client;
		return 0;
	}
	fd = client->fd;
	channel_client_close(client);
	return fd < 0 ? code : error_prefix(err, -code, "%s", path);
}

void channel_client_close(struct channel_client *client)
{
	if (client == NULL)
		return;
	client_leave(client);
	free(client->path);
	free(client);
}

const char *channel_client_note(const struct channel_client *client)
{
	return client->note.text[0] != '\0' ? client->note.text : NULL;
}

static int client_check(const struct channel_client *client, struct error *err)
{
	if (__atomic_load_n(&client->segment->accepted, __ATOMIC_ACQUIRE) == client->session)
		return 0;
	return client_lost(client, err);
}

// What is in the ring stays there after the session's end, until another client begins one.
static bool client_has_ring(const struct channel_client *client)
{
	return __atomic_load_n(&client->segment->session, __ATOMIC_ACQUIRE) == client->session;
}

// Answers that nobody has taken may be what the daemon waits for.
static bool client_has_answers(const struct channel_client *client)
{
	return __atomic_load_n(client->replies.peer, __ATOMIC_RELAXED) !=
	       __atomic_load_n(client->replies.own, __ATOMIC_RELAXED);
}

int channel_client_send(struct channel_client *client, const struct channel_message *message,
	uint32_t silence_ms, struct error *err)
{
	struct client_wait wait = client_wait_begin(client, silence_ms);
	uint64_t until_ns = clock_monotonic_ns() + silence_ms * CLOCK_NS_PER_MS;
	int code;

	if (!message_is_request(message->type, message->size))
		return error_set(err, EPROTO, "message %u of %u bytes is no request", message->type,
			message->size);
	for (;;) {
		code = client_check(client, err);
		if (code < 0)
			return code;
		code = ring_put(&client->requests, message);
		if (code == -EPROTO)
			return error_set(err, EPROTO, "the daemon wrote an index that cannot be");
		if (code == 0)
			return 0;
		if (client_has_answers(client) && clock_monotonic_ns() >= until_ns)
			return error_set(err, ETIMEDOUT,
				"fulcrumd waits for us to take the answers of before");
		code = client_wait_more(client, &wait, err);
		if (code < 0)
			return code;
	}
}

int channel_client_receive(struct channel_client *client, struct channel_message *message,
	uint32_t silence_ms, struct error *err)
{
	struct client_wait wait = client_wait_begin(client, silence_ms);
	int code;

	for (;;) {
		int state = client_check(client, err);

		code = state == 0 || client_has_ring(client) ? ring_get(&client->replies, message)
							     : -EAGAIN;
		if (code == -EAGAIN && state < 0)
			return state;
		if (code == -EPROTO ||
			(code == 0 && !message_size_valid(message->type, message->size)))
			return error_set(
				err, EPROTO, "the daemon sent a message that there is not");
		if (code == 0)
			return 0;
		code = client_wait_more(client, &wait, err);
		if (code < 0)
			return code;
	}
}
