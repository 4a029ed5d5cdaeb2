// SPDX-License-Identifier: BSD-3-Clause
#include <encap/encap.h>

static void init_ipv4(uint8_t *ip, const struct addr *source, const struct addr *destination)
{
	struct ipv4_header outer = {
		.version_ihl = 0x45,
		.fragment_be = be16(IPV4_DF),
		.ttl = ENCAP_TTL,
		.source_be = addr_ipv4_be(source),
		.destination_be = addr_ipv4_be(destination),
	};

	outer.checksum = checksum_ipv4_sum(&outer);
	memcpy(ip, &outer, sizeof(outer));
}

static void init_ipv6(uint8_t *ip, const struct addr *source, const struct addr *destination)
{
	struct ipv6_header outer = {.hop_limit = ENCAP_TTL};

	memcpy(outer.source, source->bytes, 16);
	memcpy(outer.destination, destination->bytes, 16);
	memcpy(ip, &outer, sizeof(outer));
}

void encap_init(struct encap *encap, const struct mac *source, const struct mac *destination,
	uint16_t vlan_tci, const struct addr *outer_source, const struct addr *outer_destination)
{
	bool ipv4 = outer_destination->family == ADDR_IPV4;
	uint16_t type_be = be16(ipv4 ? ETH_TYPE_IPV4 : ETH_TYPE_IPV6);
	uint8_t *p = encap->bytes;

	memset(encap, 0, sizeof(*encap));
	memcpy(p, destination->bytes, 6);
	memcpy(p + 6, source->bytes, 6);
	p += 12;
	if (vlan_tci != ENCAP_VLAN_NONE) {
		const uint16_t tag_be[2] = {be16(ETH_TYPE_VLAN), be16(vlan_tci)};

		memcpy(p, tag_be, sizeof(tag_be));
		p += sizeof(tag_be);
	}
	memcpy(p, &type_be, sizeof(type_be));
	p += sizeof(type_be);
	encap->eth_size = (uint8_t)(p - encap->bytes);
	if (ipv4)
		init_ipv4(p, outer_source, outer_destination);
	else
		init_ipv6(p, outer_source, outer_destination);
	encap->size = (uint8_t)(encap->eth_size +
				(ipv4 ? sizeof(struct ipv4_header) : sizeof(struct ipv6_header)));
}
