// SPDX-License-Identifier: BSD-3-Clause
#ifndef EXPORTER_EXPORTER_H
#define EXPORTER_EXPORTER_H

#include <base/error.h>
#include <exporter/source.h>

// What others ask over HTTP: /metrics (docs/reference/metrics.md), and /healthz, which is 200
// while the workers make progress. Runs on the control lcore's event loop; a piece of an answer
// takes about a quarter of a millisecond.

struct exporter;

// Serves where daemon_config.metrics says. The source is copied. 0, or a negative errno with the
// sentence.
int exporter_new(const struct exporter_source *source, struct exporter **out, struct error *err);
void exporter_free(struct exporter *exporter); // NULL is fine

#endif
