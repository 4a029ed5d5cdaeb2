// SPDX-License-Identifier: BSD-3-Clause
#ifndef STORE_HEALTH_LINE_H
#define STORE_HEALTH_LINE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

// The last known health, in 'health' in the state folder: a line a probe. "up web/a1" is what the
// pool's own probe says, "down web/a1 3023" what the one of that port does. "ramp web/a1 35": its
// slow start has gone on for 35 s. Pure functions of a file, for any thread.

#define HEALTH_LINE_NAME_SIZE 128
#define HEALTH_LINE_SIZE      (HEALTH_LINE_NAME_SIZE + 16)

struct health_line {
	bool is_up;
	uint16_t port; // 0: the pool's own probe
	uint16_t ramp_s; // above 0: the line tells this alone
	char name[HEALTH_LINE_NAME_SIZE];
};

void health_line_write(const struct health_line *line, FILE *file);
// The next line that says something. One that is written otherwise is passed over, and so is one
// without an end, which was cut short: "web/a1" may have been "web/a12". False: there is none.
bool health_line_read(FILE *file, struct health_line *out);

#endif
