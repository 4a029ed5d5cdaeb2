// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <control/control_private.h>
#include <control/handover.h>
#include <store/state.h>

#include <errno.h>

// What the next daemon inherits of this one's flow tables, and this one of the last one's: in words.

// A planned restart is not to take longer for the sake of flows than clients take to notice.
#define SAVE_BUDGET_NS (2 * CLOCK_NS_PER_S)

struct handover control_handover(const struct control *control, const char *file)
{
	return (struct handover){
		.file = file,
		.config = &control->config,
		.edition = control->running,
		.snapshot = control->config.publisher->current,
		.services = &control->services,
		.backends = &control->backends,
		.budget_ns = SAVE_BUDGET_NS,
	};
}

static bool has_folder(const struct control *control)
{
	return control->config.daemon->state[0] != '\0';
}

static uint64_t ms_since(uint64_t begun_ns)
{
	return (clock_monotonic_ns() - begun_ns) / CLOCK_NS_PER_MS;
}

int control_save_left(const struct control *control, struct error *err)
{
	const struct config *running = control->running->config;
	const char *folder = control->config.daemon->state;
	uint32_t count = 0;

	for (uint32_t i = 0; i < running->backend_count; i++)
		count += running->backends[i].state == CONFIG_STATE_LEAVING;
	if (count > 0)
		return state_save_left(folder, running, err);
	state_forget_left(folder);
	return 0;
}

void control_save_flows(struct control *control)
{
	struct handover handover = control_handover(control, FLOWS_FILE_PLANNED);
	uint64_t begun_ns = clock_monotonic_ns();
	struct handover_count count;
	struct error err;
	int rc;

	if (!has_folder(control))
		return;
	job_free(control->job); // waits for what it writes
	control->job = NULL;
	if (control_save_left(control, &err) != 0)
		log_warning("flows: those of backends that are leaving will be lost: %s", err.text);
	rc = handover_save(&handover, &count, &err);
	if (rc != 0)
		log_warning("flows: none is kept for the next daemon: %s", err.text);
	else if (count.is_cut)
		log_warning(
			"flows: %lu are kept for the next daemon; there was no time for the others, "
			"which the hash tables answer for",
			count.done);
	else if (count.flows > 0)
		log_info("flows: %lu of %lu are kept for the next daemon, in %lu ms", count.done,
			count.flows, ms_since(begun_ns));
	if (rc == 0)
		flows_file_remove(control->config.daemon->state, FLOWS_FILE_CHECKPOINT);
}

static void tell(const struct handover_count *count, bool is_planned, uint64_t begun_ns)
{
	log_info("flows: %lu of %lu %s are taken up, in %lu ms", count->done, count->flows,
		is_planned ? "from the last daemon"
			   : "that no hash table knows, of a daemon that died,",
		ms_since(begun_ns));
	if (count->expired > 0)
		log_info("flows: %lu of them have expired meanwhile", count->expired);
	if (count->unknown > 0)
		log_warning("flows: %lu are of services or backends that are no longer configured",
			count->unknown);
	if (count->homeless > 0)
		log_warning(
			"flows: %lu are of services with many ports, and have no place in tables of "
			"another size or under another hash key",
			count->homeless);
}

// 0 where there was a file, and it is whole.
static int take(struct control *control, const char *file, bool is_planned)
{
	struct handover handover = control_handover(control, file);
	uint64_t begun_ns = clock_monotonic_ns();
	struct handover_count count;
	struct error err;
	int rc = handover_take(&handover, &count, &err);

	if (rc == -ENOENT)
		return rc;
	if (rc != 0)
		log_warning(
			"flows: %s: the hash tables answer for connections that are not taken up",
			err.text);
	if (rc == 0 || count.flows > 0)
		tell(&count, is_planned, begun_ns);
	return rc;
}

void control_take_flows(struct control *control)
{
	if (!has_folder(control))
		return;
	if (take(control, FLOWS_FILE_PLANNED, true) != 0)
		take(control, FLOWS_FILE_CHECKPOINT, false);
}
