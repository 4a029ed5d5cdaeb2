// SPDX-License-Identifier: BSD-3-Clause
#include <base/parse.h>

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct unit {
	const char *name;
	uint64_t factor;
};

// Largest last, so that the formatters find the shortest text from behind.
static const struct unit durations[] = {
	{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
static const struct unit sizes[] = {{"", 1}, {"KiB", 1ull << 10}, {"MiB", 1ull << 20},
	{"GiB", 1ull << 30}, {"TiB", 1ull << 40}};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

// Reads the digits in front; '*rest' is what follows them.
static int digits(const char *text, uint64_t *out, const char **rest)
{
	uint64_t value = 0;
	const char *p = text;

	if (!isdigit((unsigned char)*p) || (p[0] == '0' && isdigit((unsigned char)p[1])))
		return -EINVAL;
	for (; isdigit((unsigned char)*p); p++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, (uint64_t)(*p - '0'), &value))
			return -ERANGE;
	}
	*out = value;
	*rest = p;
	return 0;
}

static int with_unit(const char *text, const struct unit *units, size_t count, uint64_t *out)
{
	uint64_t value;
	const char *rest;
	int rc = digits(text, &value, &rest);

	if (rc != 0)
		return rc;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(rest, units[i].name) == 0)
			return __builtin_mul_overflow(value, units[i].factor, out) ? -ERANGE : 0;
	}
	return -EINVAL;
}

static const char *format_unit(
	uint64_t value, const struct unit *units, size_t count, char *text, size_t size)
{
	size_t i = count - 1;

	while (i > 0 && (value == 0 || value % units[i].factor != 0))
		i--;
	snprintf(text, size, "%" PRIu64 "%s", value / units[i].factor, units[i].name);
	return text;
}

int parse_duration_ms(const char *text, uint64_t *out_ms)
{
	return with_unit(text, durations, COUNT(durations), out_ms);
}

const char *format_duration_ms(uint64_t ms, char *text, size_t size)
{
	if (ms == 0) {
		snprintf(text, size, "0s");
		return text;
	}
	return format_unit(ms, durations, COUNT(durations), text, size);
}

int parse_size(const char *text, uint64_t *out_bytes)
{
	return with_unit(text, sizes, COUNT(sizes), out_bytes);
}

const char *format_size(uint64_t bytes, char *text, size_t size)
{
	return format_unit(bytes, sizes, COUNT(sizes), text, size);
}

int parse_u64(const char *text, uint64_t *out)
{
	const char *rest;
	int rc = digits(text, out, &rest);

	return rc != 0 ? rc : *rest == '\0' ? 0 : -EINVAL;
}

int parse_hex(const char *text, uint8_t *out, size_t size)
{
	if (strlen(text) != 2 * size)
		return -EINVAL;
	for (size_t i = 0; i < size; i++) {
		unsigned int byte;

		if (!isxdigit((unsigned char)text[2 * i]) ||
			!isxdigit((unsigned char)text[2 * i + 1]) ||
			sscanf(text + 2 * i, "%2x", &byte) != 1)
			return -EINVAL;
		out[i] = (uint8_t)byte;
	}
	return 0;
}

int parse_bytes(const char *text, uint8_t *out, size_t size, size_t *out_size)
{
	size_t length = strlen(text);
	bool is_hex = strncmp(text, "0x", 2) == 0;

	if (is_hex && length % 2 != 0)
		return -EINVAL;
	*out_size = is_hex ? length / 2 - 1 : length;
	if (*out_size > size)
		return -ERANGE;
	if (is_hex)
		return parse_hex(text + 2, out, *out_size);
	memcpy(out, text, length);
	return 0;
}
