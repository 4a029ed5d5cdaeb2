// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>

#include <time.h>

uint64_t clock_monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * CLOCK_NS_PER_S + (uint64_t)now.tv_nsec;
}

uint64_t clock_wall_s(void)
{
	return (uint64_t)time(NULL);
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
