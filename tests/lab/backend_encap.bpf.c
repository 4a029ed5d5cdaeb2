// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
// A small balancer for the lab: what leaves for the VIP gets an outer header, of the family
// OUTER. Large segments stay large, so the backend meets them as it does from a NIC that merges
// packets.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <stdbool.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define VIP4      0xcb00710a // 203.0.113.10
#define VIP6_HEAD 0x20010db8 // 2001:db8:...
#define PEER4     0x0a090001 // 10.9.0.1 to 10.9.0.2
#define HOST4     0x0a090002
#define NET6      0xfd000009 // fd00:9::1 to fd00:9::2

static __always_inline bool is_for_vip(struct __sk_buff *skb)
{
	__u32 destination;
	bool is_ipv4 = skb->protocol == bpf_htons(ETH_P_IP);
	int at = is_ipv4 ? __builtin_offsetof(struct iphdr, daddr)
			 : __builtin_offsetof(struct ipv6hdr, daddr);

	if (bpf_skb_load_bytes(skb, ETH_HLEN + at, &destination, sizeof(destination)) < 0)
		return false;
	return destination == bpf_htonl(is_ipv4 ? VIP4 : VIP6_HEAD);
}

#if OUTER == 4
#define HEADER    struct iphdr
#define ETHERTYPE ETH_P_IP
#define ROOM      BPF_F_ADJ_ROOM_ENCAP_L3_IPV4

static __always_inline __u16 sum_words(const struct iphdr *ip)
{
	__u32 sum = 0;

	for (unsigned int i = 0; i < sizeof(*ip) / 2; i++)
		sum += ((const __u16 *)ip)[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return ~(sum + (sum >> 16));
}

static __always_inline void fill(struct iphdr *ip, __u8 protocol, __u32 length)
{
	ip->version = 4;
	ip->ihl = 5;
	ip->ttl = 64;
	ip->frag_off = bpf_htons(0x4000);
	ip->protocol = protocol;
	ip->tot_len = bpf_htons(length + sizeof(*ip));
	ip->saddr = bpf_htonl(PEER4);
	ip->daddr = bpf_htonl(HOST4);
	ip->check = sum_words(ip);
}
#else
#define HEADER    struct ipv6hdr
#define ETHERTYPE ETH_P_IPV6
#define ROOM      BPF_F_ADJ_ROOM_ENCAP_L3_IPV6

static __always_inline void fill(struct ipv6hdr *ip, __u8 protocol, __u32 length)
{
	ip->version = 6;
	ip->hop_limit = 64;
	ip->nexthdr = protocol;
	ip->payload_len = bpf_htons(length);
	ip->saddr.in6_u.u6_addr32[0] = bpf_htonl(NET6);
	ip->saddr.in6_u.u6_addr32[3] = bpf_htonl(1);
	ip->daddr.in6_u.u6_addr32[0] = bpf_htonl(NET6);
	ip->daddr.in6_u.u6_addr32[3] = bpf_htonl(2);
}
#endif

SEC("tc")
int encapsulate(struct __sk_buff *skb)
{
	bool is_ipv4 = skb->protocol == bpf_htons(ETH_P_IP);
	__be16 ethertype = bpf_htons(ETHERTYPE);
	__u32 length = skb->len - ETH_HLEN;
	HEADER outer = {0};

	if ((!is_ipv4 && skb->protocol != bpf_htons(ETH_P_IPV6)) || !is_for_vip(skb))
		return TC_ACT_OK;
	fill(&outer, is_ipv4 ? IPPROTO_IPIP : IPPROTO_IPV6, length);
	if (bpf_skb_adjust_room(
		    skb, sizeof(outer), BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_FIXED_GSO | ROOM) < 0 ||
		bpf_skb_store_bytes(skb, ETH_HLEN, &outer, sizeof(outer), 0) < 0 ||
		bpf_skb_store_bytes(
			skb, __builtin_offsetof(struct ethhdr, h_proto), &ethertype, 2, 0) < 0)
		return TC_ACT_SHOT;
	return TC_ACT_OK;
}

char _license[] SEC("license") = "Dual BSD/GPL";
