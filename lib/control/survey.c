// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <control/exporter_private.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FRESH_NS (5 * CLOCK_NS_PER_S)

int survey_init(struct survey *survey, const struct control *control)
{
	uint32_t capacity = control->backends.capacity;

	*survey = (struct survey){.control = control,
		.slots = calloc(capacity, sizeof(*survey->slots)),
		.share_ppm = calloc(capacity, sizeof(*survey->share_ppm))};
	if (census_begin(&survey->census, capacity) == 0 && survey->slots != NULL &&
		survey->share_ppm != NULL)
		return 0;
	survey_free(survey);
	return -ENOMEM;
}

void survey_free(struct survey *survey)
{
	census_end(&survey->census);
	free(survey->slots);
	free(survey->share_ppm);
	*survey = (struct survey){0};
}

static void begin_flows(struct survey *survey)
{
	uint32_t capacity = survey->control->backends.capacity;
	struct census *census = &survey->census;

	memset(census->flows, 0, capacity * sizeof(*census->flows));
	memset(census->oldest_s, 0, capacity * sizeof(*census->oldest_s));
	census->worker = 0;
	census->bucket = 0;
	survey->step = SURVEY_FLOWS;
}

static void begin_pool(struct survey *survey, uint32_t pool)
{
	survey->pool = pool;
	survey->view = VIEW_NONE;
	survey->slots_whole = 0;
	survey->snapshot = survey->control->config.publisher->current->version;
}

// The members of a pool are those of its views.
static void clear_members(struct survey *survey, const struct snapshot *snapshot, uint32_t pool)
{
	for (uint32_t at = snapshot->pools[pool].first_view; at != VIEW_NONE;
		at = snapshot->views[at].next) {
		const struct snapshot_generation *current = snapshot->views[at].current;

		for (uint32_t i = 0; current != NULL && i < current->member_count; i++)
			survey->slots[current->members[i].backend & BACKEND_INDEX_MASK] = 0;
	}
}

static void conclude_pool(struct survey *survey, const struct snapshot *snapshot)
{
	for (uint32_t at = snapshot->pools[survey->pool].first_view; at != VIEW_NONE;
		at = snapshot->views[at].next) {
		const struct snapshot_generation *current = snapshot->views[at].current;

		for (uint32_t i = 0; current != NULL && i < current->member_count; i++) {
			uint32_t index = current->members[i].backend & BACKEND_INDEX_MASK;

			survey->share_ppm[index] =
				(uint32_t)(survey->slots[index] * 1000000 / survey->slots_whole);
		}
	}
}

// Counts one more table. False: that was all.
static bool step_shares(struct survey *survey)
{
	const struct snapshot *snapshot = survey->control->config.publisher->current;
	const struct snapshot_view *view;

	if (survey->snapshot != snapshot->version)
		begin_pool(survey, survey->pool);
	if (survey->pool >= snapshot->pool_count)
		return false;
	if (survey->view == VIEW_NONE) {
		clear_members(survey, snapshot, survey->pool);
		survey->view = snapshot->pools[survey->pool].first_view;
	}
	view = &snapshot->views[survey->view];
	if (view->current != NULL) {
		rows_add_shares(view, survey->slots);
		survey->slots_whole += (uint64_t)view->current->table->size *
				       (view->service_count > 0 ? view->service_count : 1);
	}
	survey->view = view->next;
	if (survey->view == VIEW_NONE) {
		if (survey->slots_whole > 0)
			conclude_pool(survey, snapshot);
		begin_pool(survey, survey->pool + 1);
	}
	return true;
}

static void step(struct survey *survey)
{
	uint32_t capacity = survey->control->backends.capacity;

	if (survey->step == SURVEY_NONE) {
		begin_flows(survey);
	} else if (survey->step == SURVEY_FLOWS) {
		if (census_step(&survey->census, survey->control))
			return;
		memset(survey->share_ppm, 0, capacity * sizeof(*survey->share_ppm));
		survey->step = SURVEY_SHARES;
		begin_pool(survey, 0);
	} else if (!step_shares(survey)) {
		survey->step = SURVEY_NONE;
		survey->done_ns = clock_monotonic_ns();
	}
}

bool survey_run(struct survey *survey, uint64_t until_ns)
{
	uint64_t now_ns = clock_monotonic_ns();

	while (survey->step != SURVEY_NONE || survey->done_ns == 0 ||
		now_ns - survey->done_ns > FRESH_NS) {
		if (now_ns >= until_ns)
			return false;
		step(survey);
		now_ns = clock_monotonic_ns();
	}
	return true;
}
