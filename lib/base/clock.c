// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>

#include <time.h>

static uint64_t clock_read_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
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

const char *clock_format_utc(uint64_t wall_s, char *text, size_t size)
{
	time_t seconds = (time_t)wall_s;
	struct tm utc;

	gmtime_r(&seconds, &utc);
	if (strftime(text, size, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0 && size > 0)
		text[0] = '\0';
	return text;
}
