# SPDX-License-Identifier: BSD-3-Clause
"""IPv6 services, extension headers, and tunnels whose two families differ."""
from scapy.all import (AH, HBHOptUnknown, ICMPv6EchoRequest, ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6NDOptSrcLLAddr,
                       IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, PadN)

from case import Step, Table, drop, dsr, punt, tunnel
from frames import (CLIENT6, OWN6, ROUTER, VIP6, VIP6_DSR, Ether, IPv6, eth, frame_of, ip4, ip6, sport, tcp, udp)

table = Table("IPv6")


def forwarded(name, packet, backend="one6/a", **framing):
    table.add(name, frame_of(packet, **framing), tunnel(packet, backend))


# --- 6-in-6 ---

for flags in ("S", "A", "PA", "FA", "R", "RA", ""):
    forwarded(f"TCP {flags or 'without flags'}", ip6(tcp(flags=flags)))
for size in (1, 3, 1200):
    forwarded(f"TCP with {size} bytes", ip6(tcp(data=b"x" * size)))
forwarded("UDP", ip6(udp(data=b"query")))
forwarded("UDP without data", ip6(udp()))
for tc, what in [(0xb8, "DSCP EF"), (0x01, "ECT(1)"), (0x02, "ECT(0)"), (0x03, "CE"), (0xff, "all of the class")]:
    forwarded(f"{what} goes into the outer header", ip6(tcp(), tc=tc))
forwarded("a flow label stays inside", ip6(tcp(), fl=0xfffff))
for hops in (1, 255):
    forwarded(f"hop limit {hops} is the inner packet's own", ip6(tcp(), hlim=hops))
forwarded("padding stays behind", ip6(tcp()), pad=b"\xee" * 20)
forwarded("exactly as large as fits: 1460", ip6(tcp(data=b"x" * 1400)))
for port in (30000, 30999):
    forwarded(f"port {port} of a range", ip6(tcp(port)))
for port in (2000, 2010, 2012, 2050):
    forwarded(f"TCP port {port} of a service of several", ip6(tcp(port)))
    forwarded(f"UDP port {port} of a service of several", ip6(udp(port)))
for port in (2001, 2009, 2013, 2051):
    table.add(f"UDP port {port} beside them", frame_of(ip6(udp(port))), drop("no_service"))

# --- 4-in-6 and 6-in-4: RFC 2473, RFC 4213 ---

for flags in ("S", "A"):
    forwarded(f"4-in-6 of TCP {flags}", ip4(tcp(8443, flags=flags)))
forwarded("4-in-6 of UDP", ip4(udp(8443, data=b"x")))
forwarded("4-in-6: DSCP and ECN become the traffic class", ip4(tcp(8443), tos=0xbb))
forwarded("4-in-6: exactly as large as fits: 1460", ip4(tcp(8443, data=b"x" * 1420)))
forwarded("4-in-6: a tag is taken off", ip4(tcp(8443)), tags=(9,))
for flags in ("S", "A"):
    forwarded(f"6-in-4 of TCP {flags}", ip6(tcp(8443, flags=flags)), "one/a")
forwarded("6-in-4 of UDP", ip6(udp(8443, data=b"x")), "one/a")
forwarded("6-in-4: the traffic class becomes DSCP and ECN", ip6(tcp(8443), tc=0xbb), "one/a")
forwarded("6-in-4: exactly as large as fits: 1480", ip6(tcp(8443, data=b"x" * 1420)), "one/a")
forwarded("6-in-4: a small path", ip6(tcp(1003, data=b"x" * 1320)), "small/a")

# --- Tags ---

forwarded("a tag is taken off", ip6(tcp()), tags=(100,))
forwarded("4-in-6: a tag is put on", ip4(tcp(1001)), "tagged6/a")
forwarded("6-in-4: a tag is put on", ip6(tcp(1000)), "tagged/a")

# --- Extension headers: RFC 8200 4, up to eight ---

pad = PadN(optdata=b"\0" * 4)
forwarded("hop-by-hop options", ip6(IPv6ExtHdrHopByHop(options=[pad]) / tcp()))
forwarded("destination options", ip6(IPv6ExtHdrDestOpt(options=[pad]) / udp(data=b"x")))
forwarded("destination options of 264 bytes", ip6(
    IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0" * 252), pad]) / tcp()))
forwarded("a routing header", ip6(IPv6ExtHdrRouting(segleft=0, addresses=[]) / tcp()))
forwarded("an authentication header", ip6(AH(nh=6, payloadlen=4, spi=1, seq=1, icv=b"\0" * 12) / tcp(), nh=51))
forwarded("all of them in the order of the RFC", ip6(
    IPv6ExtHdrHopByHop(options=[pad]) / IPv6ExtHdrDestOpt(options=[pad]) /
    IPv6ExtHdrRouting(segleft=0, addresses=[]) / IPv6ExtHdrDestOpt(options=[pad]) / tcp()))
eight = IPv6ExtHdrDestOpt(options=[pad])
for _ in range(7):
    eight /= IPv6ExtHdrDestOpt(options=[pad])
forwarded("eight of them", ip6(eight / tcp()))
forwarded("an unknown option is the backend's to judge", ip6(
    IPv6ExtHdrHopByHop(options=[HBHOptUnknown(otype=0xde, optdata=b"abcd")]) / tcp()))
# RFC 6946: a fragment header on a whole packet
forwarded("an atomic fragment of TCP", ip6(IPv6ExtHdrFragment(offset=0, m=0, id=5) / tcp()))
forwarded("an atomic fragment of UDP", ip6(IPv6ExtHdrFragment(offset=0, m=0, id=6) / udp(data=b"x")))
forwarded("6-in-4 with extension headers", ip6(IPv6ExtHdrHopByHop(options=[pad]) / tcp(8443)), "one/a")

# --- DSR ---

for flags in ("S", "A"):
    p = ip6(tcp(80, flags=flags), dst=VIP6_DSR)
    table.add(f"DSR of TCP {flags}", frame_of(p), dsr(p, "dsr6/a"))
p = ip6(udp(514, data=b"log"), dst=VIP6_DSR, hlim=1, tc=0xb9, fl=7)
table.add("DSR of UDP: hop limit, class and label stay", frame_of(p), dsr(p, "dsr6/a"))
p = ip6(tcp(80, data=b"x" * 1440), dst=VIP6_DSR)
table.add("DSR of a full-size packet", frame_of(p), dsr(p, "dsr6/a"))
p = ip6(IPv6ExtHdrHopByHop(options=[pad]) / tcp(80), dst=VIP6_DSR)
table.add("DSR with an extension header", frame_of(p, tags=(3,)), dsr(p, "dsr6/a"))

# --- For a VIP, and for no service ---

table.add("a port without a service", frame_of(ip6(tcp(444))), drop("no_service"))
table.add("a UDP port where TCP has a service", frame_of(ip6(udp(443))), drop("no_service"))
table.add("no next header", frame_of(ip6(b"", nh=59)), drop("no_service"))
for number, what in [(4, "4-in-6"), (41, "6-in-6"), (47, "GRE"), (50, "ESP"), (132, "SCTP"), (1, "ICMP over IPv6")]:
    table.add(f"protocol {what} to a VIP", frame_of(ip6(b"\0" * 40, nh=number)), drop("no_service"))
table.add("an unknown protocol behind options", frame_of(ip6(IPv6ExtHdrDestOpt(options=[pad], nh=253) / b"x")),
          drop("no_service"))
# RFC 4291 2.5.2, 2.5.3, 2.5.5.2, 2.7
for source in ("::", "::1", "ff02::1", "::ffff:192.0.2.1"):
    table.add(f"from {source}", frame_of(ip6(tcp(), src=source)), drop("source_invalid"))

# --- The kernel's ---


def punted(name, frame):
    table.add(name, frame, punt(frame))


def from_router(packet, mac):
    return bytes(Ether(src=ROUTER, dst=mac, type=0x86dd)) + packet


solicitation = ICMPv6ND_NS(tgt=OWN6) / ICMPv6NDOptSrcLLAddr(lladdr=ROUTER)
punted("neighbour solicitation for the balancer",
       from_router(bytes(IPv6(src="fe80::1", dst="ff02::1:ff00:2", hlim=255) / solicitation), "33:33:ff:00:00:02"))
punted("neighbour solicitation for a VIP",
       from_router(bytes(IPv6(src="fe80::1", dst="ff02::1:ff00:10", hlim=255) / ICMPv6ND_NS(tgt=VIP6)),
                   "33:33:ff:00:00:10"))
punted("whether a VIP still has its MAC, asked at the VIP",
       frame_of(ip6(ICMPv6ND_NS(tgt=VIP6) / ICMPv6NDOptSrcLLAddr(lladdr=ROUTER), hlim=255)))
table.add("the same from behind a router", frame_of(ip6(ICMPv6ND_NS(tgt=VIP6), hlim=254)), drop("no_service"))
table.add("a neighbour advertisement to a VIP", frame_of(ip6(ICMPv6ND_NA(tgt=VIP6), hlim=255)), drop("no_service"))
punted("TCP to the balancer", frame_of(ip6(tcp(22, flags="S"), dst=OWN6)))
punted("echo to the balancer", frame_of(ip6(ICMPv6EchoRequest(), dst=OWN6)))
punted("UDP to an address next to a VIP", frame_of(ip6(udp(53), dst="2001:db8:1::11")))
punted("a later fragment to the balancer", frame_of(ip6(IPv6ExtHdrFragment(offset=10, m=0, id=1) / b"12345678",
                                                        dst=OWN6)))
punted("an EtherType of its own", eth(b"\0" * 46, type=0x8847))

# --- Affinity ---

TWO = ("three6/a", "three6/b")
table.story("a TCP flow stays together", *[
    Step(frame_of(p), tunnel(p, *TWO), tied="flow")
    for p in [ip6(tcp(1005, flags=f, sport=20100)) for f in ("S", "A", "PA", "FA", "A")]])
table.story("extension headers and labels do not choose", *[
    Step(frame_of(p), tunnel(p, *TWO), tied="flow")
    for p in [ip6(tcp(1005, sport=20101)), ip6(tcp(1005, sport=20101), fl=5, tc=8),
              ip6(IPv6ExtHdrHopByHop(options=[pad]) / tcp(1005, sport=20101)),
              ip6(IPv6ExtHdrFragment(offset=0, m=0, id=5) / tcp(1005, sport=20101))]])
table.story("source affinity", *[
    Step(frame_of(p), tunnel(p, *TWO), tied="flow")
    for p in [ip6(tcp(1006, flags="S", sport=sport()), src=CLIENT6) for _ in range(5)]])
