// SPDX-License-Identifier: BSD-3-Clause
#include <announce/announce.h>
#include <base/clock.h>
#include <base/log.h>
#include <capture/recording.h>
#include <control/apply_private.h>
#include <control/control_private.h>
#include <control/health_private.h>
#include <control/interfaces.h>
#include <control/rebuild_private.h>
#include <control/reply_private.h>
#include <control/resolve_private.h>
#include <control/taps.h>
#include <exporter/exporter.h>
#include <halfopen/halfopen.h>
#include <handover/checkpointer.h>
#include <running/descriptors.h>

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

static void kernel_changed(void *context)
{
	struct control *control = context;

	taps_follow(control->taps);
	halfopen_forget_addresses(control->halfopen);
	if (identity_follow(control->identity, control->kernel, control->kernel_sides,
		    control->config.port_count, control->config.publisher->current))
		control_rebuild_later(control);
	control_resolve_all(control);
	taps_remember(control->taps);
	announce_follow_own(control->announce);
}

static int make_jobs(struct control *control)
{
	int rc = jobs_new(control->base, &control->jobs);

	if (rc != 0)
		return rc;
	jobs_set(control->jobs, JOBS_COMMIT, commits_job, &control->commits);
	jobs_set(control->jobs, JOBS_SHOW, control_show_start, control);
	jobs_set(control->jobs, JOBS_REBUILD, control_rebuild_start, control);
	jobs_set(control->jobs, JOBS_HEALTH, control_save_health_start, control);
	return control_commits_init(control);
}

static int make_events(struct control *control)
{
	static const struct timeval second = {.tv_sec = 1};
	static const struct timeval blink = {.tv_usec = 200000};
	static const struct timeval now = {0};

	control->poll_timer = evtimer_new(control->base, control_poll, control);
	control->rebuild_event = evtimer_new(control->base, control_rebuild_due, control);
	control->resolve_event = evtimer_new(control->base, control_resolve_step, control);
	control->targets_event = evtimer_new(control->base, control_targets_step, control);
	control->solicit_event =
		evtimer_new(control->base, control_solicit_neighbours_step, control);
	control->solicit_timer =
		event_new(control->base, -1, EV_PERSIST, control_solicit_neighbours, control);
	control->age_timer = event_new(control->base, -1, EV_PERSIST, control_age, control);
	control->link_timer =
		event_new(control->base, -1, EV_PERSIST, control_follow_ports, control);
	if (control->poll_timer == NULL || control->rebuild_event == NULL ||
		control->resolve_event == NULL || control->targets_event == NULL ||
		control->solicit_event == NULL || control->solicit_timer == NULL ||
		control->age_timer == NULL || control->link_timer == NULL)
		return -ENOMEM;
	if (event_add(control->poll_timer, &now) != 0 ||
		event_add(control->solicit_timer, &second) != 0 ||
		event_add(control->age_timer, &second) != 0 ||
		event_add(control->link_timer, &blink) != 0)
		return -ENOMEM;
	if (control_saving_init(control) != 0)
		return -ENOMEM;
	if (recording_new(control->base, control->config.publisher, control_capture_opened, control,
		    &control->recording) != 0)
		return -ENOMEM;
	return make_jobs(control);
}

static int allocate(struct control *control)
{
	const struct daemon_config *daemon = control->config.daemon;
	const struct stats_source counted = {
		.running = &control->running,
		.publisher = control->config.publisher,
		.metrics = control->config.metrics,
		.tables = control->config.flows,
		.worker_count = control->config.worker_count,
	};

	control->events = events_new();
	if (control->events == NULL || running_init(&control->running, control->events,
					       daemon->backends_max, daemon->services_max) != 0)
		return -ENOMEM;
	if (stats_init(&control->stats, &counted, daemon->backends_max) != 0)
		return -ENOMEM;
	control->identity = identity_new();
	if (control->identity == NULL)
		return -ENOMEM;
	return make_events(control);
}

static uint32_t control_count_usable(void *context, uint32_t service, uint32_t enough)
{
	const struct control *control = context;
	const struct config *config = control->running.now->config;
	const struct config_pool *pool = &config->pools[config->services[service].pool_index];
	uint32_t usable = 0;

	// Without memory for new tables a VIP that nobody serves is withdrawn nevertheless.
	if (!control->has_old_tables)
		return stats_service_account(&control->stats, service)->usable;
	for (uint32_t i = 0; i < pool->backend_count && usable < enough; i++)
		usable += stats_is_usable_for(&control->stats, pool->first_backend + i, service);
	return usable;
}

static int control_make_announce(struct control *control, struct error *err)
{
	const struct announce_needs needs = {
		.base = control->base,
		.kernel = control->kernel,
		.events = control->events,
		.vips_max = control->config.daemon->services_max,
		.count_usable = control_count_usable,
		.context = control,
	};

	control->announce = announce_new(&needs);
	return control->announce != NULL ? 0 : error_set(err, ENOMEM, "out of memory");
}

uint32_t control_withdraw(struct control *control)
{
	return announce_withdraw(control->announce);
}

// The last step of the start, so that the network learns its outcome alone.
static int begin_announcing(struct control *control, struct error *err)
{
	char interfaces[DAEMON_PORTS_MAX][16];
	uint32_t count = 0;

	for (uint32_t p = 0; p < control->config.port_count; p++) {
		const char *name = control->config.ports[p].kernel_interface;

		if (name[0] != '\0')
			memcpy(interfaces[count++], name, sizeof(interfaces[0]));
	}
	return announce_begin(control->announce, interfaces, count, err);
}

// What is kept is served although some of its probes may fail for want of a descriptor, which is
// held against no backend.
static void warn_of_descriptors(const struct control *control)
{
	struct error err;

	if (descriptors_check(control->running.now, NULL, control->commits.descriptors_own, &err) !=
		0)
		log_warning("health: %s", err.text);
}

int control_new(struct event_base *base, const struct control_config *config, struct control **out,
	struct error *err)
{
	struct control *control = calloc(1, sizeof(*control));
	int rc;

	if (control == NULL)
		return error_set(err, ENOMEM, "out of memory");
	control->base = base;
	control->config = *config;
	control->handover = (struct handover){
		.folder = config->daemon->state,
		.flows = config->flows,
		.worker_count = config->worker_count,
		.metrics = config->metrics,
		.ports = config->ports,
		.port_count = config->port_count,
		.running = &control->running,
		.publisher = config->publisher,
	};
	control->counts.started_s = clock_wall_s();
	control->reply.pool = UINT32_MAX;
	rc = allocate(control);
	if (rc == 0)
		rc = health_new(base, control_health_changed, control, &control->health);
	if (rc == 0)
		rc = control_standstill_start(control);
	if (rc != 0)
		error_set(err, ENOMEM, "out of memory");
	if (rc == 0)
		rc = kernel_new(base, kernel_changed, control, &control->kernel, err);
	if (rc == 0)
		rc = control_make_announce(control, err);
	if (rc == 0 && control_halfopen_start(control) != 0)
		rc = error_set(err, ENOMEM, "out of memory");
	if (rc == 0)
		control_interfaces_init(control);
	if (rc == 0) {
		control->taps = taps_new(control);
		if (control->taps == NULL)
			rc = error_set(err, ENOMEM, "out of memory");
	}
	if (rc == 0)
		rc = channel_server_new(config->daemon->channel, config->daemon->channel_mode,
			&control->server, err);
	control->commits.descriptors_own = descriptors_open();
	if (rc == 0)
		rc = control_start(control, err);
	if (rc == 0)
		warn_of_descriptors(control);
	if (rc == 0 && control_watchdog_start(control) != 0)
		rc = error_set(err, ENOMEM, "out of memory");
	if (rc == 0)
		control_restore_flows(control);
	if (rc == 0 && config->daemon->state[0] != '\0' &&
		checkpointer_new(base, control->jobs, control->saving.saver, &control->handover,
			&control->checkpointer) != 0)
		rc = error_set(err, ENOMEM, "out of memory");
	if (rc == 0)
		rc = begin_announcing(control, err);
	if (rc == 0)
		control_exporter_start(control);
	if (rc == 0 && config->daemon->pools[0] != '\0')
		commits_reload(&control->commits);
	if (rc != 0) {
		control_free(control);
		return rc;
	}
	*out = control;
	return 0;
}

static void free_event(struct event *event)
{
	if (event != NULL)
		event_free(event);
}

void control_free(struct control *control)
{
	if (control == NULL)
		return;
	jobs_free(control->jobs);
	saver_end(control->saving.saver, clock_monotonic_ns() + CLOCK_NS_PER_S);
	control->saving.saver = NULL;
	checkpointer_free(control->checkpointer);
	control_reading_end(control, clock_monotonic_ns() + CLOCK_NS_PER_S);
	free(control->health_text);
	recording_free(control->recording);
	channel_server_free(control->server);
	health_free(control->health);
	stuck_free(control->stuck);
	halfopen_free(control->halfopen);
	announce_free(control->announce);
	taps_free(control->taps);
	kernel_free(control->kernel);
	identity_free(control->identity);
	exporter_free(control->exporter);
	free_event(control->poll_timer);
	free_event(control->rebuild_event);
	free_event(control->resolve_event);
	free_event(control->targets_event);
	free_event(control->solicit_event);
	free_event(control->solicit_timer);
	free_event(control->age_timer);
	free_event(control->link_timer);
	free_event(control->watchdog_timer);
	free_event(control->save_timer);
	free_event(control->forget_timer);
	control_reply_forget(control);
	transaction_forget(&control->transaction);
	selection_free(&control->selection);
	events_free(control->events);
	control_targets_forget(control);
	commits_free(&control->commits);
	snapshot_free(control->build.snapshot);
	stats_free(&control->stats);
	running_free(&control->running);
	free(control);
}

void control_reload(struct control *control)
{
	commits_reload(&control->commits);
}
