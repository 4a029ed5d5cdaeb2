// SPDX-License-Identifier: BSD-3-Clause
#include <base/parse.h>
#include <config/value_private.h>

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

// Plain, words, times, sizes, shares and modes.

static uint64_t get_number(const struct schema_key *key, const uint8_t *field)
{
	uint64_t number = 0;

	// Little-endian hosts only, as DPDK's drivers for our machines are.
	memcpy(&number, field, key->size);
	return number;
}

static int parse_word(const struct schema_key *key, const char *text, uint64_t *out)
{
	for (const struct schema_word *word = key->words; word->text != NULL; word++) {
		if (strcmp(word->text, text) == 0) {
			*out = word->value;
			return 0;
		}
	}
	return -EINVAL;
}

static int parse_seconds(const char *text, uint64_t *out)
{
	uint64_t ms = 0;
	int rc = parse_duration_ms(text, &ms);

	*out = ms / 1000;
	return rc != 0 || ms % 1000 != 0 ? -EINVAL : 0;
}

static int parse_percent(const char *text, uint64_t *out)
{
	char number[sizeof("100")];
	size_t digits = strspn(text, "0123456789");

	if (digits >= sizeof(number) || strcmp(text + digits, "%") != 0)
		return -EINVAL;
	snprintf(number, sizeof(number), "%.*s", (int)digits, text);
	return parse_u64(number, out);
}

static int parse_mode(const char *text, uint64_t *out)
{
	uint64_t mode = 0;
	const char *p = text;

	for (; *p >= '0' && *p <= '7' && p - text < 5; p++)
		mode = mode * 8 + (uint64_t)(*p - '0');
	*out = mode;
	return *p != '\0' || p - text < 3 ? -EINVAL : 0;
}

static int parse_any_number(const struct schema_key *key, const char *text, uint64_t *out)
{
	switch (key->type) {
	case SCHEMA_WORD:
		return parse_word(key, text, out);
	case SCHEMA_MS:
		return parse_duration_ms(text, out);
	case SCHEMA_SECONDS:
		return parse_seconds(text, out);
	case SCHEMA_PERCENT:
		return parse_percent(text, out);
	case SCHEMA_BYTES:
		return parse_size(text, out);
	case SCHEMA_MODE:
		return parse_mode(text, out);
	default:
		return parse_u64(text, out);
	}
}

static bool number_fits(const struct schema_key *key, uint64_t number)
{
	if (key->type != SCHEMA_WORD)
		return number >= key->min && number <= key->max;
	for (const struct schema_word *word = key->words; word->text != NULL; word++) {
		if (word->value == number)
			return true;
	}
	return false;
}

int value_parse_number(const struct schema_key *key, const char *text, uint8_t *field)
{
	uint64_t number = 0;

	if (parse_any_number(key, text, &number) != 0 || !number_fits(key, number))
		return -EINVAL;
	memcpy(field, &number, key->size);
	return 0;
}

int value_check_number(const struct schema_key *key, const uint8_t *field, char *given)
{
	uint64_t number = get_number(key, field);

	if (number_fits(key, number))
		return 0;
	if (key->type == SCHEMA_WORD)
		snprintf(given, VALUE_QUOTE_SIZE, "the number %" PRIu64, number);
	else
		value_number_text(key, number, given, VALUE_QUOTE_SIZE);
	return -EINVAL;
}

const char *value_number_text(
	const struct schema_key *key, uint64_t number, char *text, size_t size)
{
	if (key->type == SCHEMA_MS)
		return format_duration_ms(number, text, size);
	if (key->type == SCHEMA_SECONDS)
		return format_duration_ms(number * 1000, text, size);
	if (key->type == SCHEMA_BYTES)
		return format_size(number, text, size);
	if (key->type == SCHEMA_PERCENT) {
		snprintf(text, size, "%" PRIu64 "%%", number);
		return text;
	}
	snprintf(text, size, key->type == SCHEMA_MODE ? "0%03" PRIo64 : "%" PRIu64, number);
	return text;
}

void value_format_number(
	const struct schema_key *key, const uint8_t *field, char *text, size_t size)
{
	uint64_t number = get_number(key, field);

	if (key->type != SCHEMA_WORD) {
		value_number_text(key, number, text, size);
		return;
	}
	text[0] = '\0';
	for (const struct schema_word *word = key->words; word->text != NULL; word++) {
		if (word->value == number)
			snprintf(text, size, "%s", word->text);
	}
}
