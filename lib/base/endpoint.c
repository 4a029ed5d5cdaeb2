// SPDX-License-Identifier: BSD-3-Clause
#include <base/endpoint.h>
#include <base/parse.h>

#include <errno.h>
#include <stdio.h>

int endpoint_parse(const char *text, struct endpoint *out)
{
	char copy[ENDPOINT_TEXT_SIZE];
	char *colon, *host = copy;
	struct addr address;
	uint64_t port;

	if ((size_t)snprintf(copy, sizeof(copy), "%s", text) >= sizeof(copy))
		return -EINVAL;
	colon = strrchr(copy, ':');
	if (colon == NULL || parse_u64(colon + 1, &port) < 0 || port > UINT16_MAX)
		return -EINVAL;
	*colon = '\0';
	if (copy[0] == '[' && colon > copy + 1 && colon[-1] == ']') {
		colon[-1] = '\0';
		host = copy + 1;
	}
	if (addr_parse(host, &address) != 0 || (address.family == ADDR_IPV6) != (host != copy))
		return -EINVAL;
	*out = (struct endpoint){address, (uint16_t)port};
	return 0;
}

const char *endpoint_format(const struct endpoint *endpoint, char *text, size_t size)
{
	bool is_ipv6 = endpoint->address.family == ADDR_IPV6;
	char host[ADDR_TEXT_SIZE];

	addr_format(&endpoint->address, host, sizeof(host));
	snprintf(text, size, "%s%s%s:%u", is_ipv6 ? "[" : "", host, is_ipv6 ? "]" : "",
		endpoint->port);
	return text;
}
