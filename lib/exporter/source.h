// SPDX-License-Identifier: BSD-3-Clause
#ifndef EXPORTER_SOURCE_H
#define EXPORTER_SOURCE_H

#include <config/daemon.h>
#include <metrics/daemon.h>
#include <stats/stats.h>

// What an exporter reads, on the control lcore. What stands in rooms below comes by callbacks, on
// the same thread.

struct announce;
struct event_base;
struct events;
struct halfopen;
struct health;
struct publisher;
struct recording;

// All of it is borrowed, and outlives the exporter.
struct exporter_source {
	struct event_base *base;
	const struct daemon_config *daemon;
	const struct running *running;
	struct stats *stats;
	struct publisher *publisher;
	const struct events *events;
	const struct health *health;
	const struct announce *announce;
	const struct halfopen *halfopen;
	const struct recording *recording;
	const struct running_port *ports;
	uint32_t port_count;
	const struct metrics_daemon *counts; // of the daemon itself

	void *context; // of what follows
	void (*refresh)(void *context); // brings 'counts' up to date
	// Why the state folder lags behind, as a line. False: it does not.
	bool (*tell_late)(void *context, char *out, size_t size);
	uint64_t (*stuck_ms)(void *context, uint32_t worker); // for how long it stands still; 0
	const char *(*kernel_side_name)(void *context, uint32_t port); // ""
	bool (*has_link)(void *context, uint32_t port);
};

#endif
