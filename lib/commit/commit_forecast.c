// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <commit/commit_private.h>
#include <forecast/forecast.h>

#include <errno.h>
#include <stdlib.h>

// What a commit would be: as far as its snapshot, and no further.

// New backends are taken to be up, which they will be soon: that they come is what moves slots.
static void forecast_expect_new_backends(struct commit *commit, bool *is_stranger)
{
	for (uint32_t i = 0; i < commit->touched_count; i++) {
		uint32_t at = commit->touched[i] & ~COMMIT_STRANGER;
		uint32_t index = configuration_index(commit->configuration, at);
		struct running_backend *state = &commit->build.states[index];

		if ((commit->touched[i] & COMMIT_STRANGER) == 0)
			continue;
		is_stranger[index] = true;
		state->health = HEALTH_UNKNOWN;
		state->recalled = HEALTH_UP;
	}
}

// Two snapshots, as an apply has them: the one that it brings, and the one when the new backends
// are up. 0, or a negative errno with the sentence.
static int forecast_build_both(struct commit *commit, bool *is_stranger)
{
	struct snapshot *first;
	int rc = build_run(&commit->build, &commit->err);

	if (rc != 0)
		return rc;
	first = commit->build.snapshot;
	commit->build.snapshot = NULL;
	commit->build.previous = first;
	forecast_expect_new_backends(commit, is_stranger);
	rc = build_run(&commit->build, &commit->err);
	snapshot_free(first);
	return rc;
}

static uint32_t forecast_clock_s(void *context)
{
	return (uint32_t)(clock_monotonic_ns() / CLOCK_NS_PER_S);
}

static int forecast_make_forecast(struct commit *commit)
{
	bool *is_stranger = calloc(commit->backend_registry->capacity, sizeof(*is_stranger));
	struct forecast_input input = {
		.running = commit->running,
		.planned = commit->configuration,
		.before = commit->build.previous,
		.is_stranger = is_stranger,
		.flows = commit->flows,
		.worker_count = commit->worker_count,
		.clock_s = commit->forecast_clock_s != NULL ? commit->forecast_clock_s
							    : forecast_clock_s,
		.clock_context = commit->forecast_clock_context,
	};
	int rc;

	if (is_stranger == NULL)
		return error_set(&commit->err, ENOMEM, "out of memory");
	rc = forecast_build_both(commit, is_stranger);
	input.after = commit->build.snapshot;
	if (rc == 0 && forecast_make(&input, &commit->rows, &commit->row_count) != 0)
		rc = error_set(&commit->err, ENOMEM, "out of memory");
	free(is_stranger);
	return rc;
}

static void forecast_write_line(void *context, const char *sentence)
{
	fprintf(context, "%s\n", sentence);
}

void commit_forecast(void *context)
{
	struct commit *commit = context;
	FILE *file;

	commit->rc = forecast_make_forecast(commit);
	if (commit->rc != 0)
		return;
	file = open_memstream(&commit->text, &commit->text_size);
	commit->changes = config_diff(commit->running->written, commit->config,
		file != NULL ? forecast_write_line : NULL, file);
	if (file != NULL)
		fclose(file);
}
