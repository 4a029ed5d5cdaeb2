# SPDX-License-Identifier: BSD-3-Clause
"""A VIP that is a hop on a source route, and not its end: RFC 8200 4.4, RFC 5095 3, RFC 7126 4.3 and 4.4."""
import struct

from scapy.all import (ICMP, ICMPv6EchoRequest, ICMPv6PacketTooBig, IPOption_LSRR, IPOption_RR, IPOption_SSRR,
                       IPv6ExtHdrDestOpt, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, PadN, Raw)

from case import Table, answer, drop, dsr, punt, tunnel
from frames import (ANYWHERE, ANYWHERE6, BALANCER, CLIENT, CLIENT6, IP, OWN, OWN6, ROUTER, TCP, UDP, VIP, VIP6, VIP6_DSR,
                    VIP_DSR, Ether, IPv6, frame_of, ip4, ip6, sport, tcp, udp)

table = Table("source routes")


def routing(kind, left, addresses=1):
    """A routing header of any type: RFC 8200 4.4."""
    return struct.pack("!BBBBI", 0, 2 * addresses, kind, left, 0) + bytes(16 * addresses)


def behind(header, payload, number):
    return bytes([number]) + header[1:] + bytes(payload)


for kind in (0, 2, 3, 4, 253, 77):
    for left in (1, 2, 255):
        for what, payload, number in (("TCP", tcp(), 6), ("UDP", udp(), 17)):
            p = ip6(behind(routing(kind, left), payload, number), nh=43)
            table.add(f"type {kind}, {left} left, {what}", frame_of(p), drop("source_route"))
    p = ip6(behind(routing(kind, 1), ICMPv6EchoRequest(), 58), nh=43)
    table.add(f"type {kind}: echo", frame_of(p), drop("source_route"))
    p = ip6(behind(routing(kind, 1), tcp(80), 6), nh=43, dst=VIP6_DSR)
    table.add(f"type {kind}: DSR", frame_of(p, tags=(5,)), drop("source_route"))
    p = ip6(behind(routing(kind, 0), tcp(), 6), nh=43)
    table.add(f"type {kind} at its end", frame_of(p), tunnel(p, "one6/a"))
    p = ip6(behind(routing(kind, 0), udp(514), 17), nh=43, dst=VIP6_DSR)
    table.add(f"type {kind} at its end: DSR", frame_of(p), dsr(p, "dsr6/a"))
    p = ip6(behind(routing(kind, 1), tcp(22), 6), nh=43, dst=OWN6)
    table.add(f"type {kind} to the balancer is the kernel's to judge", frame_of(p), punt(frame_of(p)))
pad = PadN(optdata=b"\0" * 4)
chain = bytes(IPv6ExtHdrHopByHop(options=[pad], nh=60) / IPv6ExtHdrDestOpt(options=[pad], nh=43))
table.add("behind other headers", frame_of(ip6(chain + behind(routing(4, 1), tcp(), 6), nh=0)), drop("source_route"))
for offset in (1, 0x101):
    fragment = behind(routing(0, 1), struct.pack("!BBHI", 17, 0, offset, 900) + bytes(udp(data=b"x" * 8)), 44)
    table.add(f"before a fragment header, {offset}", frame_of(ip6(fragment, nh=43)), drop("source_route"))
first = struct.pack("!BBHI", 43, 0, 1, 901) + behind(routing(0, 1), udp(data=b"x" * 8), 17)
table.add("inside a first fragment", frame_of(ip6(first, nh=44)), drop("source_route"))
error = bytes(ICMPv6PacketTooBig(mtu=1280) / IPv6(src=VIP6, dst=CLIENT6) / TCP(sport=443, dport=sport()) / Raw(b"x"))
table.add("an ICMP error on one", frame_of(ip6(behind(routing(0, 1), error, 58), nh=43, src=ANYWHERE6)), drop("source_route"))

# An error about a packet to a hop: who the client is, its quote does not say
quote = bytes(IPv6(src=VIP6, dst=CLIENT6, nh=43)) + behind(routing(4, 1), TCP(sport=443, dport=sport()) / Raw(b"x" * 8), 6)
table.add("IPv6: an error about a packet that was on one", frame_of(ip6(ICMPv6PacketTooBig(mtu=1280) / Raw(quote), src=ANYWHERE6)),
          drop("icmp_quote"))
quote = bytes(IPv6(src=VIP6, dst=CLIENT6, nh=43)) + behind(routing(4, 0), TCP(sport=443, dport=sport()) / Raw(b"x" * 8), 6)
p = ip6(ICMPv6PacketTooBig(mtu=1280) / Raw(quote), src=ANYWHERE6)
table.add("IPv6: an error about a packet whose route was at its end", frame_of(p), tunnel(p, "one6/a"))

# --- IPv4: LSRR and SSRR, RFC 791 3.1 ---

HOPS = ["198.51.100.1", "198.51.100.2"]
for option, name in ((IPOption_LSRR, "LSRR"), (IPOption_SSRR, "SSRR")):
    for pointer in (4, 8, 11):
        for what, payload in (("TCP", tcp()), ("UDP", udp()), ("echo", ICMP()), ("no service", tcp(444))):
            p = ip4(payload, options=[option(routers=HOPS, pointer=pointer)])
            table.add(f"{name} at {pointer}: {what}", frame_of(p), drop("source_route"))
        p = ip4(tcp(80), dst=VIP_DSR, options=[option(routers=HOPS, pointer=pointer)])
        table.add(f"{name} at {pointer}: DSR", frame_of(p), drop("source_route"))
        p = ip4(b"x" * 64, proto=17, frag=5, id=7, options=[option(routers=HOPS, pointer=pointer)])
        table.add(f"{name} at {pointer}: a later fragment", frame_of(p), drop("source_route"))
        p = ip4(tcp(22), dst=OWN, options=[option(routers=HOPS, pointer=pointer)])
        table.add(f"{name} at {pointer}: to the balancer, the kernel's to judge", frame_of(p), punt(frame_of(p)))
        quote = IP(src=VIP, dst=CLIENT, options=[option(routers=HOPS, pointer=pointer)]) / TCP(sport=443, dport=sport())
        table.add(f"{name} at {pointer}: an error about a packet that was on one",
                  frame_of(ip4(ICMP(type=3, code=1) / quote, src=ANYWHERE)), drop("icmp_quote"))
    for pointer in (12, 13, 255):
        p = ip4(tcp(), options=[option(routers=HOPS, pointer=pointer)])
        table.add(f"{name} at {pointer}, its end", frame_of(p), tunnel(p, "one/a"))
    p = ip4(tcp(), options=[IPOption_RR(length=7, routers=["0.0.0.0"]), option(routers=HOPS[:1], pointer=4)])
    table.add(f"{name} behind another option", frame_of(p), drop("source_route"))
    quote = IP(src=VIP, dst=CLIENT, options=[option(routers=HOPS, pointer=12)]) / TCP(sport=443, dport=sport())
    p = ip4(ICMP(type=3, code=1) / quote, src=ANYWHERE)
    table.add(f"{name} at its end in a quote", frame_of(p), tunnel(p, "one/a"))
pong = IP(src=VIP, dst=CLIENT, ttl=64, flags="DF", id=0) / ICMP(type=0)
table.add("echo with a route at its end", frame_of(ip4(ICMP(), options=[IPOption_LSRR(routers=HOPS, pointer=12)])),
          answer(bytes(Ether(src=BALANCER, dst=ROUTER) / pong)))
