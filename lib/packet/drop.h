// SPDX-License-Identifier: BSD-3-Clause
#ifndef PACKET_DROP_H
#define PACKET_DROP_H

// Why a packet was dropped. Each reason stands here once: the list feeds the enum, the metric's
// label, the tool's text and the reference page. A packet that leaves the path without being
// forwarded, punted or answered is counted under exactly one of these.
//
// X(identifier, label, the packet in a sentence for the operator,
//   what a rising counter tells him, and what to do about it: for the reference alone)
// clang-format off
#define DROP_REASONS(X) \
	X(ETH_SHORT, "eth_short", "shorter than an Ethernet header", \
		"A broken sender or cable on the port. Look at the port's own error counters.") \
	X(MAC_FOREIGN, "mac_foreign", "for a VIP, in a frame that is not to the port's own MAC", \
		"The switch floods, or somebody sends VIP packets to another machine, a broadcast or " \
		"a multicast MAC. Many: look for a stale ARP entry of the router's, or a VRRP address " \
		"that no interface here has.") \
	X(MAC_SOURCE, "mac_source", "for a VIP, in a frame from a MAC that no station has", \
		"From a group or the zero MAC: forged. Frames from the zero MAC are forwarded, and " \
		"never answered.") \
	X(VLAN_SHORT, "vlan_short", "ends inside its 802.1Q tags", \
		"As above, behind a VLAN tag.") \
	X(SEGMENTS, "segments", "spread over more buffers than fit into one", \
		"A frame larger than the port's `mtu` allows, put together by a driver that " \
		"coalesces. Turn that off in the driver.") \
	X(IPV4_SHORT, "ipv4_short", "ends inside its IPv4 header", \
		"Malformed. A few are the Internet's background; many come from one broken or hostile " \
		"sender.") \
	X(IPV4_VERSION, "ipv4_version", "says IPv4 in Ethernet and another version in its header", \
		"Malformed: the frame's type and the header disagree.") \
	X(IPV4_HEADER, "ipv4_header", "IPv4 header length below 20 bytes", \
		"Malformed (RFC 791 3.1).") \
	X(IPV4_LENGTH, "ipv4_length", "IPv4 total length does not fit the frame", \
		"Malformed, or cut on the way by a device with a smaller MTU than it says.") \
	X(IPV4_CHECKSUM, "ipv4_checksum", "wrong IPv4 header checksum", \
		"Damaged after the last router. Steadily rising: suspect a cable, an optic or memory.") \
	X(IPV4_OPTIONS, "ipv4_options", "an IPv4 option is cut short or malformed", \
		"Malformed (RFC 791 3.1); mostly somebody who tries filters.") \
	X(IPV6_SHORT, "ipv6_short", "ends inside its IPv6 header", \
		"Malformed.") \
	X(IPV6_VERSION, "ipv6_version", "says IPv6 in Ethernet and another version in its header", \
		"Malformed: the frame's type and the header disagree.") \
	X(IPV6_LENGTH, "ipv6_length", "IPv6 payload length does not fit the frame", \
		"Malformed, or cut on the way. Jumbograms (RFC 2675) are not taken.") \
	X(IPV6_EXTENSION, "ipv6_extension", "an IPv6 extension header is cut short or malformed", \
		"Malformed, or a fragment inside a fragment; mostly somebody who tries filters.") \
	X(IPV6_EXTENSIONS, "ipv6_extensions", "more IPv6 extension headers than are looked at", \
		"No ordinary sender has so many; mostly somebody who tries filters.") \
	X(TCP_SHORT, "tcp_short", "ends inside its TCP header", \
		"Malformed.") \
	X(TCP_HEADER, "tcp_header", "TCP header length below 20 bytes or past the packet", \
		"Malformed (RFC 9293 3.1).") \
	X(UDP_SHORT, "udp_short", "ends inside its UDP header", \
		"Malformed.") \
	X(UDP_LENGTH, "udp_length", "UDP length does not fit the packet", \
		"Malformed (RFC 768).") \
	X(ICMP_SHORT, "icmp_short", "ends inside its ICMP header", \
		"Malformed.") \
	X(ICMP_QUOTE, "icmp_quote", "an ICMP error that quotes no usable packet", \
		"An ICMP error that cannot be given to a backend: what it quotes is cut short, is no " \
		"TCP or UDP, or is a later fragment.") \
	X(ICMP_FOREIGN, "icmp_foreign", "an ICMP error about a packet that the VIP never sent", \
		"An ICMP error to a VIP about somebody else's packet: forged, or a broken router.") \
	X(ICMP_CHECKSUM, "icmp_checksum", "wrong ICMP checksum", \
		"An ICMP message that was damaged on the way.") \
	X(FRAGMENT_SHORT, "fragment_short", "a first fragment too short for its ports", \
		"A tiny first fragment (RFC 1858): mostly somebody who tries filters.") \
	X(FRAGMENT_LENGTH, "fragment_length", "a fragment that no datagram can have", \
		"Ends past 65,535 bytes, headers included, or is no multiple of 8 bytes though more " \
		"follow (RFC 8200 4.5): broken or hostile.") \
	X(FRAGMENT_OVERLAP, "fragment_overlap", "a fragment inside the transport header", \
		"Would overwrite headers of the first fragment (RFC 3128, RFC 8200 4.5): hostile.") \
	X(FRAGMENT_UNKNOWN, "fragment_unknown", "a later fragment whose first one was not seen", \
		"Its first fragment was lost, came too late, was answered by a reset, or went to " \
		"another worker or balancer. Make the router hash by addresses alone where fragments " \
		"are many.") \
	X(FRAGMENT_FULL, "fragment_full", "no room to hold a fragment until its first one comes", \
		"More fragments wait for their first one than there is room for, and the oldest gives " \
		"way: a flood of fragments, or a path that reorders badly.") \
	X(SOURCE_INVALID, "source_invalid", "a source address that no host has, or none off its link", \
		"Spoofed, or a neighbour without an address, or with a link-local one alone. Filter " \
		"at the border (BCP 38).") \
	X(SOURCE_OWN, "source_own", "from a VIP, or from an address of the balancer's own", \
		"Forged, to make two services talk to each other: filter at the border (BCP 38). Or " \
		"the balancer itself asks for a VIP, which it cannot serve to itself.") \
	X(SOURCE_ROUTE, "source_route", "on a source route that the VIP is a hop of, not the end", \
		"An IPv6 routing header with segments left, or an IPv4 option LSRR or SSRR that goes " \
		"on (RFC 5095, RFC 7126 4.3): hostile.") \
	X(VLAN_FOREIGN, "vlan_foreign", "not of the VLAN that its port is set to", \
		"The port's `vlan` is `set`, and the frame has no tag or another one: look at the " \
		"switch port, or at `vlan_id`.") \
	X(NO_SERVICE, "no_service", "for a VIP, but no service has that protocol and port", \
		"Scans, for the most part. Rising after an apply: a service or a port is missing in " \
		"the pool file. Later fragments of such a packet count too; the end of a traceroute " \
		"is answered instead.") \
	X(NO_BACKEND, "no_backend", "its service has no usable backend", \
		"An outage of that service: no backend is up, and the pool's `on_all_down` is `drop`, " \
		"or none was ever up. Under `reject`: what gets no answer, such as resets and later " \
		"fragments. See `fulcrumctl show`.") \
	X(NO_NEXT_HOP, "no_next_hop", "its backend's next hop is not resolved", \
		"The kernel has no route to the backend, or its neighbour does not answer ARP or NDP. " \
		"See `ip route get` and `ip neigh` for its address.") \
	X(TOO_BIG, "too_big", "too big for the path after encapsulation", \
		"The packet and its outer header exceed the path's MTU. Raise the MTU between " \
		"balancer and backends, or lower the MSS that the backends announce.") \
	X(HEADROOM, "headroom", "no room in the buffer for the outer header", \
		"The port's driver leaves too little room in front of packets: a fault of the setup, " \
		"not of the traffic.") \
	X(ICMP_RATE, "icmp_rate", "an answer by ICMP was due, but their rate is limited", \
		"A flood of what is answered by ICMP. The limit does its work.") \
	X(RESET_RATE, "reset_rate", "a reset was due, but their rate is limited", \
		"Many connections to a backend that is down, under `on_down: reset`: their clients " \
		"retry. Or, under `on_all_down: reject`, to a pool that nobody serves. Or a flood of " \
		"SYNs to no service, with a TTL of 1.") \
	X(NO_BUFFER, "no_buffer", "no packet buffer for a fragment or an answer", \
		"The packet pool is exhausted. Give the daemon more memory.") \
	X(PUNT_RATE, "punt_rate", "for the kernel, above the rate that is let through", \
		"More traffic to the balancer's own addresses than `punt_rate` lets through: a flood, " \
		"or a limit that is too low.") \
	X(PUNT_FULL, "punt_full", "for the kernel, but its queue was full", \
		"The kernel does not take its packets fast enough.") \
	X(PUNT_NONE, "punt_none", "for the kernel, but the port has no kernel-side interface", \
		"The port has no `kernel_interface`: ARP and the balancer's own addresses do not work " \
		"there.") \
	X(PROBE_STRAY, "probe_stray", "came from a VIP to a probe's port, but answers no probe", \
		"A late answer to a probe `via: forwarding` (a few after a timeout are ordinary), or " \
		"somebody who sends in a VIP's name to the ports 64512 to 65535 of the balancer's own " \
		"address.") \
	X(PROBE_FULL, "probe_full", "answers a probe, but its queue was full", \
		"The control lcore does not keep up with the answers to probes: give it a core of its " \
		"own.") \
	X(TUNNEL_ERROR, "tunnel_error", "an ICMP error about a tunnel packet: a backend's path", \
		"No loss: a router on the way to a backend says that a packet of ours was too big for " \
		"a link, or could not be handed on. `show backends` tells what became of it.") \
	X(TX_FULL, "tx_full", "the transmit queue was full", \
		"The port cannot send as fast as packets come. Look at its link's load; pause frames " \
		"stop it too.")
// clang-format on

enum drop_reason {
#define X(identifier, ...) DROP_##identifier,
	DROP_REASONS(X)
#undef X
		DROP_REASON_COUNT
};

const char *drop_label(enum drop_reason reason);
const char *drop_text(enum drop_reason reason);

#endif
