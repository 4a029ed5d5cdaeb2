// SPDX-License-Identifier: BSD-3-Clause
#include <announce/announce.h>
#include <exporter/sample_private.h>

#include <stdio.h>

// --- What a row is called ---

static void sample_label_worker(struct scrape *scrape, uint32_t worker)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", worker);
	exposition_label(&scrape->text, "worker", text);
}

static void sample_label_backend(struct scrape *scrape, uint32_t index)
{
	const struct configuration *now = scrape->from->running->now;
	const struct config_backend *backend = &now->config->backends[now->places[index]];

	exposition_label(&scrape->text, "pool", backend->pool);
	exposition_label(&scrape->text, "backend", backend->name);
}

static void sample_label_service(struct scrape *scrape, uint32_t index)
{
	const struct configuration *now = scrape->from->running->now;

	exposition_label(
		&scrape->text, "service", now->config->services[now->service_places[index]].name);
}

static void sample_label_zone(struct scrape *scrape, uint32_t row)
{
	uint32_t index = 0;
	const struct snapshot_zone *zone =
		snapshot_find_zone(scrape->from->publisher->current, row, &index);

	sample_label_service(scrape, index);
	exposition_label(&scrape->text, "zone", zone->name);
}

static void sample_label_vip(struct scrape *scrape, uint32_t row)
{
	char text[ADDR_TEXT_SIZE];
	const struct addr *vip = announce_address(scrape->from->announce, row);

	exposition_label(&scrape->text, "vip", addr_format(vip, text, sizeof(text)));
}

void sample_begin(struct scrape *scrape, uint32_t row, const char *suffix)
{
	const struct exporter_source *from = scrape->from;
	struct exposition *text = &scrape->text;

	exposition_sample(text, suffix);
	switch (metrics_families[scrape->family].scope) {
	case METRICS_OF_WORKERS:
		sample_label_worker(scrape, row);
		break;
	case METRICS_OF_REASONS:
		exposition_label(text, "reason", drop_label((enum drop_reason)row));
		break;
	case METRICS_OF_PORTS:
		exposition_label(text, "port", from->ports[row].name);
		break;
	case METRICS_OF_VIPS:
		sample_label_vip(scrape, row);
		break;
	case METRICS_OF_SERVICES:
		sample_label_service(scrape, row);
		break;
	case METRICS_OF_ZONES:
		sample_label_zone(scrape, row);
		break;
	case METRICS_OF_POOLS:
		exposition_label(text, "pool", from->running->now->config->pools[row].name);
		break;
	case METRICS_OF_BACKENDS:
		sample_label_backend(scrape, row);
		break;
	default:
		break;
	}
}

void sample_number(struct scrape *scrape, uint32_t row, uint64_t value)
{
	sample_begin(scrape, row, "");
	exposition_number(&scrape->text, value);
}

void sample_durations(struct scrape *scrape, uint32_t row, uint64_t sum_us, uint64_t count)
{
	sample_begin(scrape, row, "_sum");
	exposition_micro(&scrape->text, sum_us);
	sample_begin(scrape, row, "_count");
	exposition_number(&scrape->text, count);
}

void sample_histogram(struct scrape *scrape, uint32_t row, const struct histogram *histogram)
{
	uint64_t count = 0;

	for (uint32_t i = 0; i <= HISTOGRAM_BOUNDS; i++) {
		count += histogram->counts[i];
		sample_begin(scrape, row, "_bucket");
		exposition_label(&scrape->text, "le",
			i < HISTOGRAM_BOUNDS ? histogram_bounds_text[i] : "+Inf");
		exposition_number(&scrape->text, count);
	}
	sample_durations(scrape, row, histogram->sum_us, count);
}

uint64_t sample_number_at(const void *from, const struct scrape_family *family)
{
	return *(const uint64_t *)((const uint8_t *)from + family->offset);
}

int64_t sample_health(enum health_status health)
{
	static const int64_t values[] = {[HEALTH_UNKNOWN] = -1, [HEALTH_UP] = 1, [HEALTH_DOWN] = 0};

	return values[health];
}
