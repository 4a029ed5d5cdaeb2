// SPDX-License-Identifier: BSD-3-Clause
#include "format.h"

#include <inttypes.h>
#include <stdio.h>

// The value in thousandths of a unit that leaves one to three digits before the point.
static const char *format_scaled(uint64_t value, const char *space, char *text, size_t size)
{
	static const char units[] = "kMGTPE";
	uint64_t unit = 1000;
	size_t at = 0;

	while (value / unit >= 1000) {
		unit *= 1000;
		at++;
	}
	if (value / unit >= 100)
		snprintf(text, size, "%" PRIu64 "%s%c", value / unit, space, units[at]);
	else if (value / unit >= 10)
		snprintf(text, size, "%" PRIu64 ".%" PRIu64 "%s%c", value / unit,
			value % unit / (unit / 10), space, units[at]);
	else
		snprintf(text, size, "%" PRIu64 ".%02" PRIu64 "%s%c", value / unit,
			value % unit / (unit / 100), space, units[at]);
	return text;
}

const char *format_count(uint64_t value, char *text, size_t size)
{
	if (value >= 1000)
		return format_scaled(value, "", text, size);
	snprintf(text, size, "%" PRIu64, value);
	return text;
}

const char *format_bytes(uint64_t value, char *text, size_t size)
{
	char number[32];

	if (value < 1000)
		snprintf(text, size, "%" PRIu64 " B", value);
	else
		snprintf(text, size, "%sB", format_scaled(value, " ", number, sizeof(number)));
	return text;
}

const char *format_age(uint64_t since_s, uint64_t now_s, char *text, size_t size)
{
	uint64_t age_s = now_s > since_s ? now_s - since_s : 0;

	if (age_s < 60)
		snprintf(text, size, "%" PRIu64 "s", age_s);
	else if (age_s < 3600)
		snprintf(text, size, "%" PRIu64 "m", age_s / 60);
	else if (age_s < 2 * 86400)
		snprintf(text, size, "%" PRIu64 "h", age_s / 3600);
	else
		snprintf(text, size, "%" PRIu64 "d", age_s / 86400);
	return text;
}
