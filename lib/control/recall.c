// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <control/control_private.h>

#include <errno.h>
#include <event2/event.h>
#include <string.h>
#include <unistd.h>

// The last known health, kept over a restart. Without it the first backend that is found up would get
// every connection of the pool, and break all that were another's. What is recalled stands in until
// the backend's own probes have spoken, or for RECALL_S; a next hop that the kernel still has to resolve does not
// take a backend out of its table meanwhile.

#define RECALL_S    10
#define RECALL_LINE (REGISTRY_NAME_SIZE + 16)
#define SAVE_MS     200

static void make_path(const struct control *control, const char *suffix, char *out, size_t size)
{
	snprintf(out, size, "%s/health%s", control->config.daemon->state, suffix);
}

static void write_lines(const struct control *control, FILE *file)
{
	const struct edition *running = control->running;

	for (uint32_t i = 0; i < running->config->backend_count; i++) {
		const struct control_backend *state =
			&control->states_copy[edition_index(running, i)];
		char name[REGISTRY_NAME_SIZE];

		if (!state->is_probed || state->health == HEALTH_UNKNOWN)
			continue;
		edition_backend_name(running->config, i, name);
		fprintf(file, "%s %s\n", health_status_name(control_health_in_force(state)), name);
	}
}

// A job's. Not synced: what a crash of the machine takes away is probed anew.
static void save(void *context)
{
	const struct control *control = context;
	char path[DAEMON_PATH_SIZE + 32];
	char fresh[DAEMON_PATH_SIZE + 32];
	FILE *file;

	make_path(control, "", path, sizeof(path));
	make_path(control, ".new", fresh, sizeof(fresh));
	file = fopen(fresh, "we");
	if (file != NULL)
		write_lines(control, file);
	if (file == NULL || fclose(file) != 0 || rename(fresh, path) != 0)
		log_warning("state: %s: %s: after a restart all backends would begin as unknown",
			path, strerror(errno));
}

static void saved(void *context)
{
	control_work(context);
}

void control_save_health_start(struct control *control)
{
	struct build copy;

	control->health_save_due = false;
	build_begin(control, &copy);
	job_start(control->job, save, saved, control);
}

static void save_due(int fd, short what, void *context)
{
	struct control *control = context;

	control->health_save_due = true;
	control_work(control);
}

void control_save_health_later(struct control *control)
{
	static const struct timeval soon = {.tv_usec = SAVE_MS * 1000};

	if (control->config.daemon->state[0] != '\0' &&
		!event_pending(control->save_timer, EV_TIMEOUT, NULL))
		event_add(control->save_timer, &soon);
}

static void recall_line(struct control *control, char *line)
{
	char *name = strchr(line, ' ');
	struct control_backend *state;
	uint32_t index;

	line[strcspn(line, "\n")] = '\0';
	if (name == NULL)
		return;
	*name++ = '\0';
	index = registry_find(&control->backends, name);
	if (index == REGISTRY_NONE)
		return;
	state = &control->states[index];
	if (strcmp(line, health_status_name(HEALTH_UP)) == 0)
		state->recalled = HEALTH_UP;
	else if (strcmp(line, health_status_name(HEALTH_DOWN)) == 0)
		state->recalled = HEALTH_DOWN;
}

static void forget(int fd, short what, void *context)
{
	struct control *control = context;

	for (uint32_t i = 0; i < control->running->config->backend_count; i++)
		control->states[edition_index(control->running, i)].recalled = HEALTH_UNKNOWN;
	control_rebuild_later(control);
}

int control_recall_health(struct control *control)
{
	static const struct timeval bound = {.tv_sec = RECALL_S};
	char path[DAEMON_PATH_SIZE + 32];
	char line[RECALL_LINE];
	FILE *file;

	control->save_timer = evtimer_new(control->base, save_due, control);
	control->forget_timer = evtimer_new(control->base, forget, control);
	if (control->save_timer == NULL || control->forget_timer == NULL)
		return -ENOMEM;
	if (control->config.daemon->state[0] == '\0')
		return 0;
	make_path(control, "", path, sizeof(path));
	file = fopen(path, "re");
	if (file == NULL)
		return 0;
	while (fgets(line, sizeof(line), file) != NULL)
		recall_line(control, line);
	fclose(file);
	return event_add(control->forget_timer, &bound) != 0 ? -ENOMEM : 0;
}
