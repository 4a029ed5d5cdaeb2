// SPDX-License-Identifier: BSD-3-Clause
#ifndef METRICS_STEP_H
#define METRICS_STEP_H

#include <metrics/histogram.h>

// How long the callbacks of the event loop take. Whoever else waits for the loop waits for the one
// that runs: a failover, a probe, a request. Each callback begins with STEP_TIMED();
// tests/unit/steps.py holds them to it. One inside another counts as part of the outer one. For the
// loop's thread alone.

// X(identifier, label)
#define STEPS(X)                                                                     \
	X(AGE, "age") /* what goes on each second: slow start, drains, saving */     \
	X(ANNOUNCE, "announce") /* VIPs into the kernel, and holds that end */       \
	X(CAPTURE, "capture")                                                        \
	X(CHANNEL, "channel") /* requests of fulcrumctl */                           \
	X(CHECKPOINT, "checkpoint")                                                  \
	X(HALF_OPEN, "half_open") /* answers to probes through the path */           \
	X(HEALTH_FILE, "health_file")                                                \
	X(HTTP, "http") /* /metrics and /healthz */                                  \
	X(JOB, "job") /* what a job has made is put in force */                      \
	X(KERNEL, "kernel") /* what the kernel tells of its interfaces and routes */ \
	X(LINKS, "links")                                                            \
	X(PROBE, "probe") /* bytes of a backend */                                   \
	X(PROBE_START, "probe_start")                                                \
	X(PULSE, "pulse")                                                            \
	X(REBUILD, "rebuild")                                                        \
	X(RESOLVE, "resolve") /* next hops */                                        \
	X(SIGNAL, "signal")                                                          \
	X(SOLICIT, "solicit") /* neighbours that have gone stale */                  \
	X(TARGETS, "targets") /* what is probed after a change */                    \
	X(CONFIRM, "confirm")                                                        \
	X(WATCHDOG, "watchdog")                                                      \
	X(WORKERS, "workers") /* whether they move */

enum step_kind {
#define X(identifier, label) STEP_##identifier,
	STEPS(X)
#undef X
		STEP_KINDS
};

struct step {
	enum step_kind kind;
	uint64_t begin_ns; // 0: it is inside another one
	uint64_t begin_cpu_ns;
};

// The rest of the function is a step, however it returns.
#define STEP_TIMED(identifier)                                              \
	__attribute__((cleanup(step_end), unused)) struct step step_timed = \
		step_begin(STEP_##identifier)

struct step step_begin(enum step_kind kind);
void step_end(const struct step *step);

const char *step_label(enum step_kind kind);
// All of them by the clock.
const struct histogram *step_durations(void);
// The longest one so far: by the clock; and of the processor's time, which leaves out what other
// programs took of the core.
uint64_t step_longest_us(enum step_kind kind);
uint64_t step_longest_cpu_us(enum step_kind kind);
// For tests: nothing has been yet.
void step_forget(void);

#endif
