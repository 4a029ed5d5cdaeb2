// SPDX-License-Identifier: BSD-3-Clause
#ifndef HEALTH_HEALTH_H
#define HEALTH_HEALTH_H

#include <base/addr.h>
#include <config/config.h>
#include <stdbool.h>
#include <stdint.h>

// Probes and their state machine, on the control lcore's event loop (libevent). All functions and the callback run on that
// thread; none blocks.

struct event_base;
struct health;

enum health_status { HEALTH_UNKNOWN, HEALTH_UP, HEALTH_DOWN };

// What is probed. 'id' is the caller's (the backend's stable index).
struct health_target {
	uint32_t id;
	struct addr address;
	uint16_t port;
	struct config_health policy;
};

// A change of status, once each; 'reason' is a sentence such as "connection refused by 10.0.1.11:443", "" when up.
typedef void health_change_fn(
	void *context, uint32_t id, enum health_status status, const char *reason);

struct health_view {
	enum health_status status;
	uint64_t since_s; // wall clock of the last change
	uint32_t changes; // how many there were
	uint32_t latency_us; // of the last probe that succeeded
	char reason[128];
};

int health_new(
	struct event_base *base, health_change_fn *changed, void *context, struct health **out);
void health_free(struct health *health); // closes every socket; no callback comes after

// Makes 'targets' the set that is probed: those that are gone are forgotten, new ones start HEALTH_UNKNOWN, those whose address,
// port and policy are as before keep their status and their rhythm. An unchanged address with another policy
// keeps its status. Type 'none' is up at once. 0 or -ENOMEM (then nothing changed).
int health_set_targets(struct health *health, const struct health_target *targets, uint32_t count);

// False where there is no such target.
bool health_view(const struct health *health, uint32_t id, struct health_view *out);

const char *health_status_name(enum health_status status);

#endif
