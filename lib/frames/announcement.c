// SPDX-License-Identifier: BSD-3-Clause
#include <frames/announcement.h>

#include <net/ethernet.h>
#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <netinet/if_ether.h>
#include <netinet/ip6.h>
#include <packet/checksum.h>
#include <string.h>

#define ARP_FRAME_SIZE 60 // the least that Ethernet takes, without its checksum

static void announcement_put_ethernet(
	uint8_t *frame, const uint8_t to[6], const struct mac *mac, uint16_t type)
{
	struct ether_header *ethernet = (void *)frame;

	memcpy(ethernet->ether_dhost, to, 6);
	memcpy(ethernet->ether_shost, mac->bytes, 6);
	ethernet->ether_type = htons(type);
}

// RFC 5227 2.3: a request whose sender and target are both the address.
static uint32_t announcement_build_arp(
	const struct addr *vip, const struct mac *mac, uint8_t *frame)
{
	static const uint8_t everybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	struct ether_arp *arp = (void *)(frame + sizeof(struct ether_header));

	memset(frame, 0, ARP_FRAME_SIZE);
	announcement_put_ethernet(frame, everybody, mac, ETHERTYPE_ARP);
	arp->arp_hrd = htons(ARPHRD_ETHER);
	arp->arp_pro = htons(ETHERTYPE_IP);
	arp->arp_hln = 6;
	arp->arp_pln = 4;
	arp->arp_op = htons(ARPOP_REQUEST);
	memcpy(arp->arp_sha, mac->bytes, 6);
	memcpy(arp->arp_spa, vip->bytes, 4);
	memcpy(arp->arp_tpa, vip->bytes, 4);
	return ARP_FRAME_SIZE;
}

struct advertisement {
	struct ether_header ethernet;
	struct ip6_hdr ip;
	struct nd_neighbor_advert advert;
	struct nd_opt_hdr option;
	uint8_t mac[6];
} __attribute__((packed));
_Static_assert(sizeof(struct advertisement) == ANNOUNCEMENT_SIZE_MAX, "as on the wire");

#define ADVERT_SIZE (sizeof(struct nd_neighbor_advert) + sizeof(struct nd_opt_hdr) + 6)

// RFC 4861 7.2.6: to all nodes, with the override flag, so that what a neighbour has cached is
// replaced.
static uint32_t announcement_build_advertisement(
	const struct addr *vip, const struct mac *mac, uint8_t *frame)
{
	static const uint8_t all_nodes_mac[6] = {0x33, 0x33, 0, 0, 0, 1};
	const struct addr all_nodes = addr_from_ipv6((const uint8_t[16]){0xff, 0x02, [15] = 0x01});
	struct advertisement out = {
		.ip.ip6_flow = htonl(6u << 28),
		.ip.ip6_plen = htons(ADVERT_SIZE),
		.ip.ip6_nxt = IPPROTO_ICMPV6,
		.ip.ip6_hlim = 255, // RFC 4861 7.1.2: what came from farther is ignored
		.advert.nd_na_type = ND_NEIGHBOR_ADVERT,
		.advert.nd_na_flags_reserved = ND_NA_FLAG_OVERRIDE,
		.option = {ND_OPT_TARGET_LINKADDR, 1},
	};

	announcement_put_ethernet((uint8_t *)&out, all_nodes_mac, mac, ETHERTYPE_IPV6);
	memcpy(&out.ip.ip6_src, vip->bytes, 16);
	memcpy(&out.ip.ip6_dst, all_nodes.bytes, 16);
	memcpy(&out.advert.nd_na_target, vip->bytes, 16);
	memcpy(out.mac, mac->bytes, 6);
	out.advert.nd_na_cksum = (uint16_t)~checksum_sum(
		(const uint8_t *)&out + ANNOUNCEMENT_SIZE_MAX - ADVERT_SIZE, ADVERT_SIZE,
		checksum_pseudo_header(vip, &all_nodes, IPPROTO_ICMPV6, ADVERT_SIZE));
	memcpy(frame, &out, sizeof(out));
	return sizeof(out);
}

uint32_t announcement_build(
	const struct addr *vip, const struct mac *mac, uint8_t frame[ANNOUNCEMENT_SIZE_MAX])
{
	return vip->family == ADDR_IPV6 ? announcement_build_advertisement(vip, mac, frame)
					: announcement_build_arp(vip, mac, frame);
}
