// SPDX-License-Identifier: BSD-3-Clause
#ifndef EXPORTER_SAMPLE_PRIVATE_H
#define EXPORTER_SAMPLE_PRIVATE_H

#include <exporter/source.h>
#include <metrics/exposition.h>
#include <metrics/family.h>
#include <stats/cache.h>

// One answer to GET /metrics, and how its samples are written.

// While it is sent. What changes meanwhile may be in some families and not in others; no row comes
// twice.
struct scrape {
	const struct exporter_source *from;
	struct stats_cache *cache;
	const struct histogram *lag;
	struct exposition text;
	uint32_t family; // that is written
	uint32_t row; // its next one
	bool is_begun; // the family's first lines are written
	uint64_t pools_version; // of the configuration that 'row' of a pool or a VIP counts in
};

// Writes the samples of one row of one family, or none.
struct scrape_family;
typedef void scrape_row_fn(struct scrape *scrape, const struct scrape_family *family, uint32_t row);

struct scrape_family {
	scrape_row_fn *write;
	uint16_t offset; // of what it writes, in the struct that it writes from
};

// A sample's name and the labels of a row.
void sample_begin(struct scrape *scrape, uint32_t row, const char *suffix);
// A sample of 'row' without labels of its own.
void sample_number(struct scrape *scrape, uint32_t row, uint64_t value);
void sample_durations(struct scrape *scrape, uint32_t row, uint64_t sum_us,
	uint64_t count); // their sum, and how many
void sample_histogram(struct scrape *scrape, uint32_t row, const struct histogram *histogram);
// The uint64_t of 'from' that the family is about.
uint64_t sample_number_at(const void *from, const struct scrape_family *family);
// A health as a sample's value: 1 is up, 0 is down, -1 is not known yet.
int64_t sample_health(enum health_status health);

#endif
