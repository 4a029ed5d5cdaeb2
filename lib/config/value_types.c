// SPDX-License-Identifier: BSD-3-Clause
#include <base/endpoint.h>
#include <base/parse.h>
#include <config/value.h>
#include <config/value_private.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PORT_LAST 65535u

size_t value_element_size(const struct schema_key *key)
{
	bool ports = key->type == SCHEMA_PORT || key->type == SCHEMA_PORTS;

	return ports ? 2 * sizeof(uint16_t) : key->size;
}

// --- Text ---

static bool is_alphanumeric(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool value_is_name(const char *text)
{
	if (!is_alphanumeric(text[0]))
		return false;
	while (is_alphanumeric(*text) || *text == '.' || *text == '_' || *text == '-')
		text++;
	return *text == '\0';
}

static bool is_printable(const char *text)
{
	while ((uint8_t)*text >= 0x20 && *text != 0x7f)
		text++;
	return *text == '\0';
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
	return value_is_name(text) ? put_text(key, text, field) : -EINVAL;
}

int value_parse_text(const struct schema_key *key, const char *text, uint8_t *field)
{
	// "" is the way to say "none" where the key may be left out.
	bool empty_allowed = !key->required && key->absent != NULL;

	if (!is_printable(text) || (text[0] == '\0' && !empty_allowed))
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
	return check_string(key, field, given, value_is_name);
}

int value_check_text(const struct schema_key *key, const uint8_t *field, char *given)
{
	return check_string(key, field, given, is_printable);
}

void value_format_text(const struct schema_key *key, const uint8_t *field, char *text, size_t size)
{
	snprintf(text, size, "%s", (const char *)field);
}

// --- Numbers: plain, words, times, sizes, modes ---

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

// --- Addresses ---

int value_parse_address(const struct schema_key *key, const char *text, uint8_t *field)
{
	struct addr addr;

	if (addr_parse(text, &addr) != 0 || addr_is_unusable(&addr))
		return -EINVAL;
	memcpy(field, &addr, sizeof(addr));
	return 0;
}

int value_check_address(const struct schema_key *key, const uint8_t *field, char *given)
{
	static const uint8_t zero[sizeof(((struct addr *)0)->bytes)];
	struct addr addr;

	memcpy(&addr, field, sizeof(addr));
	if ((addr.family != ADDR_IPV4 && addr.family != ADDR_IPV6) ||
		memcmp(addr.zero, zero, sizeof(addr.zero)) != 0 ||
		(addr.family == ADDR_IPV4 && memcmp(addr.bytes + 4, zero, 12) != 0)) {
		snprintf(given, VALUE_QUOTE_SIZE, "bytes that are none");
		return -EINVAL;
	}
	if (!addr_is_unusable(&addr))
		return 0;
	addr_format(&addr, given, VALUE_QUOTE_SIZE);
	return -EINVAL;
}

void value_format_address(
	const struct schema_key *key, const uint8_t *field, char *text, size_t size)
{
	struct addr addr;

	memcpy(&addr, field, sizeof(addr));
	addr_format(&addr, text, size);
}

int value_parse_prefix(const struct schema_key *key, const char *text, uint8_t *field)
{
	struct prefix prefix;

	if (prefix_parse(text, &prefix) != 0)
		return -EINVAL;
	memcpy(field, &prefix, sizeof(prefix));
	return 0;
}

int value_check_prefix(const struct schema_key *key, const uint8_t *field, char *given)
{
	struct prefix prefix;

	memcpy(&prefix, field, sizeof(prefix));
	if (prefix_is_sound(&prefix))
		return 0;
	snprintf(given, VALUE_QUOTE_SIZE, "bytes that are none");
	return -EINVAL;
}

void value_format_prefix(
	const struct schema_key *key, const uint8_t *field, char *text, size_t size)
{
	struct prefix prefix;

	memcpy(&prefix, field, sizeof(prefix));
	prefix_format(&prefix, text, size);
}

// --- Where to listen ---

int value_parse_listen(const struct schema_key *key, const char *text, uint8_t *field)
{
	struct endpoint endpoint = {0};

	if (strcmp(text, "off") != 0 &&
		(endpoint_parse(text, &endpoint) != 0 || endpoint.port == 0))
		return -EINVAL;
	memcpy(field, &endpoint, sizeof(endpoint));
	return 0;
}

void value_format_listen(
	const struct schema_key *key, const uint8_t *field, char *text, size_t size)
{
	struct endpoint endpoint;

	memcpy(&endpoint, field, sizeof(endpoint));
	if (endpoint.port == 0)
		snprintf(text, size, "off");
	else
		endpoint_format(&endpoint, text, size);
}

// --- Ports ---

static int parse_one_port(const char *text, uint16_t *out)
{
	uint64_t port;

	if (parse_u64(text, &port) != 0 || port < 1 || port > PORT_LAST)
		return -EINVAL;
	*out = (uint16_t)port;
	return 0;
}

static int parse_range(const char *text, uint16_t ports[2])
{
	char first[sizeof("65535")];
	const char *dash = strchr(text, '-');

	if (dash == NULL) {
		if (parse_one_port(text, &ports[0]) != 0)
			return -EINVAL;
		ports[1] = ports[0];
		return 0;
	}
	if ((size_t)(dash - text) >= sizeof(first))
		return -EINVAL;
	snprintf(first, sizeof(first), "%.*s", (int)(dash - text), text);
	if (parse_one_port(first, &ports[0]) != 0 || parse_one_port(dash + 1, &ports[1]) != 0 ||
		ports[0] > ports[1])
		return -EINVAL;
	return 0;
}

int value_parse_ports(const struct schema_key *key, const char *text, uint8_t *field)
{
	uint16_t ports[2] = {0, PORT_LAST};

	if (key->type == SCHEMA_PORT && strchr(text, '-') != NULL)
		return -EINVAL;
	if ((key->type == SCHEMA_PORT || strcmp(text, "any") != 0) && parse_range(text, ports) != 0)
		return -EINVAL;
	memcpy(field, ports, sizeof(ports));
	return 0;
}

int value_check_ports(const struct schema_key *key, const uint8_t *field, char *given)
{
	uint16_t ports[2];

	memcpy(ports, field, sizeof(ports));
	if ((ports[0] == 0 && ports[1] == PORT_LAST) || (ports[0] >= 1 && ports[0] <= ports[1]))
		return 0;
	snprintf(given, VALUE_QUOTE_SIZE, "%u-%u", ports[0], ports[1]);
	return -EINVAL;
}

void value_format_ports(const struct schema_key *key, const uint8_t *field, char *text, size_t size)
{
	uint16_t ports[2];

	memcpy(ports, field, sizeof(ports));
	if (ports[0] == 0)
		snprintf(text, size, "any");
	else if (ports[0] == ports[1])
		snprintf(text, size, "%u", ports[0]);
	else
		snprintf(text, size, "%u-%u", ports[0], ports[1]);
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
