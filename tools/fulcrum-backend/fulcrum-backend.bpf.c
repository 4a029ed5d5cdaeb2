// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
// The way of a packet on a backend host. Coming in (clsact ingress): the balancer's outer header is
// taken off, the public port becomes the server's. Going out (clsact egress): the server's port
// becomes the public one, and a SYN-ACK announces no larger MSS than the tunnel leaves room for.
// Stateless: two maps, filled by the agent, say it all. Both programs end in TC_ACT_UNSPEC, so that
// the filters of others go on seeing every packet. Only what Linux 5.10 has.
#include <stdbool.h>

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "layout.h"
#include "parse.bpf.h"

// RFC 792 and RFC 4443; <linux/icmp.h> wants a libc
#define ICMP_UNREACHABLE       3
#define ICMP_TIME_EXCEEDED     11
#define ICMP_PARAMETER_PROBLEM 12
#define ICMP_ECHO              8
#define ICMP_ECHO_REPLY        0
#define ICMPV6_ECHO            128
#define ICMPV6_ECHO_REPLY      129
#define ICMP_CHECKSUM          2 // its offset
#define ICMP_HEADER_SIZE       8

#define TCP_OPTION_END  0
#define TCP_OPTION_NOP  1
#define TCP_OPTION_MSS  2
#define TCP_OPTIONS_MAX 12 // that are looked at; every stack has the MSS among the first

#define SOURCE_PORT      0 // offsets that TCP and UDP share
#define DESTINATION_PORT 2

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, FB_TUNNELS_MAX);
	__type(key, struct fb_address);
	__type(value, __u32);
} tunnels SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, FB_BALANCERS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct fb_prefix);
	__type(value, __u32);
} balancers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, FB_SOURCES_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct fb_prefix);
	__type(value, __u32);
} sources SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, FB_SERVICES_MAX);
	__type(key, struct fb_key);
	__type(value, struct fb_service);
} services SEC(".maps"), replies SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, FB_PATHS_MAX);
	__type(key, struct fb_path);
	__type(value, __u32);
} paths SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, FB_SERVICES_MAX);
	__type(key, __u32);
	__type(value, struct fb_counters);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, FB_TOTAL_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} totals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fb_state);
} state SEC(".maps");

inline_always int pass_counted(__u32 total)
{
	__u64 *counter = bpf_map_lookup_elem(&totals, &total);

	if (counter != NULL)
		(*counter)++;
	return TC_ACT_UNSPEC;
}

inline_always int drop_counted(__u32 total)
{
	pass_counted(total);
	return TC_ACT_SHOT;
}

// The row for a VIP's port, else for its protocol, else for the VIP; NULL when it is no VIP.
inline_always struct fb_service *find(void *map, const struct fb_key *key)
{
	struct fb_key wider = *key;
	struct fb_service *any;
	struct fb_service *found;

	wider.port = 0;
	wider.protocol = 0;
	any = bpf_map_lookup_elem(map, &wider);
	if (any == NULL)
		return NULL;
	if (key->port != 0) {
		found = bpf_map_lookup_elem(map, key);
		if (found != NULL)
			return found;
	}
	wider.protocol = key->protocol;
	found = bpf_map_lookup_elem(map, &wider);
	return found != NULL ? found : any;
}

inline_always bool is_same(const struct fb_address *a, const struct fb_address *b)
{
	return a->words[0] == b->words[0] && a->words[1] == b->words[1] &&
	       a->words[2] == b->words[2] && a->words[3] == b->words[3];
}

// Writes 'port' over 'was' and mends the checksum that covers it. The kernel's helper leaves a
// checksum that the NIC has yet to fill in, and a UDP packet without one, as they are.
inline_always int replace_port(
	struct __sk_buff *skb, __u32 offset, __u32 checksum, __u64 flags, __be16 was, __be16 port)
{
	if (bpf_l4_csum_replace(skb, checksum, was, port, flags | sizeof(port)) < 0)
		return -1;
	return bpf_skb_store_bytes(skb, offset, &port, sizeof(port), 0);
}

inline_always int map_port(
	struct __sk_buff *skb, const struct packet *p, __u32 which, __be16 was, __be16 port)
{
	__u32 checksum = p->payload;
	__u64 flags = 0;

	if (was == 0) // a later fragment has none
		return 0;
	// Of datagrams that are yet to be cut (UDP_SEGMENT), the checksum's field holds the sum of
	// the pseudo header, and not always a mark that says so: it knows no ports, and each
	// datagram's own checksum is made when they are cut.
	if (p->protocol == IPPROTO_UDP && skb->gso_size != 0)
		return bpf_skb_store_bytes(skb, p->payload + which, &port, sizeof(port), 0);
	if (p->protocol == IPPROTO_TCP) {
		checksum += __builtin_offsetof(struct tcphdr, check);
	} else {
		checksum += __builtin_offsetof(struct udphdr, check);
		flags = BPF_F_MARK_MANGLED_0;
	}
	return replace_port(skb, p->payload + which, checksum, flags, was, port);
}

inline_always bool is_icmp_error(__u8 protocol, __u8 type)
{
	if (protocol == IPPROTO_ICMP)
		return type == ICMP_UNREACHABLE || type == ICMP_TIME_EXCEEDED ||
		       type == ICMP_PARAMETER_PROBLEM;
	return type < 128; // RFC 4443 2.1
}

// An ICMP error quotes the packet that it is about. Without mapping the quoted port as well, the
// server's socket would never learn of a smaller path MTU, nor a client of a closed UDP port.
// 1 when it mapped one, 0 when there was nothing to map, -1.
inline_always int map_quoted(
	struct __sk_buff *skb, const struct packet *p, void *map, bool outgoing)
{
	struct packet quoted;
	struct fb_service *service;
	const struct fb_key *vip = outgoing ? &quoted.destination : &quoted.source;
	__u32 offset;
	__u8 type;

	if ((p->protocol != IPPROTO_ICMP && p->protocol != IPPROTO_ICMPV6) ||
		p->fragment != FRAGMENT_NONE)
		return 0;
	if (bpf_skb_load_bytes(skb, p->payload, &type, sizeof(type)) < 0 ||
		!is_icmp_error(p->protocol, type) ||
		parse(skb, p->payload + ICMP_HEADER_SIZE, skb->protocol, &quoted) < 0)
		return 0;
	if (vip->port == 0 ||
		!is_same(&vip->address, outgoing ? &p->source.address : &p->destination.address))
		return 0;
	service = find(map, vip);
	if (service == NULL || service->port == 0)
		return 0;
	offset = quoted.payload + (outgoing ? DESTINATION_PORT : SOURCE_PORT);
	if (replace_port(skb, offset, p->payload + ICMP_CHECKSUM, 0, vip->port, service->port) < 0)
		return -1;
	return 1;
}

// Remembers the way of a SYN until its SYN-ACK leaves.
inline_always void note_path(struct __sk_buff *skb, const struct packet *p,
	const struct fb_service *service, __u32 overhead)
{
	struct fb_path path = {.client = p->source.address,
		.vip = p->destination.address,
		.client_port = p->source.port,
		.vip_port = p->destination.port};
	struct tcphdr tcp;

	if (!service->automatic || p->protocol != IPPROTO_TCP || p->fragment != FRAGMENT_NONE ||
		bpf_skb_load_bytes(skb, p->payload, &tcp, sizeof(tcp)) < 0 || !tcp.syn || tcp.ack)
		return;
	bpf_map_update_elem(&paths, &path, &overhead, BPF_ANY);
}

inline_always int receive(struct __sk_buff *skb, const struct packet *p, struct fb_service *service,
	__u32 packets, __u32 overhead)
{
	__u32 index = service->row;
	struct fb_counters *row = bpf_map_lookup_elem(&counters, &index);
	int mapped;

	if (row == NULL)
		return TC_ACT_UNSPEC;
	row->rx_packets += packets;
	row->rx_bytes += skb->len - ETH_HLEN;
	if (overhead > 0)
		row->rx_tunneled += packets;
	note_path(skb, p, service, overhead);
	if (service->port != 0 &&
		map_port(skb, p, DESTINATION_PORT, p->destination.port, service->port) < 0)
		return drop_counted(FB_TOTAL_FAILED);
	mapped = map_quoted(skb, p, &services, false);
	if (mapped < 0)
		return drop_counted(FB_TOTAL_FAILED);
	row->icmp_mapped += mapped;
	return TC_ACT_UNSPEC;
}

// Takes off 'length' bytes of outer IP header. When the families differ, the kernel has to be told
// that the packet is now of the other one; before Linux 6.3 its only way is to convert the header's
// size (40 to 20 or back), which costs nothing, because all of it goes.
inline_always int remove_outer(struct __sk_buff *skb, __u32 length, __be16 ethertype)
{
	const int difference = sizeof(struct ipv6hdr) - sizeof(struct iphdr);
	int change = -(int)length;

	if (ethertype != skb->protocol) {
		if (bpf_skb_change_proto(skb, ethertype, 0) < 0)
			return -1;
		change += ethertype == bpf_htons(ETH_P_IPV6) ? -difference : difference;
		if (bpf_skb_store_bytes(skb, __builtin_offsetof(struct ethhdr, h_proto), &ethertype,
			    sizeof(ethertype), 0) < 0)
			return -1;
	}
	// A merged (GRO) packet keeps its segment size: it is the inner packet's. The helper keeps
	// a checksum over the whole packet (CHECKSUM_COMPLETE) right, so that need not be thrown
	// away.
	return bpf_skb_adjust_room(skb, change, BPF_ADJ_ROOM_MAC,
		BPF_F_ADJ_ROOM_FIXED_GSO | BPF_F_ADJ_ROOM_NO_CSUM_RESET);
}

inline_always bool is_balancer(const struct fb_address *source)
{
	struct fb_prefix host = {.length = 128, .address = *source};

	return bpf_map_lookup_elem(&balancers, &host) != NULL;
}

inline_always bool is_error(struct __sk_buff *skb, const struct packet *p)
{
	__u8 type;

	return (p->protocol == IPPROTO_ICMP || p->protocol == IPPROTO_ICMPV6) &&
	       p->fragment == FRAGMENT_NONE &&
	       bpf_skb_load_bytes(skb, p->payload, &type, sizeof(type)) == 0 &&
	       is_icmp_error(p->protocol, type);
}

// Whoever forges a balancer's address could otherwise speak as a host inside.
inline_always bool is_refused(struct __sk_buff *skb, const struct packet *p)
{
	struct fb_prefix host = {.length = 128, .address = p->source.address};
	__u32 *source = bpf_map_lookup_elem(&sources, &host);

	if (source == NULL || *source == FB_SOURCE_ALLOWED)
		return false;
	return *source == FB_SOURCE_NOBODY || !is_error(skb, p);
}

// Whether a packet out of a tunnel is for what the file names. A later fragment has no port. ICMP:
// errors, which tell of a service's packets, and echo; never what routers and neighbours say on a
// link.
inline_always bool is_served(
	struct __sk_buff *skb, const struct packet *p, const struct fb_service *service)
{
	__u8 type;

	if (p->protocol == IPPROTO_ICMP || p->protocol == IPPROTO_ICMPV6) {
		if (p->fragment == FRAGMENT_LATER)
			return true;
		if (bpf_skb_load_bytes(skb, p->payload, &type, sizeof(type)) < 0)
			return false;
		if (p->protocol == IPPROTO_ICMP)
			return is_icmp_error(p->protocol, type) || type == ICMP_ECHO ||
			       type == ICMP_ECHO_REPLY;
		return is_icmp_error(p->protocol, type) || type == ICMPV6_ECHO ||
		       type == ICMPV6_ECHO_REPLY;
	}
	if (!service->is_rest)
		return true;
	return p->fragment == FRAGMENT_LATER &&
	       (p->protocol == IPPROTO_TCP || p->protocol == IPPROTO_UDP);
}

inline_always int receive_tunneled(struct __sk_buff *skb, const struct packet *outer)
{
	__u16 ethertype =
		outer->protocol == IPPROTO_IPIP ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6);
	__u32 length = outer->payload - ETH_HLEN;
	__u32 packets = skb->gso_segs > 1 ? skb->gso_segs : 1; // is lost with the header
	struct fb_service *service;
	struct packet inner;

	if (outer->fragment != FRAGMENT_NONE)
		return pass_counted(FB_TOTAL_FRAGMENT);
	if (parse(skb, outer->payload, ethertype, &inner) < 0)
		return pass_counted(FB_TOTAL_MALFORMED);
	service = find(&services, &inner.destination);
	if (service == NULL)
		return pass_counted(FB_TOTAL_NOT_VIP);
	if (!is_balancer(&outer->source.address))
		return drop_counted(FB_TOTAL_STRANGER);
	if (is_refused(skb, &inner))
		return drop_counted(FB_TOTAL_OWN_SOURCE);
	if (!is_served(skb, &inner, service))
		return drop_counted(FB_TOTAL_NO_PORT);
	if (remove_outer(skb, length, ethertype) < 0)
		return drop_counted(FB_TOTAL_FAILED);
	if (outer->congested && bpf_skb_ecn_set_ce(skb) == 0)
		return drop_counted(FB_TOTAL_CONGESTED); // RFC 6040 4.2
	inner.payload -= length;
	return receive(skb, &inner, service, packets, length);
}

SEC("tc")
int fulcrum_in(struct __sk_buff *skb)
{
	struct fb_service *service;
	struct packet p;

	if (skb->pkt_type != PACKET_HOST || parse(skb, ETH_HLEN, skb->protocol, &p) < 0)
		return TC_ACT_UNSPEC;
	if ((p.protocol == IPPROTO_IPIP || p.protocol == IPPROTO_IPV6) &&
		bpf_map_lookup_elem(&tunnels, &p.destination.address) != NULL)
		return receive_tunneled(skb, &p);
	service = find(&services, &p.destination);
	if (service == NULL)
		return TC_ACT_UNSPEC;
	return receive(skb, &p, service, skb->gso_segs > 1 ? skb->gso_segs : 1, 0);
}

// Lowers the MSS option whose value stands at 'offset'. 1 when it did, 0, -1.
inline_always int lower_mss(
	struct __sk_buff *skb, const struct packet *p, __u32 offset, __u16 limit)
{
	__u32 checksum = p->payload + __builtin_offsetof(struct tcphdr, check);
	__be16 mss = bpf_htons(limit);
	__be16 was;

	if (bpf_skb_load_bytes(skb, offset, &was, sizeof(was)) < 0)
		return -1;
	if (bpf_ntohs(was) <= limit)
		return 0;
	if (bpf_skb_store_bytes(skb, offset, &mss, sizeof(mss), 0) < 0)
		return -1;
	if ((offset - p->payload) % 2 != 0) { // astride two words of the checksum
		was = __builtin_bswap16(was);
		mss = __builtin_bswap16(mss);
	}
	return bpf_l4_csum_replace(skb, checksum, was, mss, sizeof(mss)) < 0 ? -1 : 1;
}

// What a SYN-ACK of this service may announce, by the way of its SYN. Rows of 'replies' have the
// public port in 'port'.
inline_always __u16 mss_limit(const struct packet *p, const struct fb_service *reply)
{
	struct fb_path path = {.client = p->destination.address,
		.vip = p->source.address,
		.client_port = p->destination.port,
		.vip_port = reply->port != 0 ? reply->port : p->source.port};
	__u32 overhead = reply->overhead;
	__u32 *known;

	if (!reply->automatic)
		return reply->mss;
	known = bpf_map_lookup_elem(&paths, &path);
	if (known != NULL)
		overhead = *known;
	return overhead < reply->mss ? reply->mss - overhead : reply->mss;
}

// Looks for the MSS in a SYN-ACK and lowers it. 1 when it did, 0, -1.
inline_always int limit_mss(
	struct __sk_buff *skb, const struct packet *p, const struct fb_service *reply)
{
	struct tcphdr tcp;
	__u8 option[2];
	__u32 at;
	__u32 end;

	if (reply->mss == 0 || p->protocol != IPPROTO_TCP || p->fragment != FRAGMENT_NONE ||
		bpf_skb_load_bytes(skb, p->payload, &tcp, sizeof(tcp)) < 0 || !tcp.syn || !tcp.ack)
		return 0;
	at = p->payload + sizeof(tcp);
	end = p->payload + tcp.doff * 4;
	UNROLLED
	for (int i = 0; i < TCP_OPTIONS_MAX; i++) {
		if (at + 1 >= end || bpf_skb_load_bytes(skb, at, option, sizeof(option)) < 0 ||
			option[0] == TCP_OPTION_END)
			return 0;
		if (option[0] == TCP_OPTION_NOP) {
			at++;
			continue;
		}
		if (option[0] == TCP_OPTION_MSS && option[1] == 4 && at + 4 <= end)
			return lower_mss(skb, p, at + 2, mss_limit(p, reply));
		if (option[1] < 2)
			return 0;
		at += option[1];
	}
	return 0;
}

SEC("tc")
int fulcrum_out(struct __sk_buff *skb)
{
	struct fb_service *service;
	struct fb_counters *row;
	struct packet p;
	__u32 index;
	int lowered;
	int mapped;

	if (parse(skb, ETH_HLEN, skb->protocol, &p) < 0)
		return TC_ACT_UNSPEC;
	service = find(&replies, &p.source);
	if (service == NULL)
		return TC_ACT_UNSPEC;
	index = service->row;
	row = bpf_map_lookup_elem(&counters, &index);
	if (row == NULL)
		return TC_ACT_UNSPEC;
	row->tx_packets += skb->gso_segs > 1 ? skb->gso_segs : 1;
	row->tx_bytes += skb->len - ETH_HLEN;
	lowered = limit_mss(skb, &p, service);
	mapped = map_quoted(skb, &p, &replies, true);
	if (lowered < 0 || mapped < 0)
		return drop_counted(FB_TOTAL_FAILED);
	row->mss_lowered += lowered;
	row->icmp_mapped += mapped;
	if (service->port != 0 && map_port(skb, &p, SOURCE_PORT, p.source.port, service->port) < 0)
		return drop_counted(FB_TOTAL_FAILED);
	return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "Dual BSD/GPL";
