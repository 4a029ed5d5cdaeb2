// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/kept_file.h>
#include <base/log.h>
#include <control/control_private.h>
#include <control/health_private.h>
#include <control/rebuild_private.h>
#include <metrics/step.h>
#include <store/health_line.h>
#include <store/state_request.h>

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

// The last known health, kept over a restart. Without it the first backend that is found up would
// get every connection of the pool, and break all that were another's. What is recalled stands in
// until the backend's own probes have spoken, or for RECALL_S; a next hop that the kernel still has
// to resolve does not take a backend out of its table meanwhile.

#define RECALL_S 10
#define SAVE_MS  200

_Static_assert(HEALTH_LINE_NAME_SIZE == REGISTRY_NAME_SIZE, "a backend's name");

#define FILE_NAME "health"

static void write_line(const struct configuration *running, uint32_t at,
	const struct running_backend *state, uint32_t probe, FILE *file)
{
	struct health_line line = {.is_up = running_backend_health(state, probe) == HEALTH_UP};
	struct health_target target;

	if (running_backend_probe_health(state, probe) == HEALTH_UNKNOWN ||
		!configuration_is_probed(running, at, probe))
		return;
	configuration_backend_name(running->config, at, line.name);
	if (probe != 0) {
		configuration_target(running, at, probe, &target);
		line.port = target.port;
	}
	health_line_write(&line, file);
}

static void write_ramp(const struct configuration *running, uint32_t at,
	const struct running_backend *state, uint64_t now_ns, FILE *file)
{
	struct health_line line = {.is_up = true};
	uint64_t ramp_s = (now_ns - state->ramp_from_ns) / CLOCK_NS_PER_S;

	if (state->ramp_from_ns == 0 || ramp_s > UINT16_MAX)
		return;
	line.ramp_s = (uint16_t)(ramp_s == 0 ? 1 : ramp_s);
	configuration_backend_name(running->config, at, line.name);
	health_line_write(&line, file);
}

static void write_lines(const struct control *control, FILE *file)
{
	const struct configuration *running = control->running.now;
	uint64_t now_ns = clock_monotonic_ns();

	for (uint32_t i = 0; i < running->config->backend_count; i++) {
		const struct running_backend *state =
			&control->running.states_copy[configuration_index(running, i)];
		uint32_t probes = configuration_probes(running, i) != NULL ? CONFIG_PROBES_MAX : 1;

		for (uint32_t p = 0; p < probes; p++)
			write_line(running, i, state, p, file);
		write_ramp(running, i, state, now_ns, file);
	}
}

// A job's: what the saver is to write.
static void save(void *context)
{
	struct control *control = context;
	FILE *file = open_memstream(&control->health_text, &control->health_size);

	if (file == NULL)
		return;
	write_lines(control, file);
	if (fclose(file) != 0) {
		free(control->health_text);
		control->health_text = NULL;
	}
}

static void saved(void *context)
{
	struct control *control = context;
	struct saver_request *request = NULL;

	if (control->health_text != NULL)
		request = state_request_text(control->config.daemon->state, FILE_NAME,
			control->health_text, control->health_size);
	control->health_text = NULL;
	if (request != NULL)
		saver_submit(control->saving.saver, SAVER_HEALTH, request);
	else
		control_save_health_later(control);
	jobs_next(control->jobs);
}

bool control_save_health_start(void *context)
{
	struct control *control = context;
	struct build copy;

	if (!control->health_save_due)
		return false;
	control->health_save_due = false;
	build_begin(control, &copy);
	jobs_run(control->jobs, save, saved, control);
	return true;
}

static void save_due(int fd, short what, void *context)
{
	STEP_TIMED(HEALTH_FILE);
	struct control *control = context;

	control->health_save_due = true;
	jobs_next(control->jobs);
}

void control_save_health_later(struct control *control)
{
	static const struct timeval soon = {.tv_usec = SAVE_MS * 1000};

	if (control->config.daemon->state[0] != '\0' &&
		!event_pending(control->save_timer, EV_TIMEOUT, NULL))
		event_add(control->save_timer, &soon);
}

// The probe of a port beside the pool's own; 0: there is none.
static uint32_t find_probe(const struct configuration *running, uint32_t index, uint16_t port)
{
	uint32_t at = running->places[index];
	const struct configuration_probes *probes =
		at != CONFIGURATION_NONE ? configuration_probes(running, at) : NULL;
	uint32_t probe = 1;

	while (probes != NULL && probe < CONFIG_PROBES_MAX &&
		(probes->list[probe].port == 0 || probes->list[probe].port != port))
		probe++;
	return probes != NULL && probe < CONFIG_PROBES_MAX ? probe : 0;
}

static void recall_line(struct control *control, const struct health_line *line)
{
	uint32_t index = registry_find(&control->running.backend_registry, line->name), probe;
	struct running_backend *state;
	bool is_up = line->is_up;

	if (index == REGISTRY_NONE)
		return;
	state = &control->running.states[index];
	if (line->ramp_s != 0) {
		control_recall_ramp(control, index, line->ramp_s);
		return;
	}
	if (line->port == 0) {
		state->recalled = is_up ? HEALTH_UP : HEALTH_DOWN;
		return;
	}
	probe = find_probe(control->running.now, index, line->port);
	if (probe != 0 && is_up)
		state->recalled_up |= (uint16_t)(1u << probe);
	else if (probe != 0)
		state->recalled_down |= (uint16_t)(1u << probe);
}

static void forget(int fd, short what, void *context)
{
	STEP_TIMED(HEALTH_FILE);
	struct control *control = context;

	for (uint32_t i = 0; i < control->running.now->config->backend_count; i++) {
		struct running_backend *state = running_state(&control->running, i);

		state->recalled = HEALTH_UNKNOWN;
		state->recalled_up = state->recalled_down = 0;
	}
	control_rebuild_later(control);
}

bool control_recall_lines(struct control *control)
{
	char path[DAEMON_PATH_SIZE + 32];
	struct health_line line;
	struct error err;
	FILE *file;

	if (control->config.daemon->state[0] == '\0')
		return false;
	snprintf(path, sizeof(path), "%s/%s", control->config.daemon->state, FILE_NAME);
	file = kept_file_open(path, &err);
	if (file == NULL && errno != ENOENT)
		log_warning("state: %s: all backends begin as unknown", err.text);
	if (file == NULL)
		return false;
	while (health_line_read(file, &line))
		recall_line(control, &line);
	fclose(file);
	return true;
}

int control_recall_health(struct control *control)
{
	static const struct timeval bound = {.tv_sec = RECALL_S};

	control->save_timer = evtimer_new(control->base, save_due, control);
	control->forget_timer = evtimer_new(control->base, forget, control);
	if (control->save_timer == NULL || control->forget_timer == NULL)
		return -ENOMEM;
	if (!control_recall_lines(control))
		return 0;
	return event_add(control->forget_timer, &bound) != 0 ? -ENOMEM : 0;
}
