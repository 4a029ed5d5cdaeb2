// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
#ifndef FULCRUM_BACKEND_PARSE_BPF_H
#define FULCRUM_BACKEND_PARSE_BPF_H

// Reads the headers of IP, and the ports, of a packet or of one inside another. By
// bpf_skb_load_bytes(), so that no header has to lie in the linear part of the packet.
#include <stdbool.h>

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "layout.h"

#define IPV4_MORE        0x2000
#define IPV4_OFFSET_MASK 0x1fff
#define IPV6_OFFSET_MASK 0xfff8
#define IPV6_MORE        0x0001
#define EXTENSIONS_MAX   6
#define ECN_CE           3

#define inline_always static __always_inline

// Early verifiers lose count of a loop whose counter is put away on the stack.
#define UNROLLED _Pragma("clang loop unroll(full)")

enum fragment { FRAGMENT_NONE, FRAGMENT_FIRST, FRAGMENT_LATER };

struct packet {
	struct fb_key source;
	struct fb_key destination;
	__u32 payload; // where the headers of IP end
	__u8 protocol; // of what stands there
	__u8 fragment; // enum fragment
	bool congested;
};

inline_always void set_ipv4(struct fb_address *address, __be32 ipv4)
{
	address->words[2] = bpf_htonl(0xffff);
	address->words[3] = ipv4;
}

inline_always void set_ipv6(struct fb_address *address, const struct in6_addr *ipv6)
{
	__builtin_memcpy(address, ipv6, sizeof(*address));
}

inline_always int parse_ipv4(struct __sk_buff *skb, __u32 offset, struct packet *p)
{
	struct iphdr ip;

	if (bpf_skb_load_bytes(skb, offset, &ip, sizeof(ip)) < 0 || ip.version != 4 || ip.ihl < 5)
		return -1;
	set_ipv4(&p->source.address, ip.saddr);
	set_ipv4(&p->destination.address, ip.daddr);
	p->protocol = ip.protocol;
	p->payload = offset + ip.ihl * 4;
	p->congested = (ip.tos & ECN_CE) == ECN_CE;
	if (ip.frag_off & bpf_htons(IPV4_OFFSET_MASK))
		p->fragment = FRAGMENT_LATER;
	else if (ip.frag_off & bpf_htons(IPV4_MORE))
		p->fragment = FRAGMENT_FIRST;
	return 0;
}

// Steps over one extension header. 1: there may be another; 0: the payload is reached; -1: cut
// short.
inline_always int skip_extension(struct __sk_buff *skb, struct packet *p)
{
	struct {
		__u8 next;
		__u8 length;
		__be16 offset;
	} extension;

	if (p->protocol != IPPROTO_HOPOPTS && p->protocol != IPPROTO_ROUTING &&
		p->protocol != IPPROTO_DSTOPTS && p->protocol != IPPROTO_FRAGMENT)
		return 0;
	if (bpf_skb_load_bytes(skb, p->payload, &extension, sizeof(extension)) < 0)
		return -1;
	if (p->protocol == IPPROTO_FRAGMENT) {
		p->payload += 8;
		if (extension.offset & bpf_htons(IPV6_OFFSET_MASK))
			p->fragment = FRAGMENT_LATER;
		else if (extension.offset & bpf_htons(IPV6_MORE))
			p->fragment = FRAGMENT_FIRST;
	} else {
		p->payload += 8 + extension.length * 8;
	}
	p->protocol = extension.next;
	return p->fragment != FRAGMENT_LATER;
}

// ::ffff:a.b.c.d is how IPv4 is written here; as an address of IPv6 it is nobody's.
inline_always bool is_mapped(const struct in6_addr *ipv6)
{
	return ipv6->in6_u.u6_addr32[0] == 0 && ipv6->in6_u.u6_addr32[1] == 0 &&
	       ipv6->in6_u.u6_addr32[2] == bpf_htonl(0xffff);
}

inline_always int parse_ipv6(struct __sk_buff *skb, __u32 offset, struct packet *p)
{
	struct ipv6hdr ip;
	int more = 1;

	if (bpf_skb_load_bytes(skb, offset, &ip, sizeof(ip)) < 0 || ip.version != 6 ||
		is_mapped(&ip.saddr) || is_mapped(&ip.daddr))
		return -1;
	set_ipv6(&p->source.address, &ip.saddr);
	set_ipv6(&p->destination.address, &ip.daddr);
	p->protocol = ip.nexthdr;
	p->payload = offset + sizeof(ip);
	p->congested = (ip.flow_lbl[0] >> 4 & ECN_CE) == ECN_CE;
	UNROLLED
	for (int i = 0; i < EXTENSIONS_MAX; i++) {
		if (more > 0)
			more = skip_extension(skb, p);
	}
	return more;
}

// 0, or -1 for what is not IP, is cut short, or has too many extension headers.
inline_always int parse(struct __sk_buff *skb, __u32 offset, __be16 ethertype, struct packet *p)
{
	__be16 ports[2];
	int result;

	__builtin_memset(p, 0, sizeof(*p));
	if (ethertype == bpf_htons(ETH_P_IP))
		result = parse_ipv4(skb, offset, p);
	else if (ethertype == bpf_htons(ETH_P_IPV6))
		result = parse_ipv6(skb, offset, p);
	else
		return -1;
	if (result != 0)
		return -1;
	p->source.protocol = p->protocol;
	p->destination.protocol = p->protocol;
	if (p->fragment == FRAGMENT_LATER ||
		(p->protocol != IPPROTO_TCP && p->protocol != IPPROTO_UDP))
		return 0;
	if (bpf_skb_load_bytes(skb, p->payload, ports, sizeof(ports)) < 0)
		return -1;
	p->source.port = ports[0];
	p->destination.port = ports[1];
	return 0;
}

#endif
