// SPDX-License-Identifier: BSD-3-Clause
// A peer that writes any bytes anywhere into the segment while the real server side reads it. The
// input is a script of its steps; a timer's signal writes, too, at any instruction of the server's.
// Whatever they wrote, the next well-behaved session has to be served.
#include <channel/channel.h>
#include <channel/message.h>
#include <channel/ring.h>
#include <channel/segment.h>

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// What an earlier input may have left, and this one is to find zero. The whole ring would take most
// of the time.
#define RESET_SIZE 8192
// Several inputs long, so that most of them are judged without a write that they do not tell.
#define RACE_INTERVAL_NS 200000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct channel_server *server;
static struct segment *segment;
static int fd;
static char folder[] = "/dev/shm/fuzz_channel.XXXXXX";
static char path[64];
static struct channel_message message;
static uint64_t session;
static uint32_t request_size[MESSAGE_DONE]; // by type; UINT32_MAX: there is none
static volatile sig_atomic_t may_race;

struct script {
	const uint8_t *data;
	size_t left;
};

static void require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "fuzz_channel: %s\n", what);
	abort();
}

static void clean_up(void)
{
	channel_server_free(server);
	rmdir(folder);
}

// What a peer may write at the wrong moment: an index, the message that is being read, any word of
// the header.
static void race(int number)
{
	static uint64_t random = 1;
	uint64_t value;

	(void)number;
	if (!may_race)
		return;
	random = random * 6364136223846793005u + 1442695040888963407u;
	value = random >> 16;
	switch (random >> 62) {
	case 0:
		segment->request_head = segment->request_tail + value % 32768;
		break;
	case 1:
		memcpy(segment->request_data + segment->request_tail % SEGMENT_RING_SIZE, &value,
			7);
		break;
	case 2:
		segment->reply_tail += value % 65536;
		break;
	case 3:
		((uint64_t *)segment)[value % (512 / 8)] = random;
		break;
	}
}

static void start_race(void)
{
	struct sigaction action = {.sa_handler = race, .sa_flags = SA_RESTART};
	// To this thread: libFuzzer has one more, that sleeps.
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID,
		.sigev_signo = SIGRTMIN,
		._sigev_un._tid = gettid()};
	const struct itimerspec interval = {{0, RACE_INTERVAL_NS}, {0, RACE_INTERVAL_NS}};
	timer_t timer;

	require(sigaction(SIGRTMIN, &action, NULL) == 0 &&
			timer_create(CLOCK_MONOTONIC, &event, &timer) == 0 &&
			timer_settime(timer, 0, &interval, NULL) == 0,
		"no timer");
}

// As message.h has them, whatever it has.
static void find_requests(void)
{
	uint32_t size;

	for (uint16_t type = 0; type < MESSAGE_DONE; type++) {
		for (size = 0; size <= CHANNEL_MESSAGE_MAX; size++)
			if (message_is_request(type, size))
				break;
		request_size[type] = size <= CHANNEL_MESSAGE_MAX ? size : UINT32_MAX;
	}
}

static void set_up(void)
{
	const struct flock lock = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 1, .l_len = 1};
	struct error err;

	require(mkdtemp(folder) != NULL, "no folder");
	snprintf(path, sizeof(path), "%s/channel", folder);
	require(channel_server_new(path, 0600, &server, &err) == 0, "no server");
	atexit(clean_up);
	fd = open(path, O_RDWR | O_CLOEXEC);
	require(fd >= 0 && fcntl(fd, F_SETLK, &lock) == 0, "no lock");
	require(segment_join(fd, &segment, &err) == 0, "no segment");
	find_requests();
	start_race();
}

// The next 'size' bytes of the script as a number; zeros once it is over.
static uint64_t take(struct script *script, size_t size)
{
	uint64_t value = 0;

	if (size > script->left)
		size = script->left;
	memcpy(&value, script->data, size);
	script->data += size;
	script->left -= size;
	return value;
}

static void take_bytes(struct script *script, uint8_t *to, size_t size)
{
	if (size > script->left)
		size = script->left;
	memcpy(to, script->data, size);
	script->data += size;
	script->left -= size;
}

static void poll_once(void)
{
	channel_server_beat(server);
	if (channel_server_poll(server, &message) == CHANNEL_MESSAGE)
		require(message_is_request(message.type, message.size), "a message that is none");
}

static void reply_once(uint32_t size)
{
	message.type = MESSAGE_TEXT;
	message.zero = 0;
	message.size = size % (CHANNEL_MESSAGE_MAX + 1);
	channel_server_reply(server, &message);
}

// A header that may be right, at the place where the server reads next.
static void write_header(struct script *script)
{
	uint32_t at = segment->request_head % SEGMENT_RING_SIZE & ~7u;
	uint64_t header = take(script, 1) | take(script, 2) << 32;

	memcpy(segment->request_data + at, &header, sizeof(header));
	segment->request_head += 8 + (header >> 32);
}

// A whole request of any type, with any bytes in it; a type that there is not becomes the next one
// that there is.
static void write_request(struct script *script)
{
	uint64_t at = segment->request_head % SEGMENT_RING_SIZE & ~7u;
	uint16_t type = (uint16_t)(take(script, 1) % MESSAGE_DONE);
	uint64_t header;

	while (request_size[type] == UINT32_MAX)
		type = (type + 1) % MESSAGE_DONE;
	header = type | (uint64_t)request_size[type] << 32;
	memcpy(segment->request_data + at, &header, sizeof(header));
	if (at + 8 + 256 <= SEGMENT_RING_SIZE)
		take_bytes(script, segment->request_data + at + 8, take(script, 1));
	segment->request_head += ring_message_space(request_size[type]);
}

// The peer itself would fault as well, so the file has its size again before the next step.
static void cut_short(uint64_t size)
{
	may_race = 0;
	if (ftruncate(fd, (off_t)size) != 0)
		return;
	poll_once();
	reply_once(64);
	require(ftruncate(fd, (off_t)segment_footprint()) == 0, "the file cannot grow");
	poll_once();
}

static void step(struct script *script)
{
	uint32_t at;

	switch (take(script, 1) % 10) {
	case 0:
		poll_once();
		break;
	case 1:
		reply_once((uint32_t)take(script, 2));
		break;
	case 2: // any word of the header
		at = (uint32_t)take(script, 1) % (512 / 8);
		((uint64_t *)segment)[at] = take(script, 8);
		break;
	case 3: // any bytes of the request ring
		at = (uint32_t)take(script, 3) % (SEGMENT_RING_SIZE - 256);
		take_bytes(script, segment->request_data + at, take(script, 1));
		break;
	case 4:
		segment->session++;
		break;
	case 5:
		segment->request_head += take(script, 3);
		break;
	case 6:
		segment->reply_tail += take(script, 3);
		break;
	case 7:
		write_header(script);
		break;
	case 8: // seldom: it costs a thousand times what the others do
		if (take(script, 2) == 0x7fe && script->left == 2)
			cut_short(take(script, 2));
		break;
	case 9:
		write_request(script);
		break;
	}
}

static void require_service(void)
{
	const uint64_t show[2] = {MESSAGE_SHOW | (uint64_t)sizeof(struct message_show) << 32, 1};

	session += 0x9e3779b97f4a7c15; // one that no input guesses, and each run repeats
	segment->session = session;
	require(channel_server_poll(server, &message) == CHANNEL_RESET, "no new session");
	require(segment->accepted == segment->session, "the session is not accepted");
	memcpy(segment->request_data, show, sizeof(show));
	segment->request_head = sizeof(show);
	require(channel_server_poll(server, &message) == CHANNEL_MESSAGE &&
			message.type == MESSAGE_SHOW,
		"the request does not come through");
	require(channel_server_reply(server, &message) == 0, "the reply is not taken");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script script = {data, size};

	if (server == NULL)
		set_up();
	memset(segment->request_data, 0, RESET_SIZE);
	require_service();
	may_race = 1;
	while (script.left > 0)
		step(&script);
	may_race = 0;
	require_service();
	return 0;
}
