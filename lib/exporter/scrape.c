// SPDX-License-Identifier: BSD-3-Clause
#include <announce/announce.h>
#include <base/clock.h>
#include <exporter/families_private.h>
#include <exporter/scrape_private.h>
#include <http/web.h>

#include <stdlib.h>

// A piece is written within STEP_NS, and ends where the next row might not fit any more.
#define STEP_NS     (250 * 1000)
#define ROW_MAX     ((HISTOGRAM_BOUNDS + 3) * EXPOSITION_LINE_MAX / 4)
#define ROWS_A_LOOK 8 // at the clock
_Static_assert(ROW_MAX + 2 * EXPOSITION_LINE_MAX < WEB_PIECE_SIZE, "a row fits into a piece");

// Rows of the families of a scope, as many as there are now.
static uint32_t scrape_row_count(const struct scrape *scrape, enum metrics_scope scope)
{
	const struct exporter_source *from = scrape->from;

	switch (scope) {
	case METRICS_OF_WORKERS:
		return from->stats->from.worker_count;
	case METRICS_OF_REASONS:
		return DROP_REASON_COUNT;
	case METRICS_OF_PORTS:
		return from->port_count;
	case METRICS_OF_VIPS:
		return announce_count(from->announce);
	case METRICS_OF_SERVICES:
		return from->running->now->service_end;
	case METRICS_OF_ZONES:
		return snapshot_zone_rows(from->publisher->current);
	case METRICS_OF_POOLS:
		return from->running->now->written->pool_count;
	case METRICS_OF_BACKENDS:
		return from->running->now->capacity;
	default:
		return 1;
	}
}

static void scrape_begin_family(struct scrape *scrape)
{
	exposition_begin(&scrape->text, (enum metrics_id)scrape->family);
	scrape->is_begun = true;
	scrape->row = 0;
	scrape->pools_version = scrape->from->running->version;
}

// Pools, VIPs and zones have no index: once they may stand elsewhere, what is left of the family
// is left out.
static bool scrape_is_over(const struct scrape *scrape)
{
	enum metrics_scope scope = metrics_families[scrape->family].scope;

	return scrape->row >= scrape_row_count(scrape, scope) ||
	       ((scope == METRICS_OF_POOLS || scope == METRICS_OF_VIPS ||
			scope == METRICS_OF_ZONES) &&
		       scrape->pools_version != scrape->from->running->version);
}

static void scrape_step(struct scrape *scrape)
{
	if (!scrape->is_begun)
		scrape_begin_family(scrape);
	for (uint32_t i = 0; i < ROWS_A_LOOK && !scrape_is_over(scrape) &&
			     scrape->text.size + ROW_MAX < scrape->text.room;
		i++) {
		scrape_families[scrape->family].write(
			scrape, &scrape_families[scrape->family], scrape->row);
		scrape->row++;
	}
	if (scrape_is_over(scrape)) {
		scrape->family++;
		scrape->is_begun = false;
	}
}

bool scrape_fill(void *context, char *out, size_t *size)
{
	uint64_t until_ns = clock_monotonic_ns() + STEP_NS;
	struct scrape *scrape = context;
	struct exposition *text = &scrape->text;

	text->text = out;
	text->size = 0;
	text->room = WEB_PIECE_SIZE;
	scrape->from->refresh(scrape->from->context);
	if (scrape->family == 0 && !scrape->is_begun && !stats_cache_run(scrape->cache, until_ns))
		return true;
	while (scrape->family < METRICS_ID_COUNT &&
		text->size + ROW_MAX + 2 * EXPOSITION_LINE_MAX < text->room &&
		clock_monotonic_ns() < until_ns)
		scrape_step(scrape);
	if (scrape->family == METRICS_ID_COUNT)
		exposition_end(text);
	*size = text->size;
	return scrape->family < METRICS_ID_COUNT;
}

struct scrape *scrape_new(const struct exporter_source *from, struct stats_cache *cache,
	const struct histogram *lag, enum exposition_format format)
{
	struct scrape *scrape = calloc(1, sizeof(*scrape));

	if (scrape == NULL)
		return NULL;
	scrape->from = from;
	scrape->cache = cache;
	scrape->lag = lag;
	scrape->text.format = format;
	return scrape;
}

void scrape_free(void *scrape)
{
	free(scrape);
}
