// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <control/exporter_private.h>
#include <control/saving_private.h>
#include <http/web.h>

#include <errno.h>
#include <event2/event.h>
#include <metrics/step.h>
#include <stdlib.h>
#include <string.h>

#define PULSE_MS 100
#define STUCK_NS (2 * CLOCK_NS_PER_S) // without progress of every worker

struct exporter {
	struct control *control;
	struct web *web;
	struct event *pulse;
	struct stats_cache cache;
	struct histogram lag; // of the pulse
	uint64_t due_ns; // the next pulse
	uint64_t token; // that every worker is to pass
	uint64_t passed_ns; // when they last had
	char saving[128]; // what /healthz says of it
};

static void set_pulse(struct exporter *exporter)
{
	static const struct timeval interval = {.tv_usec = PULSE_MS * 1000};

	exporter->due_ns = clock_monotonic_ns() + PULSE_MS * CLOCK_NS_PER_MS;
	event_add(exporter->pulse, &interval);
}

static void on_pulse(int fd, short what, void *context)
{
	STEP_TIMED(PULSE);
	struct exporter *exporter = context;
	uint64_t now_ns = clock_monotonic_ns();

	histogram_observe(
		&exporter->lag, now_ns > exporter->due_ns ? (now_ns - exporter->due_ns) / 1000 : 0);
	if (publisher_progressed(exporter->control->config.publisher, &exporter->token))
		exporter->passed_ns = now_ns;
	set_pulse(exporter);
}

static void say(struct web_reply *reply, int status, const char *text)
{
	reply->status = status;
	reply->text = text;
}

// Forwarding goes on without the state folder: it is told, and is no reason to take the balancer out of service.
static void answer_healthz(struct exporter *exporter, struct web_reply *reply)
{
	if (clock_monotonic_ns() - exporter->passed_ns >= STUCK_NS)
		say(reply, 503, "a worker makes no progress\n");
	else if (control_saving_tell(exporter->control, exporter->saving, sizeof(exporter->saving)))
		say(reply, 200, exporter->saving);
	else
		say(reply, 200, "ok\n");
}

static void answer_metrics(
	struct exporter *exporter, const struct web_request *request, struct web_reply *reply)
{
	enum exposition_format format = exposition_negotiate(request->accept);
	struct page *page = page_new(exporter->control, &exporter->cache, &exporter->lag, format);

	if (page == NULL) {
		say(reply, 503, "out of memory\n");
		return;
	}
	*reply = (struct web_reply){.status = 200,
		.content_type = exposition_content_type(format),
		.fill = page_fill,
		.free = page_free,
		.page = page};
}

static void answer(void *context, const struct web_request *request, struct web_reply *reply)
{
	if (strcmp(request->path, "/metrics") == 0)
		answer_metrics(context, request, reply);
	else if (strcmp(request->path, "/healthz") == 0)
		answer_healthz(context, reply);
}

int exporter_new(struct control *control, struct exporter **out, struct error *err)
{
	const struct endpoint *listen = &control->config.daemon->metrics;
	struct exporter *exporter = calloc(1, sizeof(*exporter));
	char text[ENDPOINT_TEXT_SIZE];
	int rc;

	if (exporter == NULL)
		return error_set(err, ENOMEM, "out of memory");
	exporter->control = control;
	exporter->passed_ns = clock_monotonic_ns();
	exporter->pulse = evtimer_new(control->base, on_pulse, exporter);
	if (exporter->pulse == NULL || stats_cache_init(&exporter->cache, &control->stats) != 0)
		rc = error_set(err, ENOMEM, "out of memory");
	else
		rc = web_new(control->base, listen, NULL, answer, exporter, &exporter->web, err);
	if (rc != 0) {
		exporter_free(exporter);
		return rc;
	}
	set_pulse(exporter);
	log_info("metrics: http://%s/metrics", endpoint_format(listen, text, sizeof(text)));
	*out = exporter;
	return 0;
}

void exporter_free(struct exporter *exporter)
{
	if (exporter == NULL)
		return;
	web_free(exporter->web);
	if (exporter->pulse != NULL)
		event_free(exporter->pulse);
	stats_cache_free(&exporter->cache);
	free(exporter);
}
