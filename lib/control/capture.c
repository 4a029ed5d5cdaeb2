// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <config/endpoint.h>
#include <control/capture_private.h>
#include <control/control_private.h>
#include <control/reply_private.h>
#include <metrics/step.h>
#include <packet/headers.h>
#include <snapshot/capture.h>

#include <errno.h>
#include <event2/event.h>
#include <string.h>

// Packets written in one step of the loop, and how often to look when there are none.
#define STEP_PACKETS 32
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
	const struct config *config = control->running->config;

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

static void withdraw(struct control *control)
{
	struct recording *recording = &control->recording;

	if (recording->is_withdrawn)
		return;
	recording->is_withdrawn = true;
	recording->token = publisher_set_capture(control->config.publisher, NULL);
}

static void conclude(struct recording *recording)
{
	log_info("capture: %lu packets, %lu missed", recording->told.packets,
		recording->told.missed);
	recording->told.running = 0;
	capture_free(recording->capture);
	recording->capture = NULL;
}

// Writes some packets. True: there may be more.
static bool write_some(struct recording *recording)
{
	struct capture *capture = recording->capture;
	uint64_t room = recording->packets_max - capture->written;
	int rc = 0;

	if (recording->told.code == 0 && room > 0)
		rc = capture_write(capture, room < STEP_PACKETS ? (uint32_t)room : STEP_PACKETS);
	if (rc < 0)
		recording->told.code = (uint32_t)-rc;
	recording->told.packets = capture->written;
	recording->told.bytes = capture->bytes;
	recording->told.missed = __atomic_load_n(&capture->missed, __ATOMIC_RELAXED);
	return rc > 0;
}

static void step(int fd, short what, void *context)
{
	STEP_TIMED(CAPTURE);
	static const struct timeval now = {0}, soon = {.tv_usec = 2000};
	struct control *control = context;
	struct recording *recording = &control->recording;
	bool is_last = recording->is_withdrawn &&
		       publisher_passed(control->config.publisher, recording->token);
	bool more = write_some(recording);

	if (is_last && !more) {
		conclude(recording);
		return;
	}
	if (recording->told.code != 0 || recording->told.packets == recording->packets_max ||
		clock_monotonic_ns() >= recording->until_ns)
		withdraw(control);
	event_add(recording->timer, more ? &now : &soon);
}

static int begin(struct control *control, const struct message_capture *request, struct error *err)
{
	struct recording *recording = &control->recording;
	struct capture_filter filter;
	int rc = check_request(request, err);

	if (rc == 0)
		rc = find_filter(control, request, &filter, err);
	if (rc == 0 && recording->capture != NULL)
		rc = error_set(err, EALREADY,
			"another capture goes on; 'fulcrumctl capture' has one at a time");
	if (rc == 0 && recording->timer == NULL)
		recording->timer = evtimer_new(control->base, step, control);
	if (rc == 0 && recording->timer == NULL)
		rc = error_set(err, ENOMEM, "out of memory");
	if (rc == 0)
		rc = capture_new(
			&filter, request->snap_size, request->path, &recording->capture, err);
	return rc;
}

void control_capture_begin(struct control *control, const struct message_capture *request)
{
	struct recording *recording = &control->recording;
	struct error err;
	int rc = begin(control, request, &err);

	if (rc != 0) {
		control_reply_error(control, -rc, err.text);
		return;
	}
	log_info("capture: into %s", request->path);
	recording->told = (struct message_row_capture){.id = recording->told.id + 1, .running = 1};
	recording->packets_max = request->packets;
	recording->until_ns = clock_monotonic_ns() + request->duration_ms * CLOCK_NS_PER_MS;
	recording->is_withdrawn = false;
	publisher_set_capture(control->config.publisher, recording->capture);
	step(-1, 0, control);
	control_show(control, MESSAGE_SHOW_CAPTURE);
}

void control_capture_end(struct control *control, uint64_t id)
{
	if (control->recording.capture != NULL && control->recording.told.id == id)
		withdraw(control);
	control_show(control, MESSAGE_SHOW_CAPTURE);
}

// When no worker runs any more.
void control_capture_free(struct control *control)
{
	struct recording *recording = &control->recording;

	if (recording->capture != NULL) {
		withdraw(control);
		while (write_some(recording))
			;
		conclude(recording);
	}
	if (recording->timer != NULL)
		event_free(recording->timer);
}
