// SPDX-License-Identifier: BSD-3-Clause
// The reference page of drop reasons, from the list itself.
//   drops_page FILE          compares FILE with what the page should be
//   drops_page --write FILE  writes it
#include <packet/drop.h>

#include "page.h"

// What a rising counter tells an operator, and what to do about it.
static const char *const meaning[DROP_REASON_COUNT] = {
	[DROP_SEGMENTS] =
		"A frame larger than the port's `mtu` allows, put together by a driver that coalesces. Turn "
		"that off in the driver.",
	[DROP_ETH_SHORT] =
		"A broken sender or cable on the port. Look at the port's own error counters.",
	[DROP_VLAN_SHORT] = "As above, behind a VLAN tag.",
	[DROP_VLAN_FOREIGN] =
		"The port's `vlan` is `set`, and the frame has no tag or another one: look at the switch port, or at `vlan_id`.",
	[DROP_MAC_FOREIGN] =
		"The switch floods, or somebody sends VIP packets to another machine, a broadcast or a multicast MAC. Many: look for a stale ARP entry of the router's, or a VRRP address that no interface here has.",
	[DROP_MAC_SOURCE] =
		"From a group or the zero MAC: forged. Frames from the zero MAC are forwarded, and never answered.",
	[DROP_IPV4_OPTIONS] = "Malformed (RFC 791 3.1); mostly somebody who tries filters.",
	[DROP_SOURCE_OWN] =
		"Forged, to make two services talk to each other: filter at the border (BCP 38). Or the balancer itself asks for a VIP, which it cannot serve to itself.",
	[DROP_SOURCE_ROUTE] =
		"An IPv6 routing header with segments left, or an IPv4 option LSRR or SSRR that goes on (RFC 5095, RFC 7126 4.3): hostile.",
	[DROP_IPV4_SHORT] =
		"Malformed. A few are the Internet's background; many come from one broken or hostile "
		"sender.",
	[DROP_IPV4_VERSION] = "Malformed: the frame's type and the header disagree.",
	[DROP_IPV4_HEADER] = "Malformed (RFC 791 3.1).",
	[DROP_IPV4_LENGTH] =
		"Malformed, or cut on the way by a device with a smaller MTU than it says.",
	[DROP_IPV4_CHECKSUM] =
		"Damaged after the last router. Steadily rising: suspect a cable, an optic or memory.",
	[DROP_IPV6_SHORT] = "Malformed.",
	[DROP_IPV6_VERSION] = "Malformed: the frame's type and the header disagree.",
	[DROP_IPV6_LENGTH] = "Malformed, or cut on the way. Jumbograms (RFC 2675) are not taken.",
	[DROP_IPV6_EXTENSION] =
		"Malformed, or a fragment inside a fragment; mostly somebody who tries filters.",
	[DROP_IPV6_EXTENSIONS] =
		"No ordinary sender has so many; mostly somebody who tries filters.",
	[DROP_TCP_SHORT] = "Malformed.",
	[DROP_TCP_HEADER] = "Malformed (RFC 9293 3.1).",
	[DROP_UDP_SHORT] = "Malformed.",
	[DROP_UDP_LENGTH] = "Malformed (RFC 768).",
	[DROP_ICMP_SHORT] = "Malformed.",
	[DROP_ICMP_QUOTE] =
		"An ICMP error that cannot be given to a backend: what it quotes is cut short, is no TCP or "
		"UDP, or is a later fragment.",
	[DROP_ICMP_FOREIGN] =
		"An ICMP error to a VIP about somebody else's packet: forged, or a broken router.",
	[DROP_ICMP_CHECKSUM] = "An ICMP message that was damaged on the way.",
	[DROP_FRAGMENT_SHORT] =
		"A tiny first fragment (RFC 1858): mostly somebody who tries filters.",
	[DROP_FRAGMENT_LENGTH] =
		"Ends past 65,535 bytes, headers included, or is no multiple of 8 bytes though more follow (RFC 8200 4.5): broken or hostile.",
	[DROP_FRAGMENT_OVERLAP] =
		"Would overwrite headers of the first fragment (RFC 3128, RFC 8200 4.5): hostile.",
	[DROP_FRAGMENT_UNKNOWN] =
		"Its first fragment was lost, came too late, was answered by a reset, or went to another worker or balancer. "
		"Make the router hash by addresses alone where fragments are many.",
	[DROP_FRAGMENT_FULL] =
		"More fragments wait for their first one than there is room for, and the oldest gives way: "
		"a flood of fragments, or a path that reorders badly.",
	[DROP_SOURCE_INVALID] =
		"Spoofed, or a neighbour without an address, or with a link-local one alone. Filter at the border (BCP 38).",
	[DROP_NO_SERVICE] =
		"Scans, for the most part. Rising after an apply: a service or a port is missing in the pool "
		"file. Later fragments of such a packet count too; the end of a traceroute is answered instead.",
	[DROP_NO_BACKEND] =
		"An outage of that service: no backend is up, and the pool's `on_all_down` is `drop`, or none "
		"was ever up. Under `reject`: what gets no answer, such as resets and later fragments. See `fulcrumctl show`.",
	[DROP_NO_NEXT_HOP] =
		"The kernel has no route to the backend, or its neighbour does not answer ARP or NDP. See `ip "
		"route get` and `ip neigh` for its address.",
	[DROP_TOO_BIG] =
		"The packet and its outer header exceed the path's MTU. Raise the MTU between balancer and "
		"backends, or lower the MSS that the backends announce.",
	[DROP_HEADROOM] =
		"The port's driver leaves too little room in front of packets: a fault of the setup, not of the "
		"traffic.",
	[DROP_ICMP_RATE] = "A flood of what is answered by ICMP. The limit does its work.",
	[DROP_RESET_RATE] =
		"Many connections to a backend that is down, under `on_down: reset`: their clients retry. Or, under `on_all_down: reject`, to a pool that nobody serves. Or a flood of SYNs to no service, with a TTL of 1.",
	[DROP_NO_BUFFER] = "The packet pool is exhausted. Give the daemon more memory.",
	[DROP_PUNT_RATE] =
		"More traffic to the balancer's own addresses than `punt_rate` lets through: a flood, or a limit "
		"that is too low.",
	[DROP_PUNT_FULL] = "The kernel does not take its packets fast enough.",
	[DROP_PUNT_NONE] =
		"The port has no `kernel_interface`: ARP and the balancer's own addresses do not work there.",
	[DROP_TUNNEL_ERROR] =
		"No loss: a router on the way to a backend says that a packet of ours was too big for a link, or "
		"could not be handed on. `show backends` tells what became of it.",
	[DROP_PROBE_STRAY] =
		"A late answer to a probe `via: forwarding` (a few after a timeout are ordinary), or somebody who sends "
		"in a VIP's name to the ports 64512 to 65535 of the balancer's own address.",
	[DROP_PROBE_FULL] =
		"The control lcore does not keep up with the answers to probes: give it a core of its own.",
	[DROP_TX_FULL] =
		"The port cannot send as fast as packets come. Look at its link's load; pause frames stop it too.",
};

static int write_page(FILE *out)
{
	int missing = 0;

	fputs("# Why packets are dropped\n\n"
	      "Each packet that is not forwarded, handed to the kernel or answered is counted under exactly one of\n"
	      "these reasons. This page is made from the list in `lib/packet/drop.h`.\n\n"
	      "| reason | the packet | what it means to you |\n|---|---|---|\n",
		out);
	for (int i = 0; i < DROP_REASON_COUNT; i++) {
		enum drop_reason reason = (enum drop_reason)i;

		if (meaning[i] == NULL) {
			fprintf(stderr, "drops_page: nothing says what '%s' means to an operator\n",
				drop_label(reason));
			missing = 1;
			continue;
		}
		fprintf(out, "| `%s` | %s | %s |\n", drop_label(reason), drop_text(reason),
			meaning[i]);
	}
	return missing;
}

int main(int argc, char **argv)
{
	return page_main(argc, argv, "lib/packet/drop.h", write_page);
}
