// SPDX-License-Identifier: BSD-3-Clause
#include <base/endpoint.h>
#include <config/value_private.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

// What no service, backend or tunnel can ever work with.
static bool is_for_nobody(const struct addr *addr)
{
	return addr_is_unusable(addr) || addr_is_link_local(addr);
}

int value_parse_address(const struct schema_key *key, const char *text, uint8_t *field)
{
	struct addr addr;

	if (addr_parse(text, &addr) != 0 || is_for_nobody(&addr))
		return -EINVAL;
	memcpy(field, &addr, sizeof(addr));
	return 0;
}

static int refuse_bytes(char *given)
{
	snprintf(given, VALUE_QUOTE_SIZE, "bytes that are none");
	return -EINVAL;
}

int value_check_address(const struct schema_key *key, const uint8_t *field, char *given)
{
	struct addr addr;

	memcpy(&addr, field, sizeof(addr));
	if (!addr_is_sound(&addr))
		return refuse_bytes(given);
	if (!is_for_nobody(&addr))
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

	if (prefix_parse(text, &prefix) != 0 || is_for_nobody(&prefix.address))
		return -EINVAL;
	memcpy(field, &prefix, sizeof(prefix));
	return 0;
}

int value_check_prefix(const struct schema_key *key, const uint8_t *field, char *given)
{
	struct prefix prefix;

	memcpy(&prefix, field, sizeof(prefix));
	if (!prefix_is_sound(&prefix))
		return refuse_bytes(given);
	if (prefix.address.family == ADDR_NONE)
		return key->required ? refuse_bytes(given) : 0;
	if (!is_for_nobody(&prefix.address))
		return 0;
	prefix_format(&prefix, given, VALUE_QUOTE_SIZE);
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
