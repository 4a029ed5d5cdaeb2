// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
#ifndef FULCRUM_BACKEND_LAYOUT_H
#define FULCRUM_BACKEND_LAYOUT_H

#include <linux/types.h>

// What the BPF programs and the agent share: the maps' keys and values. Both are built together and
// the maps are made anew at every start, so the layout may change with any version; only 'struct
// fb_state' is read from an agent that ran before, and it carries a version for that.

#define FB_TUNNELS_MAX   4096
#define FB_VIPS_MAX      4096
#define FB_BALANCERS_MAX 4096
#define FB_SERVICES_MAX  (2 * FB_VIPS_MAX) // every VIP gets a row for all else, too
#define FB_ALLOWED_MAX   4096 // own networks whose hosts may be clients
#define FB_NETWORKS_MAX  1024 // addresses and networks of this host
#define FB_SOURCES_MAX   (FB_VIPS_MAX + FB_BALANCERS_MAX + FB_ALLOWED_MAX + FB_NETWORKS_MAX + 64)
#define FB_PATHS_MAX     16384 // connections that are being opened
#define FB_LINKS_MAX     16
#define FB_AHEAD_MAX     16 // programs of others that may run before ours

// Addresses of both families are 16 bytes: IPv4 as ::ffff:a.b.c.d.
struct fb_address {
	__u32 words[4];
};

// Map 'balancers': the outer sources that may send us tunnel packets. Map 'sources': inner sources,
// an enum fb_source; the longest prefix counts. IPv4 prefixes are 96 longer.
enum fb_source {
	FB_SOURCE_ALLOWED,
	FB_SOURCE_NOBODY, // can be no client's, nor a router's
	FB_SOURCE_NETWORK, // this host's own: the routers in it tell of errors, and are no clients
};

struct fb_prefix {
	__u32 length; // in bits
	struct fb_address address;
};

// A VIP's address; protocol 0 and port 0 stand for all of them. Every VIP has the row (address, 0,
// 0).
struct fb_key {
	struct fb_address address;
	__be16 port;
	__u8 protocol;
	__u8 zero;
};

// Map 'services', by the port that the client knows: 'port' is the one that the server listens on.
// Map 'replies', by the port that the server listens on: 'port' is the one that the client knows.
struct fb_service {
	__be16 port; // 0: the port stays as it is
	__u16 mss; // the largest that a SYN-ACK may announce; 0: any
	__u16 automatic; // 1: 'mss' is still to be lowered by the outer header that the SYN came in
	__u16 overhead; // which is this, where that is not known any more: the largest that can come
	__u16 row; // in map 'counters'
	__u16 is_rest; // of a VIP's ports that the file does not name: what comes for them in a tunnel is dropped
};

// Map 'paths': a client's SYN, by what its SYN-ACK has; the value is the size of the outer header
// that it came in, 0 by direct server return. So the MSS is that of the way which the connection
// itself has.
struct fb_path {
	struct fb_address client;
	struct fb_address vip;
	__be16 client_port;
	__be16 vip_port;
};

struct fb_counters {
	__u64 rx_packets;
	__u64 rx_bytes; // of the inner packet, from its IP header on
	__u64 rx_tunneled;
	__u64 tx_packets;
	__u64 tx_bytes;
	__u64 mss_lowered;
	__u64 icmp_mapped; // ICMP errors whose quoted port was mapped
};

// What happens to tunnel packets that are not delivered to a VIP: one counter each in map 'totals'.
#define FB_TOTALS(X)                                                                               \
	X(NOT_VIP, "not_vip", "passed on untouched: the inner destination is no VIP")              \
	X(MALFORMED, "malformed", "passed on untouched: the inner packet cannot be read")          \
	X(FRAGMENT, "fragment", "passed on untouched: the outer packet is a fragment")             \
	X(CONGESTED, "congested", "dropped: outer CE over an inner packet without ECN (RFC 6040)") \
	X(STRANGER, "stranger", "dropped: the outer source is none of 'balancers'")                \
	X(NO_PORT, "no_port", "dropped: the file names no such port of the VIP")                   \
	X(OWN_SOURCE, "own_source",                                                                \
		"dropped: the inner source is in a network of this host's own, or no client's")    \
	X(FAILED, "failed", "dropped: the kernel refused to change the packet")

enum fb_total {
#define FB_TOTAL_ENUM(name, label, text) FB_TOTAL_##name,
	FB_TOTALS(FB_TOTAL_ENUM)
#undef FB_TOTAL_ENUM
		FB_TOTAL_COUNT,
};

// What the agent changed on its host, so that whoever comes after it (--detach, the next start) can
// take back just that. The only entry of map 'state'.
#define FB_STATE_VERSION 2

// An interface is its index; its names are only told.
struct fb_link {
	char name[16]; // as it was last called
	char configured[16];
	__u32 index;
	__u8 clsact_created;
	__s8 arp_ignore_was; // -1: was not changed
	__s8 arp_announce_was;
	__u8 zero;
};

// What is not right about the host's addresses, though nothing is missing: bits of 'notes'.
#define FB_NOTES(X)                                                                            \
	X(NO_TUNNEL,                                                                           \
		"the interfaces have no address that could be a tunnel's end: the balancer's " \
		"tunnel packets are nobody's")                                                 \
	X(VIP_ON_LINK,                                                                         \
		"a VIP is an address of an interface itself, where this host answers ARP for " \
		"it: it takes the balancer's place; a VIP belongs on lo alone")

enum fb_note {
#define FB_NOTE_ENUM(name, text) FB_NOTE_##name,
	FB_NOTES(FB_NOTE_ENUM)
#undef FB_NOTE_ENUM
		FB_NOTE_COUNT,
};

#define FB_AHEAD_TCX 0x10000
#define FB_AHEAD_XDP 0x10001

struct fb_state {
	__u32 version;
	__u32 bpffs_mounted;
	__u64 namespace_inode; // of the network namespace that all of this is about
	__u32 program_in; // ids of the programs that are attached
	__u32 program_out;
	__u32 link_count;
	__u32 added_count;
	__u32 manages_addresses;
	__u32 notes; // bits by enum fb_note
	__u32 ahead_count;
	__u32 ahead
		[FB_AHEAD_MAX]; // as 'filters_ahead' says: priorities of tc, or FB_AHEAD_TCX, FB_AHEAD_XDP
	struct fb_link links[FB_LINKS_MAX];
	struct fb_address added[FB_VIPS_MAX]; // VIPs put on lo
};

#endif
