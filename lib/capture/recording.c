// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <capture/capture.h>
#include <capture/recording.h>
#include <config/endpoint.h>
#include <jobs/job.h>
#include <metrics/step.h>

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

struct recording {
	struct event_base *base;
	struct publisher *publisher;
	recording_opened_fn *opened;
	void *context;
	struct capture *capture; // NULL: none goes on
	struct recording_file *file; // NULL: none is open
	struct job *job; // that writes it; NULL: there was none yet
	struct event *timer;
	uint64_t since_ns; // when the thread began with what it is at
	uint64_t packets_max;
	uint64_t until_ns;
	bool is_withdrawn; // the workers are to leave it
	uint64_t token; // when they have
	bool is_last; // they have: what waits is all
	struct recording_status status;
};

static bool recording_has_ending(const char *path)
{
	size_t length = strlen(path);

	return length > strlen(ENDING) && strcmp(path + length - strlen(ENDING), ENDING) == 0;
}

// Whoever may use the channel has the daemon write this file: a new one, which no other program
// takes for its own.
static int recording_check(const struct message_capture *request, struct error *err)
{
	if (memchr(request->path, '\0', sizeof(request->path)) == NULL || request->path[0] != '/' ||
		!recording_has_ending(request->path))
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

static int recording_find_filter(const struct config *config, const struct message_capture *request,
	struct capture_filter *out, struct error *err)
{
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

static void recording_withdraw(struct recording *recording)
{
	if (recording->is_withdrawn)
		return;
	recording->is_withdrawn = true;
	recording->token = publisher_set_capture(recording->publisher, NULL);
}

// --- The file, on a thread of its own: its disk may hang ---

enum recording_piece { RECORDING_OPEN, RECORDING_WRITE, RECORDING_CLOSE, RECORDING_DISCARD };

// All that the thread touches.
struct recording_file {
	struct recording *recording; // the loop's
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

static void recording_step(int fd, short what, void *context);
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
	log_info("capture: %lu packets, %lu missed", recording->status.packets,
		recording->status.missed);
	recording->status.is_running = false;
	event_del(recording->timer);
	recording_forget(recording);
}

static void recording_read_counts(struct recording *recording)
{
	const struct capture *capture = recording->capture;

	if (recording->file->rc < 0)
		recording->status.code = (uint32_t)-recording->file->rc;
	recording->status.packets = capture->written;
	recording->status.bytes = capture->bytes;
	recording->status.missed = __atomic_load_n(&capture->missed, __ATOMIC_RELAXED);
}

static void recording_start_capture(struct recording *recording)
{
	log_info("capture: into %s", recording->file->path);
	recording->status =
		(struct recording_status){.id = recording->status.id + 1, .is_running = true};
	recording->until_ns += clock_monotonic_ns();
	recording->is_withdrawn = false;
	publisher_set_capture(recording->publisher, recording->capture);
	recording_step(-1, 0, recording);
}

static void recording_conclude_opening(struct recording *recording)
{
	int rc = recording->file->rc;
	bool is_awaited = recording->opened(recording->context, rc, &recording->file->err);

	if (rc != 0)
		recording_forget(recording);
	else if (is_awaited)
		recording_start_capture(recording);
	else
		recording_start(recording, RECORDING_DISCARD);
}

static void recording_conclude_writing(struct recording *recording)
{
	static const struct timeval now = {0}, soon = {.tv_usec = 2000};

	recording_read_counts(recording);
	if (recording->is_last && !recording->file->has_more)
		recording_start(recording, RECORDING_CLOSE);
	else
		event_add(recording->timer, recording->file->has_more ? &now : &soon);
}

static void recording_done(void *context)
{
	struct recording *recording = ((struct recording_file *)context)->recording;

	switch (recording->file->piece) {
	case RECORDING_OPEN:
		recording_conclude_opening(recording);
		break;
	case RECORDING_WRITE:
		recording_conclude_writing(recording);
		break;
	case RECORDING_CLOSE:
		recording_conclude(recording);
		break;
	case RECORDING_DISCARD:
		recording_forget(recording);
		break;
	}
}

// Whoever waits for the end of a capture is not to wait for a disk that hangs.
static void recording_give_up(struct recording *recording)
{
	if (!recording->status.is_running || clock_monotonic_ns() - recording->since_ns < STUCK_NS)
		return;
	log_error("capture: the disk of %s does not answer", recording->file->path);
	recording->status.is_running = false;
	recording->status.code = ETIMEDOUT;
}

static void recording_step(int fd, short what, void *context)
{
	STEP_TIMED(CAPTURE);
	static const struct timeval later = {.tv_usec = 100000};
	struct recording *recording = context;

	if (recording->status.code != 0 || recording->status.packets == recording->packets_max ||
		clock_monotonic_ns() >= recording->until_ns)
		recording_withdraw(recording);
	recording->is_last =
		recording->is_withdrawn && publisher_passed(recording->publisher, recording->token);
	if (!job_is_busy(recording->job)) {
		recording->file->room = recording->packets_max - recording->capture->written;
		recording_start(recording, RECORDING_WRITE);
	} else if (recording->is_withdrawn) {
		recording_give_up(recording);
	}
	event_add(recording->timer, &later); // unless that is done before
}

// What a capture wants: the thread, the file and the records.
static int recording_allocate(struct recording *recording, const struct message_capture *request,
	const struct capture_filter *filter, struct error *err)
{
	if (recording->job == NULL && job_new(recording->base, &recording->job) != 0)
		recording->job = NULL;
	recording->file = calloc(1, sizeof(*recording->file));
	if (recording->job == NULL || recording->file == NULL)
		return error_set(err, ENOMEM, "out of memory");
	return capture_new(filter, request->snap_size, &recording->capture, err);
}

int recording_begin(struct recording *recording, const struct config *config,
	const struct message_capture *request, struct error *err)
{
	struct capture_filter filter;
	int rc = recording_check(request, err);

	if (rc == 0)
		rc = recording_find_filter(config, request, &filter, err);
	if (rc != 0)
		return rc;
	if (recording->capture != NULL)
		return error_set(err, EALREADY,
			"another capture goes on; 'fulcrumctl capture' has one at a time");
	rc = recording_allocate(recording, request, &filter, err);
	if (rc != 0) {
		recording_forget(recording);
		return rc;
	}
	recording->file->recording = recording;
	recording->file->capture = recording->capture;
	memcpy(recording->file->path, request->path, sizeof(recording->file->path));
	recording->packets_max = request->packets;
	recording->until_ns = request->duration_ms * CLOCK_NS_PER_MS; // from when it is open
	recording_start(recording, RECORDING_OPEN);
	return 0;
}

void recording_stop(struct recording *recording, uint64_t id)
{
	if (recording->capture != NULL && recording->status.id == id)
		recording_withdraw(recording);
}

bool recording_end(struct recording *recording, uint64_t until_ns)
{
	bool has_ended;

	if (recording->capture != NULL && !recording->is_withdrawn)
		recording_withdraw(recording);
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
	recording_read_counts(recording);
	if (publisher_passed(recording->publisher, recording->token)) {
		recording_conclude(recording);
	} else {
		recording->capture = NULL; // a worker's that stands still
		recording->file = NULL;
	}
	return true;
}

const struct recording_status *recording_status(const struct recording *recording)
{
	return &recording->status;
}

int recording_new(struct event_base *base, struct publisher *publisher, recording_opened_fn *opened,
	void *context, struct recording **out)
{
	struct recording *recording = calloc(1, sizeof(*recording));

	if (recording == NULL)
		return -ENOMEM;
	*recording = (struct recording){
		.base = base, .publisher = publisher, .opened = opened, .context = context};
	recording->timer = evtimer_new(base, recording_step, recording);
	if (recording->timer == NULL) {
		free(recording);
		return -ENOMEM;
	}
	*out = recording;
	return 0;
}

void recording_free(struct recording *recording)
{
	if (recording == NULL)
		return;
	recording_end(recording, clock_monotonic_ns() + CLOCK_NS_PER_S);
	event_free(recording->timer);
	free(recording);
}
