// SPDX-License-Identifier: BSD-3-Clause
#ifndef PACKET_DROP_H
#define PACKET_DROP_H

// Why a packet was dropped. Each reason stands here once: the list feeds the enum, the metric's label,
// the tool's text and the reference page. A packet that leaves the path without being forwarded,
// punted or answered is counted under exactly one of these.
//
// X(identifier, label, sentence for the operator)
#define DROP_REASONS(X)                                                                            \
	X(ETH_SHORT, "eth_short", "shorter than an Ethernet header")                               \
	X(MAC_FOREIGN, "mac_foreign", "for a VIP, in a frame that is not to the port's own MAC")   \
	X(MAC_SOURCE, "mac_source", "for a VIP, in a frame from a MAC that no station has")        \
	X(VLAN_SHORT, "vlan_short", "ends inside its 802.1Q tags")                                 \
	X(SEGMENTS, "segments", "spread over more buffers than fit into one")                      \
	X(IPV4_SHORT, "ipv4_short", "ends inside its IPv4 header")                                 \
	X(IPV4_VERSION, "ipv4_version", "says IPv4 in Ethernet and another version in its header") \
	X(IPV4_HEADER, "ipv4_header", "IPv4 header length below 20 bytes")                         \
	X(IPV4_LENGTH, "ipv4_length", "IPv4 total length does not fit the frame")                  \
	X(IPV4_CHECKSUM, "ipv4_checksum", "wrong IPv4 header checksum")                            \
	X(IPV4_OPTIONS, "ipv4_options", "an IPv4 option is cut short or malformed")                \
	X(IPV6_SHORT, "ipv6_short", "ends inside its IPv6 header")                                 \
	X(IPV6_VERSION, "ipv6_version", "says IPv6 in Ethernet and another version in its header") \
	X(IPV6_LENGTH, "ipv6_length", "IPv6 payload length does not fit the frame")                \
	X(IPV6_EXTENSION, "ipv6_extension", "an IPv6 extension header is cut short or malformed")  \
	X(IPV6_EXTENSIONS, "ipv6_extensions", "more IPv6 extension headers than are looked at")    \
	X(TCP_SHORT, "tcp_short", "ends inside its TCP header")                                    \
	X(TCP_HEADER, "tcp_header", "TCP header length below 20 bytes or past the packet")         \
	X(UDP_SHORT, "udp_short", "ends inside its UDP header")                                    \
	X(UDP_LENGTH, "udp_length", "UDP length does not fit the packet")                          \
	X(ICMP_SHORT, "icmp_short", "ends inside its ICMP header")                                 \
	X(ICMP_QUOTE, "icmp_quote", "an ICMP error that quotes no usable packet")                  \
	X(ICMP_FOREIGN, "icmp_foreign", "an ICMP error about a packet that the VIP never sent")    \
	X(ICMP_CHECKSUM, "icmp_checksum", "wrong ICMP checksum")                                   \
	X(FRAGMENT_SHORT, "fragment_short", "a first fragment too short for its ports")            \
	X(FRAGMENT_LENGTH, "fragment_length", "a fragment that no datagram can have")              \
	X(FRAGMENT_OVERLAP, "fragment_overlap", "a fragment inside the transport header")          \
	X(FRAGMENT_UNKNOWN, "fragment_unknown", "a later fragment whose first one was not seen")   \
	X(FRAGMENT_FULL, "fragment_full", "no room to hold a fragment until its first one comes")  \
	X(SOURCE_INVALID, "source_invalid",                                                        \
		"a source address that no host has, or none off its link")                         \
	X(SOURCE_OWN, "source_own", "from a VIP, or from an address of the balancer's own")        \
	X(SOURCE_ROUTE, "source_route", "on a source route that the VIP is a hop of, not the end") \
	X(VLAN_FOREIGN, "vlan_foreign", "not of the VLAN that its port is set to")                 \
	X(NO_SERVICE, "no_service", "for a VIP, but no service has that protocol and port")        \
	X(NO_BACKEND, "no_backend", "its service has no usable backend")                           \
	X(NO_NEXT_HOP, "no_next_hop", "its backend's next hop is not resolved")                    \
	X(TOO_BIG, "too_big", "too big for the path after encapsulation")                          \
	X(HEADROOM, "headroom", "no room in the buffer for the outer header")                      \
	X(ICMP_RATE, "icmp_rate", "an answer by ICMP was due, but their rate is limited")          \
	X(RESET_RATE, "reset_rate", "a reset was due, but their rate is limited")                  \
	X(NO_BUFFER, "no_buffer", "no packet buffer for a fragment or an answer")                  \
	X(PUNT_RATE, "punt_rate", "for the kernel, above the rate that is let through")            \
	X(PUNT_FULL, "punt_full", "for the kernel, but its queue was full")                        \
	X(PUNT_NONE, "punt_none", "for the kernel, but the port has no kernel-side interface")     \
	X(PROBE_STRAY, "probe_stray", "came from a VIP to a probe's port, but answers no probe")   \
	X(PROBE_FULL, "probe_full", "answers a probe, but its queue was full")                     \
	X(TUNNEL_ERROR, "tunnel_error", "an ICMP error about a tunnel packet: a backend's path")   \
	X(TX_FULL, "tx_full", "the transmit queue was full")

enum drop_reason {
#define X(identifier, label, text) DROP_##identifier,
	DROP_REASONS(X)
#undef X
		DROP_REASON_COUNT
};

const char *drop_label(enum drop_reason reason);
const char *drop_text(enum drop_reason reason);

#endif
