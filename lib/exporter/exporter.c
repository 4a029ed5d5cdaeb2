// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <exporter/exporter.h>
#include <exporter/scrape_private.h>
#include <http/web.h>

#include <errno.h>
#include <event2/event.h>
#include <metrics/step.h>
#include <stdlib.h>
#include <string.h>

#define PULSE_MS 100
#define STUCK_NS (2 * CLOCK_NS_PER_S) // without progress of every worker

struct exporter {
	struct exporter_source from;
	struct web *web;
	struct event *pulse;
	struct stats_cache cache;
	struct histogram lag; // of the pulse
	uint64_t due_ns; // the next pulse
	uint64_t token; // that every worker is to pass
	uint64_t passed_ns; // when they last had
	char late[128]; // what /healthz says of it
};

static void exporter_set_pulse(struct exporter *exporter)
{
	static const struct timeval interval = {.tv_usec = PULSE_MS * 1000};

	exporter->due_ns = clock_monotonic_ns() + PULSE_MS * CLOCK_NS_PER_MS;
	event_add(exporter->pulse, &interval);
}

static void exporter_on_pulse(int fd, short what, void *context)
{
	STEP_TIMED(PULSE);
	struct exporter *exporter = context;
	uint64_t now_ns = clock_monotonic_ns();

	histogram_observe(
		&exporter->lag, now_ns > exporter->due_ns ? (now_ns - exporter->due_ns) / 1000 : 0);
	if (publisher_progressed(exporter->from.publisher, &exporter->token))
		exporter->passed_ns = now_ns;
	exporter_set_pulse(exporter);
}

static void exporter_say(struct web_reply *reply, int status, const char *text)
{
	reply->status = status;
	reply->text = text;
}

// Forwarding goes on without the state folder: it is told, and is no reason to take the balancer
// out of service.
static void exporter_answer_healthz(struct exporter *exporter, struct web_reply *reply)
{
	if (clock_monotonic_ns() - exporter->passed_ns >= STUCK_NS)
		exporter_say(reply, 503, "a worker makes no progress\n");
	else if (exporter->from.tell_late(
			 exporter->from.context, exporter->late, sizeof(exporter->late)))
		exporter_say(reply, 200, exporter->late);
	else
		exporter_say(reply, 200, "ok\n");
}

static void exporter_answer_metrics(
	struct exporter *exporter, const struct web_request *request, struct web_reply *reply)
{
	enum exposition_format format = exposition_negotiate(request->accept);
	struct scrape *scrape =
		scrape_new(&exporter->from, &exporter->cache, &exporter->lag, format);

	if (scrape == NULL) {
		exporter_say(reply, 503, "out of memory\n");
		return;
	}
	*reply = (struct web_reply){.status = 200,
		.content_type = exposition_content_type(format),
		.fill = scrape_fill,
		.free = scrape_free,
		.page = scrape};
}

static void exporter_answer(
	void *context, const struct web_request *request, struct web_reply *reply)
{
	if (strcmp(request->path, "/metrics") == 0)
		exporter_answer_metrics(context, request, reply);
	else if (strcmp(request->path, "/healthz") == 0)
		exporter_answer_healthz(context, reply);
}

int exporter_new(const struct exporter_source *source, struct exporter **out, struct error *err)
{
	const struct endpoint *listen = &source->daemon->metrics;
	struct exporter *exporter = calloc(1, sizeof(*exporter));
	char text[ENDPOINT_TEXT_SIZE];
	int rc;

	if (exporter == NULL)
		return error_set(err, ENOMEM, "out of memory");
	exporter->from = *source;
	exporter->passed_ns = clock_monotonic_ns();
	exporter->pulse = evtimer_new(source->base, exporter_on_pulse, exporter);
	if (exporter->pulse == NULL || stats_cache_init(&exporter->cache, source->stats) != 0)
		rc = error_set(err, ENOMEM, "out of memory");
	else
		rc = web_new(
			source->base, listen, NULL, exporter_answer, exporter, &exporter->web, err);
	if (rc != 0) {
		exporter_free(exporter);
		return rc;
	}
	exporter_set_pulse(exporter);
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
