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
	bool tagged = vlan_tci != ENCAP_VLAN_NONE;
	uint16_t type_be = be16(ipv4 ? ETH_TYPE_IPV4 : ETH_TYPE_IPV6);
	uint8_t *ip = encap->bytes + (ipv4 ? ENCAP_IPV4_AT : ENCAP_IPV6_AT);
	uint8_t *p;

	memset(encap, 0, sizeof(*encap));
	encap->eth_size = sizeof(struct eth_header);
	if (tagged)
		encap->eth_size += sizeof(struct vlan_header);
	p = ip - encap->eth_size;
	encap->size = (uint8_t)(encap->bytes + ENCAP_SIZE_MAX - p);
	memcpy(p, destination->bytes, 6);
	memcpy(p + 6, source->bytes, 6);
	if (tagged) {
		const uint16_t tag_be[2] = {be16(ETH_TYPE_VLAN), be16(vlan_tci)};

		memcpy(p + 12, tag_be, sizeof(tag_be));
	}
	memcpy(ip - sizeof(type_be), &type_be, sizeof(type_be));
	if (ipv4)
		init_ipv4(ip, outer_source, outer_destination);
	else
		init_ipv6(ip, outer_source, outer_destination);
}
