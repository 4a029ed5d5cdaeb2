// SPDX-License-Identifier: BSD-3-Clause
// A peer that writes any bytes anywhere into the segment while the real server side reads it. The input is a
// script of its steps. Whatever they were, the next well-behaved session has to be served.
#include <channel/channel.h>
#include <channel/message.h>
#include <channel/ring.h>
#include <channel/segment.h>

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// What an earlier input may have left, and this one is to find zero. The whole ring would take most of the time.
#define RESET_SIZE 8192

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct channel_server *server;
static struct segment *segment;
static int fd;
static char folder[] = "/dev/shm/fuzz_channel.XXXXXX";
static char path[64];
static struct channel_message message;
static uint64_t session;

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

// The peer itself would fault as well, so the file has its size again before the next step.
static void cut_short(uint64_t size)
{
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

	switch (take(script, 1) % 9) {
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
	case 8: // seldom: it costs page faults
		if (take(script, 2) == 0x7fe)
			cut_short(take(script, 2));
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
	while (script.left > 0)
		step(&script);
	require_service();
	return 0;
}
