// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

static uint64_t clock_read_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * CLOCK_NS_PER_S + (uint64_t)now.tv_nsec;
}

uint64_t clock_cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * CLOCK_NS_PER_S + (uint64_t)now.tv_nsec;
}

uint64_t clock_monotonic_ns(void)
{
	return clock_read_ns(CLOCK_MONOTONIC);
}

uint64_t clock_wall_s(void)
{
	return (uint64_t)time(NULL);
}

uint64_t clock_wall_ns(void)
{
	return clock_read_ns(CLOCK_REALTIME);
}

static uint64_t clock_read_boot(void)
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
	unsigned int part[3] = {0};
	int count = file != NULL ? fscanf(file, "%8x-%4x-%4x", &part[0], &part[1], &part[2]) : 0;

	if (file != NULL)
		fclose(file);
	return count == 3 ? (uint64_t)part[0] << 32 | part[1] << 16 | part[2] : 0;
}

// The first half of the kernel's random name of this boot, asked for once: no process outlives it.
static uint64_t clock_boot(void)
{
	static _Atomic uint64_t known;
	uint64_t boot = atomic_load_explicit(&known, memory_order_relaxed);

	if (boot == 0) {
		boot = clock_read_boot();
		atomic_store_explicit(&known, boot, memory_order_relaxed);
	}
	return boot;
}

void clock_stamp(struct clock_stamp *out)
{
	*out = (struct clock_stamp){.wall_s = clock_wall_s(),
		.boot = clock_boot(),
		.boot_s = clock_read_ns(CLOCK_BOOTTIME) / CLOCK_NS_PER_S};
}

uint64_t clock_since_s(const struct clock_stamp *then)
{
	struct clock_stamp now;

	clock_stamp(&now);
	if (then->boot != 0 && then->boot == now.boot && then->boot_s <= now.boot_s)
		return now.boot_s - then->boot_s;
	return now.wall_s > then->wall_s ? now.wall_s - then->wall_s : 0;
}

const char *clock_format_utc(uint64_t wall_s, char *text, size_t size)
{
	time_t seconds = (time_t)wall_s;
	struct tm utc;

	if (gmtime_r(&seconds, &utc) == NULL) // a year that no int holds
		snprintf(text, size, "never");
	else if (strftime(text, size, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0 && size > 0)
		text[0] = '\0';
	return text;
}
