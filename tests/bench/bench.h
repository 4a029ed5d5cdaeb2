// SPDX-License-Identifier: BSD-3-Clause
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stddef.h>
#include <stdint.h>

// What the benches share: memory as the data plane has it, and medians. One thread.

// Zeroed memory on 2 MiB pages: reserved ones where there are any, else transparent ones, else what
// there is; '*pages' says which. NULL if there is no such memory.
void *bench_memory_new(size_t size, const char **pages);
void bench_memory_free(void *memory, size_t size);

// The processor time of this thread: what other processes take on a shared machine is left out.
uint64_t bench_cpu_ns(void);

// The middle one of 'count' values, which it sorts.
double bench_median(double *values, size_t count);

// A good mixing of a counter: the hash that a packet would have. Source: Steele et al.,
// "SplitMix64".
static inline uint64_t bench_mix(uint64_t value)
{
	value += 0x9e3779b97f4a7c15;
	value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
	value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
	return value ^ (value >> 31);
}

#endif
