// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <base/notify.h>
#include <base/parse.h>
#include <control/apply_private.h>
#include <control/control_private.h>
#include <control/saving_private.h>
#include <events/events.h>
#include <handover/checkpointer.h>
#include <store/state_request.h>

#include <errno.h>
#include <stdlib.h>

// What is in force comes first, and then is kept: a disk that hangs, is full or is read-only costs
// the answer its "kept", and nothing else. What could not be kept is tried again until it is:
// nobody has to apply it anew.

// So long a disk may take without anybody being told, and so long a client waits for it; a large
// configuration takes longer to be written, read back and compared.
#define LATE_NS         (3 * CLOCK_NS_PER_S)
#define LATE_BACKEND_NS (200 * 1000)

uint64_t control_patience_ns(const struct control *control)
{
	return LATE_NS + control->running.now->config->backend_count * LATE_BACKEND_NS;
}

uint64_t control_saving_late_ns(const struct control *control)
{
	uint64_t late_ns = saver_late_ns(control->saving.saver);

	return late_ns > control_patience_ns(control) ? late_ns : 0;
}

bool control_is_unkept(const struct control *control)
{
	return control->config.daemon->state[0] != '\0' && !control->running.is_saved &&
	       !commits_waits_for_confirmation(&control->commits) && control->running.version > 0;
}

bool control_keep_is_settled(const struct control *control, uint64_t until_ns)
{
	return !control_is_unkept(control) || control->saving.has_failed ||
	       clock_monotonic_ns() >= until_ns;
}

const char *control_keep_fault(const struct control *control, char *out, size_t size)
{
	if (control->saving.has_failed)
		snprintf(out, size, "%s", control->saving.fault);
	else
		snprintf(out, size, "%s: its disk does not answer", control->config.daemon->state);
	return out;
}

// --- What is in force and not kept ---

static void saving_tell(struct control *control, bool is_kept)
{
	struct events_entry entry =
		events_about(EVENTS_APPLY, is_kept ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, "",
			is_kept ? "kept" : "not kept", "config");

	control->saving.is_told = !is_kept;
	entry.version = control->running.version;
	if (is_kept)
		events_tell(control->events, &entry, "apply: version %lu is kept at last",
			entry.version);
	else
		events_tell(control->events, &entry,
			"apply: version %lu is in force and not kept: a restart would undo it",
			entry.version);
}

static void saving_tell_unkept(struct control *control)
{
	char fault[320];

	if (control->saving.is_told || !control_is_unkept(control))
		return;
	log_error(
		"state: %s: a restart would not find this configuration; it is tried again until it is kept",
		control_keep_fault(control, fault, sizeof(fault)));
	saving_tell(control, false);
}

static void saving_config_done(
	struct control *control, uint64_t version, int rc, const struct error *err)
{
	struct saving *saving = &control->saving;

	if (version != control->running.version)
		return; // another one waits behind it, or is on trial
	saving->has_failed = rc != 0;
	snprintf(saving->fault, sizeof(saving->fault), "%.*s", (int)sizeof(saving->fault) - 1,
		err->text);
	control->running.is_saved = rc == 0;
	if (rc != 0)
		saving_tell_unkept(control);
	else if (saving->is_told)
		saving_tell(control, true);
	control_poll_now(control);
}

void control_keep(struct control *control, struct saver_request *request)
{
	struct saving *saving = &control->saving;

	saving->is_told &= saving->version == control->running.version;
	saving->version = control->running.version;
	saving->has_failed = request == NULL;
	snprintf(
		saving->fault, sizeof(saving->fault), "%s", request == NULL ? "out of memory" : "");
	control->running.is_saved = false;
	if (request != NULL)
		saver_submit(saving->saver, SAVER_CONFIG, request);
	else
		saving_tell_unkept(control);
}

void control_keep_running(struct control *control)
{
	const struct state_mark mark = {control->running.version, control->running.applied};

	control_keep(control, state_request_config(control->config.daemon->state,
				      config_clone(control->running.now->written), &mark,
				      &control->running.author));
}

// --- All that is written ---

static void saving_done(
	void *context, enum saver_place place, uint64_t tag, int rc, const struct error *err)
{
	struct control *control = context;

	if (place == SAVER_CONFIG)
		saving_config_done(control, tag, rc, err);
	else if (place == SAVER_HEALTH && rc != 0)
		log_warning("state: %s: after a restart all backends would begin as unknown",
			err->text);
	else if (place == SAVER_CHECKPOINT || place == SAVER_LEFT)
		checkpointer_conclude(control->checkpointer, rc, err);
}

int control_saving_init(struct control *control)
{
	int rc = job_new(control->base, &control->saving.reader);

	if (rc != 0 || control->config.daemon->state[0] == '\0')
		return rc;
	return saver_new(control->base, saving_done, control, &control->saving.saver);
}

bool control_saving_tell(const struct control *control, char *out, size_t size)
{
	uint64_t late_ns = control_saving_late_ns(control);
	char text[32];

	if (late_ns > 0)
		snprintf(out, size, "ok, but nothing has been written to the state folder for %s\n",
			format_duration_ms(late_ns / CLOCK_NS_PER_S * 1000, text, sizeof(text)));
	return late_ns > 0;
}

static void saving_tell_late(struct control *control, uint64_t late_ns)
{
	const char *folder = control->config.daemon->state;
	char text[32];

	control->saving.is_late_told = late_ns > 0;
	if (late_ns > 0)
		log_error(
			"state: %s: nothing has been written for %s: its disk does not answer, or has no room; "
			"forwarding goes on",
			folder, format_duration_ms(late_ns / CLOCK_NS_PER_MS, text, sizeof(text)));
	else
		log_info("state: %s: what waited is written", folder);
	if (late_ns == 0)
		notify("STATUS=ok");
}

void control_saving_watch(struct control *control)
{
	uint64_t late_ns = control_saving_late_ns(control);
	char text[128], status[160];

	if ((late_ns > 0) != control->saving.is_late_told)
		saving_tell_late(control, late_ns);
	if (control_saving_tell(control, text, sizeof(text))) {
		snprintf(status, sizeof(status), "STATUS=%s", text);
		notify(status);
	}
	if (late_ns > 0)
		saving_tell_unkept(control);
	// There was no memory for it.
	if (control_is_unkept(control) && control->saving.has_failed &&
		saver_is_idle(control->saving.saver, SAVER_CONFIG))
		control_keep_running(control);
}

bool control_saving_end(struct control *control, uint64_t until_ns)
{
	struct saver *saver = control->saving.saver;

	control->saving.saver = NULL;
	if (saver_end(saver, until_ns))
		return true;
	log_error("state: %s: its disk does not answer: %swhat was to be written last is not kept",
		control->config.daemon->state,
		control_is_unkept(control) ? "the configuration in force and " : "");
	return false;
}
