// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONTROL_EXPORTER_H
#define CONTROL_EXPORTER_H

#include <base/error.h>

// What others ask over HTTP: /metrics (docs/reference/metrics.md), and /healthz, which is 200 while the workers make
// progress. On the control lcore.

struct control;
struct exporter;

// Serves where daemon_config.metrics says. 0, or a negative errno with the sentence.
int exporter_new(struct control *control, struct exporter **out, struct error *err);
void exporter_free(struct exporter *exporter); // NULL is fine

#endif
