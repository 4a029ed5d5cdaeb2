// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <control/exporter_private.h>
#include <control/reply_private.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FRESH_NS (5 * CLOCK_NS_PER_S)

#define CLEAR_STEP 65536 // indexes in one step

int survey_init(struct survey *survey, struct control *control)
{
	uint32_t capacity = control->running.backend_registry.capacity;

	*survey = (struct survey){.control = control,
		.share_ppm = calloc(capacity, sizeof(*survey->share_ppm)),
		.next_share_ppm = calloc(capacity, sizeof(*survey->next_share_ppm)),
		.slots = calloc(capacity, sizeof(*survey->slots))};
	if (survey->share_ppm != NULL && survey->next_share_ppm != NULL && survey->slots != NULL)
		return 0;
	survey_free(survey);
	return -ENOMEM;
}

void survey_free(struct survey *survey)
{
	free(survey->share_ppm);
	free(survey->next_share_ppm);
	free(survey->slots);
	*survey = (struct survey){0};
}

static void begin(struct survey *survey)
{
	survey->step = SURVEY_CLEAR;
	survey->cleared = 0;
	survey->count_round = flow_counts_ask(&survey->control->stats.flow_counts);
}

// False: all is cleared.
static bool clear_some(struct survey *survey)
{
	uint32_t left = survey->control->running.backend_registry.capacity - survey->cleared;
	uint32_t count = left < CLEAR_STEP ? left : CLEAR_STEP;

	memset(survey->next_share_ppm + survey->cleared, 0,
		count * sizeof(*survey->next_share_ppm));
	survey->cleared += count;
	return count > 0;
}

static void conclude(struct survey *survey)
{
	uint32_t *found = survey->next_share_ppm;

	survey->next_share_ppm = survey->share_ppm;
	survey->share_ppm = found;
	survey->step = SURVEY_NONE;
	survey->done_ns = clock_monotonic_ns();
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

			survey->next_share_ppm[index] =
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
		stats_add_shares(view, survey->slots);
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
	switch (survey->step) {
	case SURVEY_NONE:
		begin(survey);
		break;
	case SURVEY_CLEAR:
		if (!clear_some(survey))
			survey->step = SURVEY_FLOWS;
		break;
	case SURVEY_FLOWS:
		if (!flow_counts_has(&survey->control->stats.flow_counts, survey->count_round)) {
			stats_count_flows(&survey->control->stats);
			break;
		}
		survey->step = SURVEY_SHARES;
		begin_pool(survey, 0);
		break;
	case SURVEY_SHARES:
		if (!step_shares(survey))
			conclude(survey);
		break;
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
