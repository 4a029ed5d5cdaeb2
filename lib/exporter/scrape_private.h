// SPDX-License-Identifier: BSD-3-Clause
#ifndef EXPORTER_SCRAPE_PRIVATE_H
#define EXPORTER_SCRAPE_PRIVATE_H

#include <exporter/sample_private.h>

// The text of one answer, family by family and row by row, in pieces.

// All is borrowed. NULL without memory.
struct scrape *scrape_new(const struct exporter_source *from, struct stats_cache *cache,
	const struct histogram *lag, enum exposition_format format);
void scrape_free(void *scrape);
// A web_fill_fn.
bool scrape_fill(void *scrape, char *out, size_t *size);

#endif
