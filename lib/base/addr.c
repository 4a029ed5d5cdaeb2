// SPDX-License-Identifier: BSD-3-Clause
#include <base/addr.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

int addr_parse(const char *text, struct addr *out)
{
	struct addr addr = {0};

	if (inet_pton(AF_INET, text, addr.bytes) == 1)
		addr.family = ADDR_IPV4;
	else if (inet_pton(AF_INET6, text, addr.bytes) == 1)
		addr.family = ADDR_IPV6;
	else
		return -EINVAL;
	*out = addr;
	return 0;
}

const char *addr_format(const struct addr *addr, char *text, size_t size)
{
	int family = addr->family == ADDR_IPV4 ? AF_INET : AF_INET6;

	if (addr->family == ADDR_NONE || inet_ntop(family, addr->bytes, text, size) == NULL)
		snprintf(text, size, "-");
	return text;
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

int addr_compare(const struct addr *a, const struct addr *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

bool addr_is_unusable(const struct addr *addr)
{
	static const uint8_t loopback[16] = {[15] = 1};
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	static const uint8_t zero[16];
	const uint8_t *b = addr->bytes;

	if (addr->family == ADDR_IPV4)
		return b[0] == 0 || b[0] == 127 || b[0] >= 224;
	if (addr->family == ADDR_IPV6)
		return memcmp(b, zero, 16) == 0 || memcmp(b, loopback, 16) == 0 || b[0] == 0xff ||
		       memcmp(b, mapped, 12) == 0;
	return true;
}

struct addr addr_from_ipv4_be(uint32_t address_be)
{
	struct addr addr = {.family = ADDR_IPV4};

	memcpy(addr.bytes, &address_be, sizeof(address_be));
	return addr;
}

uint32_t addr_ipv4_be(const struct addr *addr)
{
	uint32_t address_be;

	memcpy(&address_be, addr->bytes, sizeof(address_be));
	return address_be;
}

struct addr addr_from_ipv6(const uint8_t bytes[16])
{
	struct addr addr = {.family = ADDR_IPV6};

	memcpy(addr.bytes, bytes, sizeof(addr.bytes));
	return addr;
}

int mac_parse(const char *text, struct mac *out)
{
	unsigned int byte[6];
	int end = 0;

	if (strlen(text) != MAC_TEXT_SIZE - 1)
		return -EINVAL;
	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &byte[0], &byte[1], &byte[2], &byte[3],
		    &byte[4], &byte[5], &end) != 6 ||
		end != MAC_TEXT_SIZE - 1)
		return -EINVAL;
	for (int i = 0; i < 6; i++)
		out->bytes[i] = (uint8_t)byte[i];
	return 0;
}

const char *mac_format(const struct mac *mac, char *text, size_t size)
{
	const uint8_t *b = mac->bytes;

	snprintf(text, size, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
	return text;
}

bool mac_is_zero(const struct mac *mac)
{
	static const struct mac zero;

	return memcmp(mac, &zero, sizeof(zero)) == 0;
}
