// SPDX-License-Identifier: BSD-3-Clause
#include "ctl.h"
#include "session.h"

#include <base/parse.h>

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOOK_NS (100 * 1000000) // how often to ask how far it is

static const struct argp_option options[] = {
	{"service", 's', "SERVICE", 0, "Packets of that service alone", 0},
	{"write", 'w', "FILE", 0, "The file to make, *.pcapng", 0},
	{"packets", 'n', "N", 0, "End after N packets (default: 1000)", 0},
	{"seconds", 't', "S", 0, "End after S seconds (default: 10)", 0},
	{"snaplen", 'l', "B", 0, "Keep B bytes of each packet (default: 256)", 0},
	{"drops", 'd', NULL, 0, "Only packets that are dropped", 0},
	{0},
};

static bool copy_text(char *field, size_t size, const char *value)
{
	return (size_t)snprintf(field, size, "%s", value) < size;
}

static void parse_number(struct argp_state *state, const char *option, const char *value,
	uint32_t most, uint32_t *out)
{
	uint64_t number;

	if (parse_u64(value, &number) < 0 || number == 0 || number > most)
		argp_error(state, "--%s: '%s' is no number between 1 and %" PRIu32, option, value,
			most);
	else
		*out = (uint32_t)number;
}

// The daemon stands in another folder.
static void parse_path(struct argp_state *state, const char *value, char *path, size_t size)
{
	char folder[PATH_MAX] = "";

	if (value[0] != '/' && getcwd(folder, sizeof(folder)) == NULL)
		argp_failure(state, CTL_FAILED, errno, "this folder");
	if ((size_t)snprintf(path, size, "%s%s%s", folder, value[0] != '/' ? "/" : "", value) >=
		size)
		argp_error(state, "--write: the path is too long");
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
	struct message_capture *request = state->input;

	switch (key) {
	case 's':
		if (value[0] == '\0' ||
			!copy_text(request->service, sizeof(request->service), value))
			argp_error(state, "--service: '%s' is no name", value);
		return 0;
	case 'w':
		parse_path(state, value, request->path, sizeof(request->path));
		return 0;
	case 'n':
		parse_number(
			state, "packets", value, MESSAGE_CAPTURE_PACKETS_MAX, &request->packets);
		return 0;
	case 't':
		parse_number(state, "seconds", value, MESSAGE_CAPTURE_MS_MAX / 1000,
			&request->duration_ms);
		request->duration_ms *= 1000;
		return 0;
	case 'l':
		parse_number(state, "snaplen", value, UINT16_MAX, &request->snap_size);
		return 0;
	case 'd':
		request->drops_only = 1;
		return 0;
	case ARGP_KEY_END:
		if (request->path[0] == '\0')
			argp_error(state, "-w FILE is missing");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

const struct argp argp_capture = {options, parse_option, "-w FILE",
	"Has the daemon write packets into a pcapng file: as they came in, as they go out, and those that are "
	"dropped, with the reason.\v"
	"It ends by itself, or by Ctrl-C. Without --service: what is for any VIP, and all that is dropped. "
	"The file is the daemon's: made anew, for its user alone.",
	0, 0, 0};

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
	interrupted = 1;
}

static int receive_row(void *context, uint16_t type, const void *body, uint32_t size)
{
	if (type != MESSAGE_ROW_CAPTURE)
		return ctl_fail(CTL_VERSION, "the daemon answered with rows of another kind");
	memcpy(context, body, size);
	return CTL_OK;
}

static int ask(const struct ctl *ctl, enum message_type type, const void *body, uint32_t size,
	struct message_row_capture *row)
{
	return session_ask(ctl, type, body, size, receive_row, row, NULL);
}

static int follow(const struct ctl *ctl, struct message_row_capture *row)
{
	const struct message_show show = {.what = MESSAGE_SHOW_CAPTURE};
	const struct message_capture_end end = {.id = row->id};
	const struct timespec pause = {.tv_nsec = LOOK_NS};
	int status = CTL_OK;

	while (status == CTL_OK && row->running && row->id == end.id) {
		if (!interrupted)
			nanosleep(&pause, NULL);
		if (interrupted)
			status = ask(ctl, MESSAGE_CAPTURE_END, &end, sizeof(end), row);
		else
			status = ask(ctl, MESSAGE_SHOW, &show, sizeof(show), row);
	}
	if (status == CTL_OK && row->id != end.id)
		return ctl_fail(CTL_FAILED, "another capture has begun since; this one has ended");
	return status;
}

int command_capture(const struct ctl *ctl, int argc, char **argv)
{
	struct message_capture request = {.packets = 1000, .duration_ms = 10000, .snap_size = 256};
	const struct sigaction action = {.sa_handler = interrupt};
	struct message_row_capture row = {0};
	int status;

	ctl_parse(&argp_capture, argc, argv, &request);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	status = ask(ctl, MESSAGE_CAPTURE_BEGIN, &request, sizeof(request), &row);
	if (status == CTL_OK)
		status = follow(ctl, &row);
	if (status != CTL_OK)
		return status;
	if (row.code != 0)
		return ctl_fail(
			CTL_FAILED, "%s: ends early: %s", request.path, strerror((int)row.code));
	printf("%" PRIu64 " packets in %s", row.packets, request.path);
	if (row.missed > 0)
		printf("; %" PRIu64 " more came too fast to be kept", row.missed);
	printf("\n");
	return CTL_OK;
}
