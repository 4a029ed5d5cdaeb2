// SPDX-License-Identifier: BSD-3-Clause
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

// Arguments of the commands' options. 0, or -EINVAL after a sentence on stderr that names command
// and option.

struct option_bounds {
	uint64_t min, max;
};

// "4096", or "128k" and "1M" for multiples of 1024 and 1048576.
int option_number(const char *command, const char *name, const char *text,
	const struct option_bounds *bounds, uint64_t *out);
// One of two words.
int option_word(const char *command, const char *name, const char *text, const char *first,
	const char *second, bool *out_second);

#endif
