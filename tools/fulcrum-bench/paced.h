// SPDX-License-Identifier: BSD-3-Clause
#ifndef BENCH_PACED_H
#define BENCH_PACED_H

#include "histogram.h"
#include "lane.h"
#include "pace.h"

// A lane whose packets come when they are due. Each is timed from then, not from when the worker
// took it, until the worker hands it to the port that it leaves by. A poll takes what is due, a
// burst at most, and waits for no more. One thread; one of them in the process.

struct paced {
	struct lane *lane;
	struct pace pace;
	uint64_t due[PIPELINE_BURST]; // of the burst that the worker is about to receive
	int due_field; // where a buffer keeps it

	// Whether others had the core: then the clock has made a leap since it was looked at, and
	// the kernel has counted a switch. What was due meanwhile, and what waited behind that, is
	// 'disturbed'.
	uint64_t looked_tsc;
	uint64_t leap_ticks;
	uint64_t leaps;
	uint64_t off_ticks;
	uint64_t run_ticks; // how long the run took
	long switches;
	bool is_disturbed;

	struct histogram quiet; // ticks
	struct histogram disturbed;
};

// Any failure ends the program with a sentence.
void paced_open(struct paced *paced, struct lane *lane);

// Packets a second of processor time, when there always is a whole burst.
double paced_capacity(struct paced *paced, uint64_t packets);

// As many packets as are due in 'duration_ms' at that rate, and on while '*go_on' is set, by
// another thread; but not for more than PACED_LONGEST times as long. 'quiet' and 'disturbed' are
// theirs alone.
#define PACED_LONGEST 10
void paced_run(struct paced *paced, double packets_a_second, bool is_poisson, uint64_t duration_ms,
	const bool *go_on);

// Percent of the run in which others had the core.
double paced_off_percent(const struct paced *paced);

#endif
