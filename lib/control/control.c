// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <control/control_private.h>

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>

static void health_changed(
	void *context, uint32_t index, enum health_status status, const char *reason)
{
	struct control *control = context;

	control->states[index].health = status;
	log_info("health: backend %s is %s%s%s", control->backends.entries[index].name,
		health_status_name(status), reason[0] != '\0' ? ": " : "", reason);
	control_save_health_later(control);
	control_rebuild_later(control);
}

static void kernel_changed(void *context)
{
	struct control *control = context;

	control_resolve_all(control);
}

static void rebuild_due(int fd, short what, void *context)
{
	struct control *control = context;
	struct error err;

	if (control_rebuild(control, &err) != 0) {
		log_error("the workers keep their old tables: %s", err.text);
		control_rebuild_later(control);
	}
}

static int make_events(struct control *control)
{
	static const struct timeval second = {.tv_sec = 1};
	static const struct timeval now = {0};

	control->poll_timer = evtimer_new(control->base, control_poll, control);
	control->rebuild_event = evtimer_new(control->base, rebuild_due, control);
	control->resolve_event = evtimer_new(control->base, control_resolve_step, control);
	control->solicit_timer = event_new(control->base, -1, EV_PERSIST, control_solicit, control);
	if (control->poll_timer == NULL || control->rebuild_event == NULL ||
		control->resolve_event == NULL || control->solicit_timer == NULL)
		return -ENOMEM;
	if (event_add(control->poll_timer, &now) != 0 ||
		event_add(control->solicit_timer, &second) != 0)
		return -ENOMEM;
	return 0;
}

static int allocate(struct control *control)
{
	const struct daemon_config *daemon = control->config.daemon;

	if (registry_init(&control->backends, daemon->backends_max) != 0 ||
		registry_init(&control->services, daemon->services_max) != 0)
		return -ENOMEM;
	control->states = calloc(daemon->backends_max, sizeof(*control->states));
	return control->states == NULL ? -ENOMEM : make_events(control);
}

// The last committed configuration, or an empty one, so that the workers have a snapshot from the start.
static int first_configuration(struct control *control, struct error *err)
{
	struct config *config = control_load_state(control);
	int rc;

	if (config == NULL) {
		config = config_new();
		if (config == NULL)
			return error_set(err, ENOMEM, "out of memory");
		rc = config_finish(config, err);
	} else {
		rc = 0;
	}
	if (rc == 0)
		rc = control_commit(control, config, err);
	if (rc != 0)
		config_free(config);
	if (rc == 0)
		rc = control_recall_health(control);
	if (rc == 0)
		rc = control_rebuild(control, err);
	if (rc == 0 && control->config.publisher->current == NULL)
		rc = error_set(err, ENOMEM, "no first snapshot could be built");
	return rc;
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
	control->started_s = clock_wall_s();
	control_reply_forget(control);
	rc = allocate(control);
	if (rc == 0)
		rc = health_new(base, health_changed, control, &control->health);
	if (rc != 0)
		error_set(err, ENOMEM, "out of memory");
	if (rc == 0)
		rc = kernel_new(base, kernel_changed, control, &control->kernel, err);
	if (rc == 0)
		rc = channel_server_new(config->daemon->channel, config->daemon->channel_mode,
			&control->server, err);
	if (rc == 0)
		rc = first_configuration(control, err);
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
	channel_server_free(control->server);
	health_free(control->health);
	kernel_free(control->kernel);
	free_event(control->poll_timer);
	free_event(control->rebuild_event);
	free_event(control->resolve_event);
	free_event(control->solicit_timer);
	free_event(control->save_timer);
	free_event(control->forget_timer);
	control_reply_forget(control);
	config_free(control->pending);
	config_free(control->running);
	registry_free(&control->backends);
	registry_free(&control->services);
	free(control->states);
	free(control->backend_index);
	free(control->service_index);
	free(control);
}
