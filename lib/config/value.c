// SPDX-License-Identifier: BSD-3-Clause
#include <base/addr.h>
#include <base/parse.h>
#include <base/printable.h>
#include <config/value.h>
#include <config/value_private.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

// How each type is read, judged and written; a number's bounds are the same for all that are
// numbers.
static const struct value_type types[SCHEMA_TYPES] = {
	[SCHEMA_NAME] = {value_parse_name, value_check_name, value_format_text},
	[SCHEMA_TEXT] = {value_parse_text, value_check_text, value_format_text},
	[SCHEMA_STRING] = {value_parse_string, value_check_string, value_format_text},
	[SCHEMA_NUMBER] = {value_parse_number, value_check_number, value_format_number},
	[SCHEMA_WORD] = {value_parse_number, value_check_number, value_format_number},
	[SCHEMA_ADDRESS] = {value_parse_address, value_check_address, value_format_address},
	[SCHEMA_PREFIX] = {value_parse_prefix, value_check_prefix, value_format_prefix},
	[SCHEMA_LISTEN] = {value_parse_listen, NULL, value_format_listen},
	[SCHEMA_PORT] = {value_parse_ports, value_check_ports, value_format_ports},
	[SCHEMA_PORTS] = {value_parse_ports, value_check_ports, value_format_ports},
	[SCHEMA_RANGE] = {value_parse_range, value_check_range, value_format_ports},
	[SCHEMA_MS] = {value_parse_number, value_check_number, value_format_number},
	[SCHEMA_SECONDS] = {value_parse_number, value_check_number, value_format_number},
	[SCHEMA_PERCENT] = {value_parse_number, value_check_number, value_format_number},
	[SCHEMA_BYTES] = {value_parse_number, value_check_number, value_format_number},
	[SCHEMA_MODE] = {value_parse_number, value_check_number, value_format_number},
	[SCHEMA_HEX] = {value_parse_hex, NULL, value_format_hex},
};

static int refuse(const struct schema_key *key, const char *given, struct error *err)
{
	char expects[VALUE_TEXT_SIZE];

	if (err == NULL)
		return -EINVAL;
	return error_set(err, EINVAL, "%s must be %s, not %s", key->name,
		value_expects(key, expects, sizeof(expects)), given);
}

// Bytes of one element; ports are two fields.
static size_t element_size(const struct schema_key *key)
{
	bool pair = key->type == SCHEMA_PORT || key->type == SCHEMA_PORTS;

	return pair ? 2 * sizeof(uint16_t) : key->size;
}

struct schema_key value_element(const struct schema_key *key, uint32_t index)
{
	struct schema_key element = *key;

	if (key->list_max == 0)
		return element;
	element.list_max = 0;
	element.required = true; // an element is never left out
	element.offset += index * key->size;
	return element;
}

uint32_t value_count(const struct schema_key *key, const void *record)
{
	uint32_t count;

	if (key->list_max == 0)
		return 1;
	memcpy(&count, (const uint8_t *)record + key->count, sizeof(count));
	return count < key->list_max ? count : key->list_max;
}

bool value_is_lone(const struct schema_key *key, const void *record)
{
	return key->lone && value_count(key, record) == 1;
}

size_t value_size(const struct schema_key *key)
{
	return element_size(key) * (key->list_max > 0 ? key->list_max : 1);
}

int value_parse(const struct schema_key *key, const char *text, void *record, struct error *err)
{
	char quoted[VALUE_QUOTE_SIZE];
	uint8_t field[VALUE_FIELD_MAX] = {0};

	if (types[key->type].parse(key, text, field) != 0)
		return refuse(key, value_quote(text, quoted, sizeof(quoted)), err);
	memcpy((uint8_t *)record + key->offset, field, element_size(key));
	if (key->type == SCHEMA_HEX)
		*((uint8_t *)record + key->flag) = true;
	return 0;
}

static bool is_zero(const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] != 0)
			return false;
	}
	return true;
}

bool value_is_absent(const struct schema_key *key, const void *record)
{
	const uint8_t *field = (const uint8_t *)record + key->offset;

	if (key->type == SCHEMA_HEX)
		return *((const uint8_t *)record + key->flag) == 0;
	if (key->required || key->fallback != NULL)
		return false;
	return is_zero(field, value_size(key)) &&
	       (key->list_max == 0 || value_count(key, record) == 0);
}

static int check_list(const struct schema_key *key, const void *record, struct error *err)
{
	bool needs_entry = key->required || key->type == SCHEMA_PORTS;
	uint32_t count = value_count(key, record), told;
	const uint8_t *rest = (const uint8_t *)record + key->offset + count * key->size;

	memcpy(&told, (const uint8_t *)record + key->count, sizeof(told));
	if (told > key->list_max || (told == 0 && needs_entry))
		return error_set(err, EINVAL, "%s must have %u to %u entries, not %u", key->name,
			needs_entry ? 1 : 0, key->list_max, told);
	for (uint32_t i = 0; i < count; i++) {
		struct schema_key element = value_element(key, i);

		if (value_check(&element, record, err) != 0)
			return -EINVAL;
	}
	if (!is_zero(rest, (key->list_max - count) * key->size))
		return error_set(
			err, EINVAL, "%s must be zero behind its %u entries", key->name, count);
	return 0;
}

int value_check(const struct schema_key *key, const void *record, struct error *err)
{
	const uint8_t *field = (const uint8_t *)record + key->offset;
	char given[VALUE_QUOTE_SIZE];

	if (key->type == SCHEMA_PORT)
		return 0; // the field of SCHEMA_PORTS, which checks it
	if (key->list_max > 0)
		return check_list(key, record, err);
	if (types[key->type].check == NULL || value_is_absent(key, record) ||
		types[key->type].check(key, field, given) == 0)
		return 0;
	return refuse(key, given, err);
}

const char *value_format(const struct schema_key *key, const void *record, char *text, size_t size)
{
	size_t used = 0;

	if (key->list_max == 0) {
		types[key->type].format(key, (const uint8_t *)record + key->offset, text, size);
		return text;
	}
	text[0] = '\0';
	if (!value_is_lone(key, record))
		snprintf(text, size, "[");
	for (uint32_t i = 0; i < value_count(key, record) && used + 3 < size; i++) {
		struct schema_key element = value_element(key, i);

		used = strlen(text);
		used += (size_t)snprintf(text + used, size - used, "%s", i == 0 ? "" : ", ");
		value_format(&element, record, text + used, size - used);
	}
	used = strlen(text);
	if (!value_is_lone(key, record))
		snprintf(text + used, size - used, "]");
	return text;
}

static const char *expects_words(const struct schema_word *words, char *text, size_t size)
{
	size_t used = 0;

	for (; words->text != NULL && used < size; words++) {
		const char *glue = used == 0 ? "" : words[1].text == NULL ? " or " : ", ";

		used += (size_t)snprintf(text + used, size - used, "%s%s", glue, words->text);
	}
	return text;
}

static const char *expects_number(const struct schema_key *key, char *text, size_t size)
{
	static const char *const what[SCHEMA_TYPES] = {[SCHEMA_NUMBER] = "",
		[SCHEMA_PORT] = "",
		[SCHEMA_MS] = "a whole number of ms, s, m, h or d, from ",
		[SCHEMA_SECONDS] = "a whole number of s, m, h or d, from ",
		[SCHEMA_PERCENT] = "",
		[SCHEMA_BYTES] = "a size from ",
		[SCHEMA_MODE] = "an octal file mode from "};
	char least[VALUE_TEXT_SIZE / 4], most[VALUE_TEXT_SIZE / 4];

	snprintf(text, size, "%s%s to %s", what[key->type],
		value_number_text(key, key->min, least, sizeof(least)),
		value_number_text(key, key->max, most, sizeof(most)));
	return text;
}

const char *value_expects(const struct schema_key *key, char *text, size_t size)
{
	switch (key->type) {
	case SCHEMA_WORD:
		return expects_words(key->words, text, size);
	case SCHEMA_NAME:
		snprintf(text, size,
			"1 to %u characters of A-Z a-z 0-9 . _ -, beginning with a letter or a digit",
			key->size - 1);
		return text;
	case SCHEMA_TEXT:
		snprintf(text, size, "text of 1 to %u printable characters", key->size - 1);
		return text;
	case SCHEMA_STRING:
		snprintf(text, size, "UTF-8 text of 1 to %u bytes", (unsigned int)key->max);
		return text;
	case SCHEMA_RANGE:
		snprintf(text, size, "%u to %u, or a range of these such as %u-%u",
			(unsigned int)key->min, (unsigned int)key->max, (unsigned int)key->min,
			(unsigned int)key->min + 99);
		return text;
	case SCHEMA_ADDRESS:
		snprintf(text, size,
			"an IPv4 or IPv6 address that a host can have beyond its own link");
		return text;
	case SCHEMA_PREFIX:
		snprintf(text, size,
			"a prefix such as 10.200.0.0/16 of what hosts can have, with zeros behind it");
		return text;
	case SCHEMA_LISTEN:
		snprintf(text, size, "an address and a port such as 127.0.0.1:9110, or off");
		return text;
	case SCHEMA_PORTS:
		snprintf(text, size, "a range such as 30000-30999, any, or one port");
		return text;
	case SCHEMA_HEX:
		snprintf(text, size, "%u hexadecimal digits", 2 * key->size);
		return text;
	case SCHEMA_RECORDS:
		snprintf(text, size, "a list");
		return text;
	case SCHEMA_MAPPING:
		snprintf(text, size, "a mapping (key: value)");
		return text;
	default:
		return expects_number(key, text, size);
	}
}

const char *value_quote(const char *text, char *out, size_t size)
{
	const size_t most = size - sizeof("'...'");
	size_t used = 1;

	out[0] = '\'';
	while (*text != '\0' && used < most) {
		uint32_t code;
		size_t length = utf8_measure(text, SIZE_MAX, &code);
		bool is_whole = length > 0 && utf8_is_kept(code);

		// A character of several bytes is taken whole or not at all.
		if (length > 1 && used + 4 > most)
			break;
		if (is_whole)
			memcpy(out + used, text, length);
		else
			out[used] = '?';
		used += is_whole ? length : 1;
		text += length > 0 ? length : 1;
	}
	snprintf(out + used, size - used, "%s", *text == '\0' ? "'" : "...'");
	return out;
}
