# SPDX-License-Identifier: BSD-3-Clause
"""What the balancer answers by itself: echo, and packets too big for the path."""
import struct

from scapy.all import (ICMP, ICMPv6DestUnreach, ICMPv6EchoReply, ICMPv6EchoRequest, ICMPv6PacketTooBig, IPOption_RR,
                       IPv6ExtHdrHopByHop, PadN, Raw)

from case import Step, Table, answer, drop, dsr, in_pieces, tunnel
from frames import (ANYWHERE, CLIENT, CLIENT6, TCP, VIP, VIP6, VIP6_DSR, VIP_DSR, IP, IPv6, back, cut4, frame_of, ip4, ip6,
                    patched, reset_for, tcp, udp)

table = Table("answers")
table.reorders = True


def answered(name, frame, packet):
    table.add(name, frame, answer(back(frame, bytes(packet))))


def from_vip4(payload, tos=0, **fields):
    return IP(src=VIP, dst=CLIENT, ttl=64, id=0, tos=tos, **fields) / payload


def from_vip6(payload, tc=0):
    return IPv6(src=VIP6, dst=CLIENT6, hlim=64, tc=tc) / payload


# --- Echo: RFC 792, RFC 1122 3.2.2.6, RFC 4443 4 ---

for size in (0, 1, 56, 1000):
    data = Raw(b"x" * size)
    answered(f"echo with {size} bytes", frame_of(ip4(ICMP(id=7, seq=9) / data)),
             from_vip4(ICMP(type=0, id=7, seq=9) / data, flags="DF"))
    answered(f"IPv6: echo with {size} bytes", frame_of(ip6(ICMPv6EchoRequest(id=7, seq=9) / data)),
             from_vip6(ICMPv6EchoReply(id=7, seq=9) / data))
answered("echo keeps its type of service", frame_of(ip4(ICMP(), tos=0xb8)), from_vip4(ICMP(type=0), tos=0xb8, flags="DF"))
answered("echo behind a tag goes back behind it", frame_of(ip4(ICMP()), tags=(0x2005,)), from_vip4(ICMP(type=0), flags="DF"))
answered("echo leaves padding behind", frame_of(ip4(ICMP()), pad=b"\xaa" * 18), from_vip4(ICMP(type=0), flags="DF"))
table.add("echo with a wrong checksum", frame_of(ip4(ICMP(chksum=0x1234))), drop("icmp_checksum"))
table.add("IPv6: echo with a wrong checksum", frame_of(ip6(ICMPv6EchoRequest(cksum=0x1234))), drop("icmp_checksum"))
table.add("echo from an address that no host has", frame_of(ip4(ICMP(), src="127.0.0.1")), drop("source_invalid"))

# --- Too big: RFC 1191 4, RFC 1812 4.3.2.3 (576 bytes at most), RFC 8201, RFC 4443 3.2 (1280 at
# most) ---


def too_big4(name, packet, mtu):
    quote = packet[:576 - 28]
    answered(name, frame_of(packet), from_vip4(ICMP(type=3, code=4, nexthopmtu=mtu) / Raw(quote)))


def too_big6(name, packet, mtu):
    answered(name, frame_of(packet), from_vip6(ICMPv6PacketTooBig(mtu=mtu) / Raw(packet[:1280 - 48])))


too_big4("a byte too big", ip4(tcp(data=b"x" * 1441), flags="DF"), 1480)
too_big4("a full-size segment", ip4(tcp(data=b"x" * 1460), flags="DF"), 1480)
too_big4("too big for a small path", ip4(tcp(1003, data=b"x" * 1341), flags="DF"), 1380)
too_big4("4-in-6: too big", ip4(tcp(8443, data=b"x" * 1421), flags="DF"), 1460)
too_big4("UDP too big", ip4(udp(data=b"x" * 1460), flags="DF"), 1480)
too_big6("6-in-6: a byte too big", ip6(tcp(data=b"x" * 1401)), 1460)
too_big6("6-in-4: a byte too big", ip6(tcp(8443, data=b"x" * 1421)), 1480)
too_big6("IPv6: UDP too big", ip6(udp(data=b"x" * 1440)), 1460)
too_big6("IPv6: too big behind an extension header",
         ip6(IPv6ExtHdrHopByHop(options=[PadN(optdata=b"\0" * 4)]) / tcp(data=b"x" * 1400)), 1460)

# --- Without DF: fragmented inside, RFC 791 3.2; the backend puts it together again ---


def fragments_of(packet, size):
    """As a router would cut it: pieces of up to 'size' bytes, header included."""
    header, data = packet[:20], packet[20:]
    step = (size - 20) & ~7
    for at in range(0, len(data), step):
        more = 0x2000 if at + step < len(data) else 0
        piece = data[at:at + step]
        yield patched(header + piece, {2: struct.pack("!H", 20 + len(piece)), 6: struct.pack("!H", more | at // 8)})


for size in (1441, 1460):
    p = ip4(tcp(data=b"x" * size), id=0x1234)
    table.add(f"TCP with {size} bytes and no DF", frame_of(p), in_pieces(list(fragments_of(p, 1480)), "one/a"))
p = ip4(tcp(1003, data=bytes(range(256)) * 5 + b"x" * 180), id=0x1235)
table.add("no DF, a small path", frame_of(p), in_pieces(list(fragments_of(p, 1380)), "small/a"))
p = ip4(tcp(8443, data=b"x" * 1440), id=0x1236)
table.add("4-in-6: no DF", frame_of(p), in_pieces(list(fragments_of(p, 1460)), "one6/a"))
p = ip4(udp(data=b"x" * 1472), id=0x1237, tos=0xb9, ttl=3)
table.add("no DF: type of service and TTL in every piece", frame_of(p), in_pieces(list(fragments_of(p, 1480)), "one/a"))
p = ip4(tcp(data=b"x" * 1460), id=0x1238)
table.add("no DF, behind a tag and with a trailer", frame_of(p, tags=(5,), pad=b"\xff" * 9),
          in_pieces(list(fragments_of(p, 1480)), "one/a"))
too_big4("no DF, but the pool would rather tell the sender", ip4(tcp(1014, data=b"x" * 1441)), 1480)
for size in (1441, 1460):
    p = ip4(tcp(80, data=b"x" * size), dst=VIP_DSR)
    table.add(f"DSR has no outer header: {size} bytes fit", frame_of(p), dsr(p, "dsr/a"))

# A datagram that is in fragments already: each piece says where it belongs in the whole
data = bytes(udp(data=b"y" * 2945))
first = ip4(data[:1480], proto=17, flags="MF", id=0x2000)
table.add("no DF: a first fragment is cut once more", frame_of(first), in_pieces([
    patched(piece, {6: struct.pack("!H", 0x2000 | int.from_bytes(piece[6:8], "big") & 0x1fff)})
    for piece in fragments_of(first, 1480)], "one/a"))

# --- The end of a traceroute: RFC 1122 4.1.3.1, RFC 4443 3.1 (port unreachable), RFC 9293 3.10.7.1
# (reset) ---

for size in (0, 32, 1000, 1472):
    p = ip4(udp(33434, data=b"x" * size), ttl=1)
    answered(f"UDP to no service with TTL 1, {size} bytes", frame_of(p), from_vip4(ICMP(type=3, code=3) / Raw(p[:576 - 28])))
    p = ip6(udp(33434, data=b"x" * min(size, 1452)), hlim=1)
    answered(f"IPv6: UDP to no service with hop limit 1, {size} bytes", frame_of(p),
             from_vip6(ICMPv6DestUnreach(code=4) / Raw(p[:1280 - 48])))
p = ip4(udp(33434), ttl=1, options=[IPOption_RR(length=39, routers=["0.0.0.0"] * 9)])
answered("UDP to no service, with options", frame_of(p), from_vip4(ICMP(type=3, code=3) / Raw(p)))
p = ip4(udp(33434), ttl=1)
answered("UDP to no service, behind a tag and with padding", frame_of(p, tags=(5,), pad=b"\xff" * 9),
         from_vip4(ICMP(type=3, code=3) / Raw(p)))
for number, packet in ((0, ip4(tcp(81, "S"), ttl=1)), (1, ip6(tcp(81, "S"), hlim=1)), (2, ip4(tcp(81, "SEC"), ttl=1))):
    table.add(f"a SYN to no service with a TTL of 1, {number}", frame_of(packet), answer(reset_for(frame_of(packet))))
for ttl in (0, 2, 64, 255):
    table.add(f"UDP to no service with TTL {ttl}", frame_of(ip4(udp(33434), ttl=ttl)), drop("no_service"))
    table.add(f"IPv6: UDP to no service with hop limit {ttl}", frame_of(ip6(udp(33434), hlim=ttl)), drop("no_service"))
    table.add(f"a SYN to no service with TTL {ttl}", frame_of(ip4(tcp(81, "S"), ttl=ttl)), drop("no_service"))
for flags in ("R", "RA", "A", "FA", "SA", "SR", ""):
    table.add(f"no SYN to no service, '{flags}'", frame_of(ip4(tcp(81, flags), ttl=1)), drop("no_service"))
for number, packet in ((0, ip4(b"x" * 20, proto=47, ttl=1)), (1, ip4(ICMP(type=13), ttl=1)),
                       (2, ip4(udp(33434), src="127.0.0.1", ttl=1)), (3, ip4(udp(33434), src=VIP_DSR, ttl=1)),
                       (4, ip6(udp(33434), src="ff02::1", hlim=1)), (5, ip4(udp(33434), src="0.0.0.0", ttl=1)),
                       (6, ip4(tcp(81, "S"), src="255.255.255.255", ttl=1))):
    table.add(f"what must not be answered, with a TTL of 1, {number}", frame_of(packet), drop("no_service"))
p = ip4(tcp(443, "S"), ttl=1)
table.add("a SYN to a service with a TTL of 1 goes on", frame_of(p), tunnel(p, "one/a"))
pieces = list(cut4(bytes(udp(33434, data=b"x" * 1000)), 0x3000, 800, 17, ttl=1))
table.story("a traceroute in fragments: the first one is answered for all",
            Step(frame_of(pieces[0]), answer(back(frame_of(pieces[0]), bytes(
                from_vip4(ICMP(type=3, code=3) / Raw(pieces[0][:576 - 28])))))),
            Step(frame_of(pieces[1]), drop("no_service")))
quote = IP(src=VIP, dst=CLIENT) / TCP(sport=444, dport=5000)
table.add("an ICMP error about no service, with a TTL of 1", frame_of(ip4(ICMP(type=3, code=1) / Raw(bytes(quote)), src=ANYWHERE, ttl=1)),
          drop("no_service"))

# RFC 1122 3.2.2, RFC 4443 2.4 e: no error about an error
quote = IP(src=VIP, dst=CLIENT) / TCP(sport=443, dport=5000) / Raw(b"x" * 1500)
table.add("an ICMP error too big for the path gets none",
          frame_of(ip4(ICMP(type=3, code=1) / Raw(bytes(quote)[:1472]), src=ANYWHERE, flags="DF")), drop("too_big"))
p = ip4(ICMP(type=3, code=1) / Raw(bytes(quote)[:1452]), src=ANYWHERE, flags="DF")
table.add("an ICMP error that just fits", frame_of(p), tunnel(p, "one/a"))
table.add("an ICMP error with a wrong checksum", frame_of(patched(p, {22: b"\x12\x34"})), drop("icmp_checksum"))
