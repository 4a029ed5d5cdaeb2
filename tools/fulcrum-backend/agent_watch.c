// SPDX-License-Identifier: BSD-3-Clause
// What a running agent does: it looks that all is as it should be, and puts back what is gone.
#include <base/log.h>
#include <base/map.h>
#include <base/notify.h>

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "agent_private.h"
#include "look.h"
#include "metrics.h"

#define WATCH_INTERVAL_S 1

struct agent_watch {
	struct agent *agent;
	struct event_base *base;
	struct event *timer;
	struct event *ends[2];
	struct metrics *metrics; // NULL: nobody asked for them
	// The sentences about what is not as it should be that were said last, hashed; 0: all is
	// well.
	uint32_t detached[FB_LINKS_MAX];
	uint32_t arp[FB_LINKS_MAX];
	uint32_t ahead[FB_LINKS_MAX][2];
	uint32_t vips;
	uint32_t loopback;
	uint32_t host;
};

// A sentence is said once, and again when there was another one, or none, in between.
static bool watch_is_news(uint32_t *said, const char *text)
{
	uint32_t before = *said;

	*said = text != NULL ? map_hash(text, strlen(text)) | 1 : 0;
	return text != NULL && *said != before;
}

static void watch_say(uint32_t *said, int result, const struct error *err)
{
	if (watch_is_news(said, result < 0 ? err->text : NULL))
		log_error("%s", err->text);
}

static void watch_ahead(struct agent_watch *watch, uint32_t which)
{
	const struct agent *agent = watch->agent;
	const struct fb_link *link = &agent->state.links[which];
	char text[LOOK_AHEAD_SIZE];

	for (enum link_side side = LINK_IN; side <= LINK_OUT; side++) {
		bool is_ahead = look_ahead(&agent->state, link, side, text) > 0;

		if (watch_is_news(&watch->ahead[which][side], is_ahead ? text : NULL))
			log_warning("%s", text);
	}
}

static void watch_link(struct agent_watch *watch, uint32_t which)
{
	struct agent *agent = watch->agent;
	struct fb_link *link = &agent->state.links[which];
	struct error err;
	int result = agent_attach_link(agent, link, &err);

	if (result > 0)
		log_warning(
			"%s: %d of 2 filters were gone and are attached again", link->name, result);
	watch_say(&watch->detached[which], result, &err);
	if (result < 0)
		return;
	result = agent_raise_arp(agent, link, &err);
	watch_say(&watch->arp[which], result, &err);
	watch_ahead(watch, which);
}

static void watch_vips(struct agent_watch *watch)
{
	struct error err;
	int result = agent_add_vips(watch->agent, &err);

	if (result > 0)
		log_warning("%d VIPs were gone from lo and are there again", result);
	watch_say(&watch->vips, result, &err);
	result = host_loopback_is_up()
			 ? 0
			 : error_set(&err, ENETDOWN,
				   "lo is down, so no VIP answers: ip link set lo up");
	watch_say(&watch->loopback, result, &err);
}

static void watch_host(struct agent_watch *watch)
{
	struct agent *agent = watch->agent;
	struct host_view view;
	struct error err;
	int result =
		host_look(agent->config, agent->state.links, agent->state.link_count, &view, &err);

	watch_say(&watch->host, result, &err);
	if (result < 0 || memcmp(&view, &agent->view, sizeof(view)) == 0)
		return;
	agent->view = view;
	agent_note(agent);
	if (program_configure(agent->program, agent->config, &view, &err) < 0)
		log_error("%s", err.text);
	else
		log_info("the interfaces changed: MTU %u, %u tunnel addresses", view.mtu,
			view.tunnel_count);
}

static void watch_once(struct agent_watch *watch)
{
	struct agent *agent = watch->agent;
	struct fb_state before = agent->state;
	struct error err;

	for (uint32_t i = 0; i < agent->state.link_count; i++)
		watch_link(watch, i);
	watch_vips(watch);
	watch_host(watch);
	if (memcmp(&before, &agent->state, sizeof(before)) != 0 &&
		program_write_state(agent->program, &agent->state, &err) < 0)
		log_error("%s", err.text);
}

static void watch_tick(evutil_socket_t fd, short what, void *context)
{
	struct agent_watch *watch = context;

	if (watch->agent->ready_is_untold)
		watch->agent->ready_is_untold = !notify("READY=1");
	watch_once(watch);
	agent_confine_tell();
}

static void watch_end(evutil_socket_t fd, short what, void *context)
{
	event_base_loopbreak(context);
}

static bool watch_add_events(struct agent_watch *watch)
{
	static const struct timeval interval = {.tv_sec = WATCH_INTERVAL_S};
	static const int signals[] = {SIGTERM, SIGINT};

	for (size_t i = 0; i < 2; i++) {
		watch->ends[i] = evsignal_new(watch->base, signals[i], watch_end, watch->base);
		if (watch->ends[i] == NULL || event_add(watch->ends[i], NULL) < 0)
			return false;
	}
	watch->timer = event_new(watch->base, -1, EV_PERSIST, watch_tick, watch);
	return watch->timer != NULL && event_add(watch->timer, &interval) == 0;
}

int agent_watch_new(struct agent *agent, struct agent_watch **out, struct error *err)
{
	struct agent_watch *watch = calloc(1, sizeof(*watch));
	int result = 0;

	if (watch == NULL)
		return error_set(err, ENOMEM, "out of memory");
	signal(SIGPIPE, SIG_IGN); // of a client that has gone
	watch->agent = agent;
	watch->base = event_base_new();
	if (watch->base == NULL || !watch_add_events(watch))
		result = error_set(err, ENOMEM, "out of memory");
	if (result == 0 && agent->config->metrics.port != 0)
		result = metrics_new(watch->base, &agent->config->metrics, agent->pin.folder,
			&watch->metrics, err);
	if (result < 0) {
		agent_watch_free(watch);
		return result;
	}
	*out = watch;
	return 0;
}

void agent_watch_run(struct agent_watch *watch)
{
	watch_once(watch); // what is not in place from the start is said at the start
	event_base_dispatch(watch->base);
}

void agent_watch_free(struct agent_watch *watch)
{
	if (watch == NULL)
		return;
	metrics_free(watch->metrics);
	for (size_t i = 0; i < 2; i++)
		if (watch->ends[i] != NULL)
			event_free(watch->ends[i]);
	if (watch->timer != NULL)
		event_free(watch->timer);
	if (watch->base != NULL)
		event_base_free(watch->base);
	free(watch);
}
