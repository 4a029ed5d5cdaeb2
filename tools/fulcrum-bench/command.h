// SPDX-License-Identifier: BSD-3-Clause
#ifndef BENCH_COMMAND_H
#define BENCH_COMMAND_H

// The commands of fulcrum-bench: each takes its own name as argv[0] and returns the exit status.

#define EXIT_UNMET 1 // an expectation was not met
#define EXIT_USAGE 2

int command_latency(int argc, char **argv);
int command_pipeline(int argc, char **argv);
int command_replay(int argc, char **argv);
int command_simulate(int argc, char **argv);

#endif
