// SPDX-License-Identifier: BSD-3-Clause
#ifndef HEALTH_HEALTH_PRIVATE_H
#define HEALTH_HEALTH_PRIVATE_H

#include <base/map.h>
#include <health/damping.h>
#include <health/group.h>
#include <health/health.h>
#include <health/machine.h>
#include <health/probe.h>
#include <health/tls.h>

struct event;

struct health {
	struct event_base *base;
	health_change_fn *changed;
	void *context;
	struct map targets; // struct target, by id
	struct map groups; // struct group, by name
	struct tls_contexts *tls;
	const struct probe_kind *path;
	void *path_context;
	health_doubt_fn *doubt; // NULL: there is none
	void *doubt_context;
	struct health_stats stats;
	uint32_t random; // of the jitter; never 0
	uint64_t local_logged_ns;
	uint64_t local_unlogged; // local failures since the last line about them
};

// One target and its rhythm: 'timer' is the start of the next probe while 'probe' is NULL, and the
// timeout of the one that runs else.
struct target {
	struct map_node node;
	struct health *health;
	struct health_target spec;
	struct group *group;
	const struct probe_kind *kind;
	void *probe;
	struct event *timer;
	uint64_t due_ns; // when the probe that runs, or the next one, was to start
	uint64_t start_ns;
	uint64_t failed_ns; // the last probe that failed; 0
	uint32_t silences; // doubtful ones in a row
	struct machine machine;
	struct damping damping;
	char hold_reason[PROBE_REASON_SIZE];
	struct health_view view;
};

// NULL without memory. It is not probed before target_start().
struct target *target_new(struct health *health, const struct health_target *spec);
void target_free(struct target *target);

// Ends the probe that runs and starts the next one after 'delay_us'.
void target_start(struct target *target, uint64_t delay_us);

// What silence means in a time of doubt (health_set_doubt()).
void target_doubt(struct target *target, struct probe_result *result);

// Takes a result in. True: the view's status is another.
bool target_take(struct target *target, const struct probe_result *result);

// Another port or policy, the same status; what was held is held no longer. Takes effect with
// target_start().
void target_set(struct target *target, const struct health_target *spec);

#endif
