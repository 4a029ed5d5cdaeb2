// SPDX-License-Identifier: BSD-3-Clause
#include <base/addr.h>
#include <base/parse.h>

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

int addr_compare(const struct addr *a, const struct addr *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

bool addr_is_link_local(const struct addr *addr)
{
	if (addr->family == ADDR_IPV4)
		return addr->bytes[0] == 169 && addr->bytes[1] == 254;
	return addr->family == ADDR_IPV6 && addr->bytes[0] == 0xfe &&
	       (addr->bytes[1] & 0xc0) == 0x80;
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

bool addr_is_sound(const struct addr *addr)
{
	static const uint8_t zero[16];

	if (memcmp(addr->zero, zero, sizeof(addr->zero)) != 0)
		return false;
	if (addr->family == ADDR_IPV4)
		return memcmp(addr->bytes + 4, zero, 12) == 0;
	return addr->family == ADDR_IPV6;
}

bool prefix_is_sound(const struct prefix *prefix)
{
	static const uint8_t zero[sizeof(prefix->zero)];
	uint8_t bits = prefix->address.family == ADDR_IPV4 ? 32 : 128;

	if (!addr_is_sound(&prefix->address) || prefix->bits > bits ||
		memcmp(prefix->zero, zero, sizeof(zero)) != 0)
		return false;
	for (unsigned int bit = prefix->bits; bit < bits; bit++) {
		if ((prefix->address.bytes[bit / 8] & 0x80 >> bit % 8) != 0)
			return false;
	}
	return true;
}

int prefix_parse(const char *text, struct prefix *out)
{
	const char *slash = strchr(text, '/');
	struct prefix prefix = {0};
	char address[ADDR_TEXT_SIZE];
	uint64_t bits;

	if (slash == NULL || (size_t)(slash - text) >= sizeof(address) ||
		parse_u64(slash + 1, &bits) != 0 || bits > 128)
		return -EINVAL;
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	if (addr_parse(address, &prefix.address) != 0)
		return -EINVAL;
	prefix.bits = (uint8_t)bits;
	if (!prefix_is_sound(&prefix))
		return -EINVAL;
	*out = prefix;
	return 0;
}

int prefix_parse_or_address(const char *text, struct prefix *out)
{
	struct prefix prefix = {0};

	if (addr_parse(text, &prefix.address) != 0)
		return prefix_parse(text, out);
	prefix.bits = prefix.address.family == ADDR_IPV4 ? 32 : 128;
	*out = prefix;
	return 0;
}

bool prefix_holds(const struct prefix *prefix, const struct addr *addr)
{
	uint8_t whole = prefix->bits / 8, rest = prefix->bits % 8;

	if (prefix->address.family != addr->family ||
		memcmp(prefix->address.bytes, addr->bytes, whole) != 0)
		return false;
	return rest == 0 || (prefix->address.bytes[whole] ^ addr->bytes[whole]) >> (8 - rest) == 0;
}

const char *prefix_format(const struct prefix *prefix, char *text, size_t size)
{
	char address[ADDR_TEXT_SIZE];

	snprintf(text, size, "%s/%u", addr_format(&prefix->address, address, sizeof(address)),
		prefix->bits);
	return text;
}

uint32_t addr_ipv4_be(const struct addr *addr)
{
	uint32_t address_be;

	memcpy(&address_be, addr->bytes, sizeof(address_be));
	return address_be;
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
