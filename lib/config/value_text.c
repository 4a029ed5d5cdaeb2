// SPDX-License-Identifier: BSD-3-Clause
#include <base/parse.h>
#include <base/printable.h>
#include <config/value.h>
#include <config/value_private.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_alphanumeric(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_name(const char *text)
{
	if (!is_alphanumeric(text[0]))
		return false;
	while (is_alphanumeric(*text) || *text == '.' || *text == '_' || *text == '-')
		text++;
	return *text == '\0';
}

static bool is_utf8(const char *text)
{
	uint32_t code;
	size_t size;

	for (; *text != '\0'; text += size) {
		size = utf8_measure(text, SIZE_MAX, &code);
		if (size == 0)
			return false;
	}
	return true;
}

static int put_text(const struct schema_key *key, const char *text, uint8_t *field)
{
	size_t length = strlen(text);

	if (length >= key->size)
		return -EINVAL;
	memcpy(field, text, length); // the rest is zero already
	return 0;
}

int value_parse_name(const struct schema_key *key, const char *text, uint8_t *field)
{
	return is_name(text) ? put_text(key, text, field) : -EINVAL;
}

int value_parse_text(const struct schema_key *key, const char *text, uint8_t *field)
{
	// "" is the way to say "none" where the key may be left out.
	bool empty_allowed = !key->required && key->absent != NULL;

	if (!utf8_is_text(text) || (text[0] == '\0' && !empty_allowed))
		return -EINVAL;
	return put_text(key, text, field);
}

int value_parse_string(const struct schema_key *key, const char *text, uint8_t *field)
{
	if (!is_utf8(text) || strlen(text) > key->max)
		return -EINVAL;
	return put_text(key, text, field);
}

// Zero-terminated, and zero behind that.
static bool is_terminated(const struct schema_key *key, const uint8_t *field)
{
	size_t length = strnlen((const char *)field, key->size);

	if (length == key->size)
		return false;
	for (size_t i = length; i < key->size; i++) {
		if (field[i] != 0)
			return false;
	}
	return true;
}

static int check_string(const struct schema_key *key, const uint8_t *field, char *given,
	bool (*accept)(const char *text))
{
	if (!is_terminated(key, field)) {
		snprintf(given, VALUE_QUOTE_SIZE, "unterminated bytes");
		return -EINVAL;
	}
	if (accept((const char *)field))
		return 0;
	value_quote((const char *)field, given, VALUE_QUOTE_SIZE);
	return -EINVAL;
}

int value_check_name(const struct schema_key *key, const uint8_t *field, char *given)
{
	return check_string(key, field, given, is_name);
}

int value_check_text(const struct schema_key *key, const uint8_t *field, char *given)
{
	return check_string(key, field, given, utf8_is_text);
}

int value_check_string(const struct schema_key *key, const uint8_t *field, char *given)
{
	if (check_string(key, field, given, is_utf8) != 0)
		return -EINVAL;
	if (strlen((const char *)field) <= key->max)
		return 0;
	value_quote((const char *)field, given, VALUE_QUOTE_SIZE);
	return -EINVAL;
}

void value_format_text(const struct schema_key *key, const uint8_t *field, char *text, size_t size)
{
	snprintf(text, size, "%s", (const char *)field);
}

// --- Hexadecimal ---

int value_parse_hex(const struct schema_key *key, const char *text, uint8_t *field)
{
	return parse_hex(text, field, key->size);
}

void value_format_hex(const struct schema_key *key, const uint8_t *field, char *text, size_t size)
{
	for (size_t i = 0; i < key->size; i++)
		snprintf(text + 2 * i, size - 2 * i, "%02x", field[i]);
}
