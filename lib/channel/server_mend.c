// SPDX-License-Identifier: BSD-3-Clause
// What others may do to the segment, undone.
#include <base/clock.h>
#include <channel/lock.h>
#include <channel/process.h>
#include <channel/server_private.h>

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define MEND_LOOK_NS (200 * CLOCK_NS_PER_MS)
#define MEND_TELL_NS (60 * CLOCK_NS_PER_S)
#define MEND_COUNT_NS \
	(50 * CLOCK_NS_PER_MS) // a loop that stood still is no silence of the client's

static void mend_tell(struct channel_server *server, const char *what)
{
	uint64_t now_ns = clock_monotonic_ns();

	server->damage++;
	if (server->told_ns != 0 && now_ns - server->told_ns < MEND_TELL_NS)
		return;
	error_set(&server->news, 0,
		"%s: %s, and was mended (%u times since this was last said): whoever may write the channel did it",
		server->path, what, server->damage);
	server->has_news = true;
	server->told_ns = now_ns;
	server->damage = 0;
}

static void mend_words(struct channel_server *server)
{
	struct segment *segment = server->segment;
	uint64_t accepted = server->serving ? server->session : 0;
	bool is_damaged = segment_heal(segment, &server->header);

	if (server->serving) {
		is_damaged |= ring_heal(&server->requests);
		is_damaged |= ring_heal(&server->replies);
	}
	if (__atomic_load_n(&segment->accepted, __ATOMIC_RELAXED) != accepted) {
		__atomic_store_n(&segment->accepted, accepted, __ATOMIC_RELEASE);
		is_damaged = true;
	}
	if (is_damaged)
		mend_tell(server, "its header was overwritten");
}

// A path that names another file is given a fresh segment while the claim is ours; if not, another
// daemon has it.
static void mend_path(struct channel_server *server)
{
	struct error err;

	if (segment_is_at(server->path, server->fd)) {
		server->is_mute = false;
		return;
	}
	if (claim_holds(&server->claim) && server_publish(server, 0, &err) == 0) {
		mend_tell(server, "its file was removed");
		return;
	}
	if (server->is_mute)
		return;
	server->is_mute = true;
	server->has_news = true;
	error_set(&server->news, 0,
		"%s: is no longer the file of this daemon, which no tool reaches: move away what stands there, "
		"or start the daemon again",
		server->path);
}

static void mend_file(struct channel_server *server)
{
	struct stat status;

	if (fstat(server->fd, &status) == 0 && (size_t)status.st_size != sizeof(*server->segment)) {
		// Shorter: the pages are there again before anybody reads them. Longer: it takes
		// memory for nothing.
		if (posix_fallocate(server->fd, 0, sizeof(*server->segment)) == 0 &&
			ftruncate(server->fd, sizeof(*server->segment)) == 0)
			mend_tell(server, "its file had another size");
	}
	mend_path(server);
}

// The holder keeps what it has: a file without a name, whose session is over. The next one finds a
// fresh segment.
static void mend_take_away(struct channel_server *server, uint32_t pid, bool is_stopped)
{
	struct error err;
	char who[32] = "a process";

	if (pid != 0)
		snprintf(who, sizeof(who), "process %u", pid);
	__atomic_store_n(&server->segment->taken_pid, pid,
		__ATOMIC_RELAXED); // it reads that once it goes on
	server_end(server);
	server->reset_due = true;
	if (!claim_holds(&server->claim) || server_publish(server, pid, &err) < 0)
		return; // after as long a silence again
	error_set(&server->news, 0,
		"%s: %s held it and said nothing for %u s%s: its session is over, and others have a fresh one",
		server->path, who, (uint32_t)(server->silence_ns / CLOCK_NS_PER_S),
		is_stopped ? " (it is stopped)" : "");
	server->has_news = true;
}

static void mend_silence(struct channel_server *server, uint64_t now_ns)
{
	uint64_t passed_ns = now_ns - server->counted_ns;
	uint32_t pid;
	bool is_stopped;

	server->counted_ns = now_ns;
	if (!server->waits)
		return;
	server->waits = false;
	server->silence_ns += passed_ns < 2 * MEND_COUNT_NS ? passed_ns : 2 * MEND_COUNT_NS;
	if (!lock_client_held(server->fd)) {
		server->silence_ns = 0;
		return;
	}
	if (server->silence_ns < CHANNEL_STOPPED_MS * CLOCK_NS_PER_MS &&
		server->silence_ns < server->patience_ms * CLOCK_NS_PER_MS)
		return;
	pid = channel_server_client(server);
	is_stopped = pid != 0 && process_is_stopped(pid);
	if (!is_stopped && server->silence_ns < server->patience_ms * CLOCK_NS_PER_MS)
		return;
	mend_take_away(server, pid, is_stopped);
	server->silence_ns = 0;
}

void server_heard(struct channel_server *server)
{
	server->silence_ns = 0;
}

void server_mend(struct channel_server *server)
{
	uint64_t now_ns = clock_monotonic_ns();
	uint64_t taken = __atomic_load_n(&server->segment->reply_tail, __ATOMIC_RELAXED);

	mend_words(server);
	if (taken != server->taken)
		server_heard(server);
	server->taken = taken;
	if (now_ns - server->counted_ns >= MEND_COUNT_NS)
		mend_silence(server, now_ns);
	if (now_ns - server->looked_ns >= MEND_LOOK_NS) {
		server->looked_ns = now_ns;
		mend_file(server);
	}
}

const char *channel_server_news(struct channel_server *server)
{
	bool has_news = server->has_news;

	server->has_news = false;
	return has_news ? server->news.text : NULL;
}

void channel_server_set_patience(struct channel_server *server, uint32_t silence_ms)
{
	server->patience_ms = silence_ms;
}
