// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUM_BACKEND_METRICS_H
#define FULCRUM_BACKEND_METRICS_H

#include <base/endpoint.h>
#include <base/error.h>

// The agent's pages: /metrics for Prometheus, and /healthz, which is 200 while all is in place and
// else 503 with a sentence a line. Read anew for each request, from the pinned maps. On the loop's
// thread.

struct event_base;
struct metrics;

// 'pin' outlives it. 0, or a negative errno: somebody else listens there.
int metrics_new(struct event_base *base, const struct endpoint *listen, const char *pin,
	struct metrics **out, struct error *err);
void metrics_free(struct metrics *metrics);

#endif
