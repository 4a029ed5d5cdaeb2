// SPDX-License-Identifier: BSD-3-Clause
#include "bench.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#define HUGE_PAGE_SIZE (2u << 20)

static size_t round_up(size_t size)
{
	return (size + HUGE_PAGE_SIZE - 1) / HUGE_PAGE_SIZE * HUGE_PAGE_SIZE;
}

void *bench_memory_new(size_t size, const char **pages)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS;
	void *memory =
		mmap(NULL, round_up(size), PROT_READ | PROT_WRITE, flags | MAP_HUGETLB, -1, 0);

	*pages = "reserved 2 MiB pages";
	if (memory != MAP_FAILED)
		return memory;
	memory = mmap(NULL, round_up(size), PROT_READ | PROT_WRITE, flags, -1, 0);
	if (memory == MAP_FAILED)
		return NULL;
	*pages = madvise(memory, round_up(size), MADV_HUGEPAGE) == 0 ? "transparent 2 MiB pages"
								     : "4 KiB pages";
	return memory;
}

void bench_memory_free(void *memory, size_t size)
{
	munmap(memory, round_up(size));
}

uint64_t bench_cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double bench_median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare);
	return values[count / 2];
}
