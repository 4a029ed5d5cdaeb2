// SPDX-License-Identifier: BSD-3-Clause
#ifndef EXPORTER_FAMILIES_PRIVATE_H
#define EXPORTER_FAMILIES_PRIVATE_H

#include <exporter/sample_private.h>

// How each family's rows are written. Constant data.
extern const struct scrape_family scrape_families[METRICS_ID_COUNT];

#endif
