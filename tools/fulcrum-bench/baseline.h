// SPDX-License-Identifier: BSD-3-Clause
#ifndef BENCH_BASELINE_H
#define BENCH_BASELINE_H

#include "pipeline.h"

// The same case of this program and of another build's, each run a process of its own, in turns:
// what else the machine does meets them alike. Prints medians of the turns and the ratio. Returns
// the exit status; a run that fails ends it.
int baseline_compare(const struct pipeline_options *options);

#endif
