# SPDX-License-Identifier: BSD-3-Clause
"""Who cannot be a client: nobody's addresses, those of link scope, the VIPs and the balancer's own."""
from scapy.all import ICMP, ICMPv6DestUnreach, ICMPv6EchoRequest, ICMPv6PacketTooBig, Raw

from case import Step, Table, drop, tunnel
from cases_fragments import cut4, cut6
from frames import (ANYWHERE, ANYWHERE6, CLIENT, CLIENT6, IP, OWN, OWN6, TCP, VIP, VIP6, VIP6_DSR, VIP_ANY, VIP_DSR,
                    IPv6, frame_of, ip4, ip6, sport, tcp, udp)

table = Table("sources")
table.reorders = True

# RFC 1122 3.2.1.3, RFC 3927 2.7; RFC 4291 2.5.2, 2.5.3, 2.5.5.2, 2.5.6, 2.7
INVALID = ["0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.255.255", "169.254.0.1", "169.254.255.255", "224.0.0.1",
           "239.255.255.250", "240.0.0.1", "255.255.255.255"]
INVALID6 = ["::", "::1", "::ffff:192.0.2.1", "fe80::1", "fe80::ffff:1:2", "febf::1", "ff02::1", "ff0e::1"]
# CVE-2024-2169, and what land was: the VIP itself, another one, one of the other forwarding, the
# balancer, its network
OWNED = [VIP, VIP_DSR, VIP_ANY, OWN, "10.0.0.255"]
OWNED6 = [VIP6, VIP6_DSR, OWN6]
# Neighbours of all of these, which may be clients
FINE = ["1.0.0.1", "126.1.1.1", "128.0.0.1", "169.253.255.255", "169.255.0.1", "223.255.255.1", "203.0.113.11", "10.0.0.3"]
FINE6 = ["fec0::1", "fd00::3", "2001:db8:1::11", "fc00::1", "::2:0:0:0:1", "64:ff9b::1"]

SOURCES4 = [(s, "source_invalid") for s in INVALID] + [(s, "source_own") for s in OWNED]
SOURCES6 = [(s, "source_invalid") for s in INVALID6] + [(s, "source_own") for s in OWNED6]


def error4(outer, client=CLIENT):
    return ip4(ICMP(type=3, code=1) / IP(src=VIP, dst=client) / TCP(sport=443, dport=sport()), src=outer)


def error6(outer, client=CLIENT6):
    return ip6(ICMPv6PacketTooBig(mtu=1280) / IPv6(src=VIP6, dst=client) / TCP(sport=443, dport=sport()), src=outer)


for source, reason in SOURCES4:
    for what, payload in [("a SYN", tcp(flags="S")), ("a segment", tcp()), ("a FIN", tcp(flags="FA")),
                          ("a RST", tcp(flags="R")), ("a datagram", udp(data=b"x")), ("a port of a range", tcp(30000)),
                          ("echo", ICMP()), ("4-in-6", tcp(8443)), ("three backends", udp(1005))]:
        table.add(f"{what} from {source}", frame_of(ip4(payload, src=source)), drop(reason))
    table.add(f"from {source}, behind a tag", frame_of(ip4(tcp(flags="S"), src=source), tags=(5,)), drop(reason))
    table.add(f"DSR from {source}", frame_of(ip4(udp(514), src=source, dst=VIP_DSR)), drop(reason))
    table.add(f"any port, from {source}", frame_of(ip4(tcp(5), src=source, dst=VIP_ANY)), drop(reason))
    table.add(f"an error from {source}", frame_of(error4(source)), drop(reason))
    table.add(f"an error about a packet to {source}", frame_of(error4(ANYWHERE, source)), drop(reason))
    for piece in cut4(bytes(udp(53, data=b"x" * 1000)), sport(), 800, 17):
        piece = ip4(piece[20:], src=source, proto=17, id=IP(piece).id, frag=IP(piece).frag, flags=IP(piece).flags)
        table.add(f"a fragment from {source}", frame_of(piece), drop(reason))

for source, reason in SOURCES6:
    for what, payload in [("a SYN", tcp(flags="S")), ("a segment", tcp()), ("a RST", tcp(flags="R")),
                          ("a datagram", udp(data=b"x")), ("a port of a range", tcp(30000)),
                          ("echo", ICMPv6EchoRequest()), ("6-in-4", tcp(8443))]:
        table.add(f"IPv6: {what} from {source}", frame_of(ip6(payload, src=source)), drop(reason))
    table.add(f"IPv6: DSR from {source}", frame_of(ip6(udp(514), src=source, dst=VIP6_DSR)), drop(reason))
    table.add(f"IPv6: an error from {source}", frame_of(error6(source)), drop(reason))
    table.add(f"IPv6: an error about a packet to {source}", frame_of(error6(ANYWHERE6, source)), drop(reason))
    for piece in cut6(bytes(udp(53, data=b"x" * 1000)), sport(), 800, 17):
        table.add(f"IPv6: a fragment from {source}", frame_of(ip6(piece[40:], src=source, nh=44)), drop(reason))

for source in FINE:
    for payload in (tcp(flags="S"), tcp(), udp()):
        p = ip4(payload, src=source)
        table.add(f"from {source}, a neighbour of those", frame_of(p), tunnel(p, "one/a"))
    p = error4(source)
    table.add(f"an error from {source}", frame_of(p), tunnel(p, "one/a"))
for source in FINE6:
    for payload in (tcp(flags="S"), tcp(), udp()):
        p = ip6(payload, src=source)
        table.add(f"from {source}, a neighbour of those", frame_of(p), tunnel(p, "one6/a"))
    p = error6(source)
    table.add(f"an error from {source}", frame_of(p), tunnel(p, "one6/a"))
p = ip6(ICMPv6DestUnreach(code=4) / IPv6(src=VIP6, dst=CLIENT6) / TCP(sport=443, dport=sport()) / Raw(b"x"), src=ANYWHERE6)
table.add("an error about a client's own packet", frame_of(p), tunnel(p, "one6/a"))
