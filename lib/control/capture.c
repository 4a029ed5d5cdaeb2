// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <capture/capture.h>
#include <config/endpoint.h>
#include <control/capture_private.h>
#include <control/control_private.h>
#include <control/reply_private.h>
#include <control/saving_private.h>
#include <metrics/step.h>
#include <packet/headers.h>

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Packets written at once.
#define STEP_PACKETS 32
#define PIECE_STEPS  32 // of the thread
#define STUCK_NS     (3 * CLOCK_NS_PER_S)
#define ENDING       ".pcapng"

static bool ends_like_a_capture(const char *path)
{
	size_t length = strlen(path);

	return length > strlen(ENDING) && strcmp(path + length - strlen(ENDING), ENDING) == 0;
}

// Whoever may use the channel has the daemon write this file: a new one, which no other program takes for its own.
static int check_request(const struct message_capture *request, struct error *err)
{
	if (memchr(request->path, '\0', sizeof(request->path)) == NULL || request->path[0] != '/' ||
		!ends_like_a_capture(request->path))
		return error_set(err, EINVAL, "a capture's file is an absolute path to *" ENDING);
	if (request->packets == 0 || request->packets > MESSAGE_CAPTURE_PACKETS_MAX)
		return error_set(
			err, EINVAL, "a capture has 1 to %u packets", MESSAGE_CAPTURE_PACKETS_MAX);
	if (request->duration_ms == 0 || request->duration_ms > MESSAGE_CAPTURE_MS_MAX)
		return error_set(err, EINVAL, "a capture lasts an hour at most");
	if (request->snap_size < CAPTURE_SNAP_MIN || request->snap_size > CAPTURE_SNAP_MAX)
		return error_set(err, EINVAL, "a capture keeps %u to %u bytes of a packet",
			CAPTURE_SNAP_MIN, CAPTURE_SNAP_MAX);
	return 0;
}

static int find_filter(const struct control *control, const struct message_capture *request,
	struct capture_filter *out, struct error *err)
{
	const struct config *config = control->running.now->config;

	*out = (struct capture_filter){.drops_only = request->drops_only != 0};
	if (request->service[0] == '\0')
		return 0;
	for (uint32_t i = 0; i < config->service_count; i++) {
		const struct config_service *service = &config->services[i];

		if (strncmp(service->name, request->service, sizeof(request->service)) != 0)
			continue;
		out->vip = service->vip;
		memcpy(out->ports, service->ports, sizeof(out->ports));
		out->port_count = service->port_count;
		out->tcp = config_has_protocol(service, CONFIG_TCP);
		out->udp = config_has_protocol(service, CONFIG_UDP);
		return 0;
	}
	return error_set(err, EINVAL, "there is no service '%.*s'", (int)sizeof(request->service),
		request->service);
}

static void recording_withdraw(struct control *control)
{
	struct recording *recording = &control->recording;

	if (recording->is_withdrawn)
		return;
	recording->is_withdrawn = true;
	recording->token = publisher_set_capture(control->config.publisher, NULL);
}

// --- The file, on a thread of its own: its disk may hang ---

enum recording_piece { RECORDING_OPEN, RECORDING_WRITE, RECORDING_CLOSE, RECORDING_DISCARD };

// All that the thread touches.
struct recording_file {
	struct control *control; // the loop's
	struct capture *capture;
	enum recording_piece piece;
	uint64_t room; // packets
	bool ends; // all that waits is written
	bool has_more;
	int rc;
	struct error err;
	char path[sizeof(((struct message_capture *)0)->path)];
};

static void recording_write(struct recording_file *file)
{
	file->has_more = false;
	for (int i = 0; (i < PIECE_STEPS || file->ends) && file->room > 0 && file->rc == 0; i++) {
		int written = capture_write(file->capture,
			file->room < STEP_PACKETS ? (uint32_t)file->room : STEP_PACKETS);

		if (written < 0)
			file->rc = written;
		file->has_more = written > 0;
		if (written <= 0)
			return;
		file->room -= (uint64_t)written;
	}
}

static void recording_work(void *context)
{
	struct recording_file *file = context;

	switch (file->piece) {
	case RECORDING_OPEN:
		file->rc = capture_open(file->capture, file->path, &file->err);
		break;
	case RECORDING_WRITE:
		recording_write(file);
		break;
	case RECORDING_CLOSE:
		capture_close(file->capture);
		break;
	case RECORDING_DISCARD:
		capture_close(file->capture);
		unlink(file->path);
		break;
	}
}

static void recording_done(void *context);

static void recording_start(struct recording *recording, enum recording_piece piece)
{
	recording->file->piece = piece;
	recording->since_ns = clock_monotonic_ns();
	job_start(recording->job, recording_work, recording_done, recording->file);
}

// --- The loop's side ---

static void recording_forget(struct recording *recording)
{
	capture_free(recording->capture);
	free(recording->file);
	recording->capture = NULL;
	recording->file = NULL;
}

static void recording_conclude(struct recording *recording)
{
	log_info("capture: %lu packets, %lu missed", recording->told.packets,
		recording->told.missed);
	recording->told.running = 0;
	event_del(recording->timer);
	recording_forget(recording);
}

static void recording_tell(struct recording *recording)
{
	const struct capture *capture = recording->capture;

	if (recording->file->rc < 0)
		recording->told.code = (uint32_t)-recording->file->rc;
	recording->told.packets = capture->written;
	recording->told.bytes = capture->bytes;
	recording->told.missed = __atomic_load_n(&capture->missed, __ATOMIC_RELAXED);
}

static void recording_opened(struct control *control)
{
	struct recording *recording = &control->recording;
	struct recording_file *file = recording->file;
	struct error err = file->err;
	bool is_awaited = control_is_awaited(control, recording->number);
	int rc = file->rc;

	if (rc != 0) {
		recording_forget(recording);
		if (is_awaited)
			control_reply_error(control, -rc, err.text);
	} else if (!is_awaited) {
		recording_start(recording, RECORDING_DISCARD);
	} else {
		log_info("capture: into %s", file->path);
		recording->told =
			(struct message_row_capture){.id = recording->told.id + 1, .running = 1};
		recording->until_ns += clock_monotonic_ns();
		recording->is_withdrawn = false;
		publisher_set_capture(control->config.publisher, recording->capture);
		control_capture_step(-1, 0, control);
		control_show(control, MESSAGE_SHOW_CAPTURE);
	}
	control_poll_now(control);
}

static void recording_written(struct control *control)
{
	static const struct timeval now = {0}, soon = {.tv_usec = 2000};
	struct recording *recording = &control->recording;

	recording_tell(recording);
	if (recording->is_last && !recording->file->has_more)
		recording_start(recording, RECORDING_CLOSE);
	else
		event_add(recording->timer, recording->file->has_more ? &now : &soon);
}

static void recording_done(void *context)
{
	struct control *control = ((struct recording_file *)context)->control;

	switch (control->recording.file->piece) {
	case RECORDING_OPEN:
		recording_opened(control);
		break;
	case RECORDING_WRITE:
		recording_written(control);
		break;
	case RECORDING_CLOSE:
		recording_conclude(&control->recording);
		break;
	case RECORDING_DISCARD:
		recording_forget(&control->recording);
		break;
	}
}

// Whoever waits for the end of a capture is not to wait for a disk that hangs.
static void recording_give_up(struct recording *recording)
{
	if (recording->told.running == 0 || clock_monotonic_ns() - recording->since_ns < STUCK_NS)
		return;
	log_error("capture: the disk of %s does not answer", recording->file->path);
	recording->told.running = 0;
	recording->told.code = ETIMEDOUT;
}

void control_capture_step(int fd, short what, void *context)
{
	STEP_TIMED(CAPTURE);
	static const struct timeval later = {.tv_usec = 100000};
	struct control *control = context;
	struct recording *recording = &control->recording;

	if (recording->told.code != 0 || recording->told.packets == recording->packets_max ||
		clock_monotonic_ns() >= recording->until_ns)
		recording_withdraw(control);
	recording->is_last = recording->is_withdrawn &&
			     publisher_passed(control->config.publisher, recording->token);
	if (!job_is_busy(recording->job)) {
		recording->file->room = recording->packets_max - recording->capture->written;
		recording_start(recording, RECORDING_WRITE);
	} else if (recording->is_withdrawn) {
		recording_give_up(recording);
	}
	event_add(recording->timer, &later); // unless that is done before
}

static int recording_begin(
	struct control *control, const struct message_capture *request, struct error *err)
{
	struct recording *recording = &control->recording;
	struct capture_filter filter;
	int rc = check_request(request, err);

	if (rc == 0)
		rc = find_filter(control, request, &filter, err);
	if (rc == 0 && recording->capture != NULL)
		return error_set(err, EALREADY,
			"another capture goes on; 'fulcrumctl capture' has one at a time");
	if (rc == 0 && recording->timer == NULL)
		recording->timer = evtimer_new(control->base, control_capture_step, control);
	if (rc == 0 && recording->job == NULL && job_new(control->base, &recording->job) != 0)
		recording->job = NULL;
	if (rc == 0)
		recording->file = calloc(1, sizeof(*recording->file));
	if (rc == 0 &&
		(recording->timer == NULL || recording->job == NULL || recording->file == NULL))
		rc = error_set(err, ENOMEM, "out of memory");
	if (rc == 0)
		rc = capture_new(&filter, request->snap_size, &recording->capture, err);
	return rc;
}

void control_capture_begin(struct control *control, const struct message_capture *request)
{
	struct recording *recording = &control->recording;
	struct error err;
	int rc = recording_begin(control, request, &err);

	if (rc != 0) {
		if (recording->capture == NULL)
			recording_forget(recording);
		control_reply_error(control, -rc, err.text);
		return;
	}
	recording->file->control = control;
	recording->file->capture = recording->capture;
	memcpy(recording->file->path, request->path, sizeof(recording->file->path));
	recording->packets_max = request->packets;
	recording->until_ns = request->duration_ms * CLOCK_NS_PER_MS; // from when it is open
	recording->number = control_await_disk(control);
	recording_start(recording, RECORDING_OPEN);
}

void control_capture_end(struct control *control, uint64_t id)
{
	if (control->recording.capture != NULL && control->recording.told.id == id)
		recording_withdraw(control);
	control_show(control, MESSAGE_SHOW_CAPTURE);
}

bool control_capture_finish(struct control *control, uint64_t until_ns)
{
	struct recording *recording = &control->recording;
	bool has_ended;

	if (recording->capture != NULL && !recording->is_withdrawn)
		recording_withdraw(control);
	if (recording->file != NULL && !job_is_busy(recording->job)) {
		recording->file->room = recording->packets_max - recording->capture->written;
		recording->file->ends = true;
		recording_start(recording, RECORDING_WRITE);
	}
	has_ended = job_end(recording->job, until_ns);
	recording->job = NULL;
	if (recording->capture == NULL)
		return has_ended;
	if (!has_ended) {
		log_error("capture: the disk of %s does not answer", recording->file->path);
		recording->capture = NULL; // the thread's
		recording->file = NULL;
		return false;
	}
	recording_tell(recording);
	if (publisher_passed(control->config.publisher, recording->token)) {
		recording_conclude(recording);
	} else {
		recording->capture = NULL; // a worker's that stands still
		recording->file = NULL;
	}
	return true;
}

void control_capture_free(struct control *control)
{
	struct recording *recording = &control->recording;

	control_capture_finish(control, clock_monotonic_ns() + CLOCK_NS_PER_S);
	if (recording->timer != NULL)
		event_free(recording->timer);
}
