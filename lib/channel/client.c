// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <channel/channel.h>
#include <channel/lock.h>
#include <channel/message.h>
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

struct channel_client {
	int fd;
	struct segment *segment;
	struct ring requests;
	struct ring replies;
	uint64_t session;
};

// A wait for the peer: sleeps a little between looks, and looks now and then whether the daemon lives.
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

// Whether the kernel says so; false where it cannot be asked.
static bool client_daemon_is_stopped(const struct channel_client *client)
{
	char path[32], line[256], state = '?';
	const char *end = NULL;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%u/stat", client->segment->server_pid);
	file = fopen(path, "re");
	if (file == NULL)
		return false;
	if (fgets(line, sizeof(line), file) != NULL)
		end = strrchr(line, ')'); // a name may have anything in it
	if (end != NULL && end[1] == ' ')
		state = end[2];
	fclose(file);
	return state == 'T' || state == 't';
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
	if (silence_ms >= CHANNEL_STOPPED_MS && client_daemon_is_stopped(client))
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

// 0 after a nap; -ETIMEDOUT where the daemon's heart does not beat; -ECONNRESET where it died.
static int client_wait_more(
	const struct channel_client *client, struct client_wait *wait, struct error *err)
{
	uint64_t now_ns = clock_monotonic_ns();
	int code = 0;

	if (now_ns >= wait->look_ns) {
		wait->look_ns = now_ns + CLIENT_LIVENESS_NS;
		if (!lock_server_held(client->fd))
			return error_set(err, ECONNRESET, "fulcrumd went");
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

// Another client has the daemon: that one's time is its own.
static int client_lock(int fd, uint32_t wait_ms, struct error *err)
{
	uint64_t until_ns = clock_monotonic_ns() + wait_ms * CLOCK_NS_PER_MS;
	int code;

	while ((code = lock_take_client(fd)) == -EAGAIN) {
		if (!lock_server_held(fd))
			return error_set(err, ECONNRESET, "fulcrumd went");
		if (clock_monotonic_ns() >= until_ns)
			return client_busy(fd, err);
		client_nap();
	}
	if (code < 0)
		return error_set(err, -code, "it cannot be locked: %s", strerror(-code));
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
		__atomic_load_n(&segment->accepted, __ATOMIC_ACQUIRE) != client->session)
		code = client_wait_more(client, &wait, err);
	return code;
}

static int client_connect(struct channel_client *client, uint32_t wait_ms, struct error *err)
{
	int code;

	if (segment_is_one(client->fd) && !lock_server_held(client->fd))
		return error_set(
			err, ECONNREFUSED, "no fulcrumd runs: the one that made it is dead");
	code = segment_join(client->fd, &client->segment, err);
	if (code == 0)
		code = client_lock(client->fd, wait_ms, err);
	if (code == 0)
		code = client_begin(client, err);
	return code;
}

int channel_client_open(
	const char *path, uint32_t wait_ms, struct channel_client **out, struct error *err)
{
	struct channel_client *client = calloc(1, sizeof(*client));
	int code;

	if (client == NULL)
		return error_set(err, ENOMEM, "out of memory");
	client->fd = client_open_file(path, err);
	if (client->fd < 0) {
		code = client->fd;
		free(client);
		return code;
	}
	code = client_connect(client, wait_ms, err);
	if (code < 0) {
		channel_client_close(client);
		return error_prefix(err, -code, "%s", path);
	}
	*out = client;
	return 0;
}

void channel_client_close(struct channel_client *client)
{
	if (client == NULL)
		return;
	segment_leave(client->segment);
	close(client->fd); // gives the lock back
	free(client);
}

static int client_check(const struct channel_client *client, struct error *err)
{
	if (__atomic_load_n(&client->segment->accepted, __ATOMIC_ACQUIRE) == client->session)
		return 0;
	return error_set(err, ECONNRESET, "fulcrumd ended the session");
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
		code = client_check(client, err);
		if (code < 0)
			return code;
		code = ring_get(&client->replies, message);
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
