// SPDX-License-Identifier: BSD-3-Clause
#include <base/parse.h>
#include <config/value.h>
#include <config/value_private.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PORT_LAST 65535u

// Two numbers side by side, the first and the last of a range.

static int parse_one(const struct schema_key *key, const char *text, uint16_t *out)
{
	uint64_t number;

	if (parse_u64(text, &number) != 0 || number < key->min || number > key->max)
		return -EINVAL;
	*out = (uint16_t)number;
	return 0;
}

static int parse_range(const struct schema_key *key, const char *text, uint16_t range[2])
{
	char first[sizeof("65535")];
	const char *dash = strchr(text, '-');

	if (dash == NULL) {
		if (parse_one(key, text, &range[0]) != 0)
			return -EINVAL;
		range[1] = range[0];
		return 0;
	}
	if ((size_t)(dash - text) >= sizeof(first))
		return -EINVAL;
	snprintf(first, sizeof(first), "%.*s", (int)(dash - text), text);
	if (parse_one(key, first, &range[0]) != 0 || parse_one(key, dash + 1, &range[1]) != 0 ||
		range[0] > range[1])
		return -EINVAL;
	return 0;
}

int value_parse_range(const struct schema_key *key, const char *text, uint8_t *field)
{
	uint16_t range[2];

	if (parse_range(key, text, range) != 0)
		return -EINVAL;
	memcpy(field, range, sizeof(range));
	return 0;
}

int value_check_range(const struct schema_key *key, const uint8_t *field, char *given)
{
	uint16_t range[2];

	memcpy(range, field, sizeof(range));
	if (range[0] >= key->min && range[0] <= range[1] && range[1] <= key->max)
		return 0;
	snprintf(given, VALUE_QUOTE_SIZE, "%u-%u", range[0], range[1]);
	return -EINVAL;
}

int value_parse_ports(const struct schema_key *key, const char *text, uint8_t *field)
{
	uint16_t ports[2] = {0, PORT_LAST};

	if (key->type == SCHEMA_PORT && strchr(text, '-') != NULL)
		return -EINVAL;
	if ((key->type == SCHEMA_PORT || strcmp(text, "any") != 0) &&
		parse_range(key, text, ports) != 0)
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

bool value_is_one_port(const struct schema_key *key, const void *record)
{
	uint16_t ports[2];
	uint32_t count;

	memcpy(ports, (const uint8_t *)record + key->offset, sizeof(ports));
	memcpy(&count, (const uint8_t *)record + key->count, sizeof(count));
	return count == 1 && ports[0] == ports[1];
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
