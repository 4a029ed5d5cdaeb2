// SPDX-License-Identifier: BSD-3-Clause
#ifndef HEALTH_HEALTH_H
#define HEALTH_HEALTH_H

#include <base/addr.h>
#include <config/config.h>
#include <metrics/histogram.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Probes and their state machine, on the control lcore's event loop (libevent). All functions and
// the callback run on that thread; none blocks.

struct event_base;
struct health;
struct histogram;
struct probe_kind;

enum health_status { HEALTH_UNKNOWN, HEALTH_UP, HEALTH_DOWN };

// What is probed. 'id' is the caller's (the backend's stable index), distinct among the targets.
struct health_target {
	uint32_t id;
	struct addr address;
	uint16_t port;
	struct config_health policy;
	char group[CONFIG_NAME_SIZE]; // targets of one group share a histogram; its pool's name
};

// A change of status, once each; 'reason' is such as "connect to 10.0.1.11:443: connection
// refused", "" when up. Never called from within health_put_target(); may call every function here
// but health_free().
typedef void health_change_fn(
	void *context, uint32_t id, enum health_status status, const char *reason);

struct health_view {
	enum health_status status;
	uint64_t since_s; // wall clock of the last change, or of the target's start
	uint32_t changes; // how many there were
	uint32_t downs; // how many of them were to HEALTH_DOWN
	uint64_t held_until_s; // wall clock: it flaps, and is held down; 0: it is not held
	uint32_t latency_us; // of the last probe that succeeded
	uint64_t successes; // probes that succeeded, and how long they took together
	uint64_t successes_us;
	uint64_t failures;
	uint64_t certificate_end_s; // wall clock, of what the last TLS probe saw; 0: nothing
	char reason[128]; // why the last probe failed; "" when it did not; or why it is held
	char remark[128]; // what is wrong though that is nothing; ""
};

// Since health_new().
struct health_stats {
	uint64_t probes; // started
	uint64_t failures; // that a backend is held to account for
	uint64_t
		local_failures; // for want of a descriptor, port, memory, route or worker here: no backend's fault
	uint64_t late; // started more than 10 ms after they were due
	struct histogram lateness; // how long after
};

// Makes the process ignore SIGPIPE unless it handles it. 0 or -ENOMEM.
int health_new(
	struct event_base *base, health_change_fn *changed, void *context, struct health **out);
// Who makes the probes of targets whose policy is 'via: forwarding', beside their own
// (health/probe.h); before the first of them. It is the caller's, and outlives the health.
void health_set_path(struct health *health, const struct probe_kind *path, void *context);
// Whether an answer to a probe that began at 'since_ns' (monotonic) may be on this machine and not
// be found, so that silence is no failure of the backend; the probe and its answers go through
// 'queues' queues of workers. Returns how many silent probes in a row are one even so
// (HEALTH_DOUBT_ALL: none is), with the reason in 'why'; 0: there is no doubt.
#define HEALTH_DOUBT_ALL UINT32_MAX
typedef uint32_t health_doubt_fn(
	void *context, uint64_t since_ns, uint32_t queues, char *why, size_t size);
void health_set_doubt(struct health *health, health_doubt_fn *doubt, void *context);
void health_free(struct health *health); // closes every socket; no callback comes after

// Probes the target from now on. A new one (another address or group is another target) starts
// HEALTH_UNKNOWN; one whose address, port and policy are as before keeps its status and its rhythm;
// with another port or policy the status stays, and the probes begin anew. Type 'none' is up
// without a probe, and the callback says so like any other. 'order' says which one it is of those
// begun together, so that they start one after another. 0 or -ENOMEM (then nothing changed).
int health_put_target(struct health *health, const struct health_target *spec, uint32_t order);
void health_drop_target(struct health *health, uint32_t id); // one that is not there is fine

// The files of TLS probes are read anew, beside the loop. Where a disk does not answer, what was
// read before serves.
void health_forget_files(struct health *health);
// They are read no more. False: a disk hangs until then (clock_monotonic_ns()), and the process is
// to end by _exit().
bool health_end_files(struct health *health, uint64_t until_ns);

// False where there is no such target.
bool health_view(const struct health *health, uint32_t id, struct health_view *out);

// How long the successful probes of a group took; NULL: no target is of that group. Good until the
// loop goes on.
const struct histogram *health_latency(const struct health *health, const char *name);

void health_stats(const struct health *health, struct health_stats *out);

const char *health_status_name(enum health_status status);

#endif
