# SPDX-License-Identifier: BSD-3-Clause
"""A pool with `on_all_down: reject` that nobody can serve: who asks is told so at once."""
from scapy.all import (ICMP, ICMPv6DestUnreach, IPOption_RR, IP, TCP, UDP, Ether, IPv6, IPv6ExtHdrDestOpt, PadN, Raw)

from case import NO_HEADROOM, Step, Table, answer, drop, tunnel
from frames import (ANYWHERE, ANYWHERE6, CLIENT, CLIENT6, VIP, VIP6, VIP_DSR, back, cut4, cut6, frame_of, hops, ip4, ip6,
                    pool_file, reset_for, sport, tcp, udp)

PORT, EARLY = 1015, 1016
table = Table("reject")
table.reorders = True


def unreachable(packet):
    """RFC 1122 4.1.3.1, RFC 4443 3.1: from the VIP, quoting the datagram up to 576 or 1280 bytes in all."""
    if packet[0] >> 4 == 4:
        return bytes(IP(src=VIP, dst=CLIENT, ttl=64, id=0) / ICMP(type=3, code=3) / Raw(packet[:576 - 28]))
    return bytes(IPv6(src=VIP6, dst=CLIENT6, hlim=64) / ICMPv6DestUnreach(code=4) / Raw(packet[:1280 - 48]))


def told(name, packet, **framing):
    f = frame_of(packet, **framing)
    table.add(name, f, answer(back(f, unreachable(packet))))


# --- TCP: RFC 9293 3.10.7.1, as if there were no connection ---

for flags in ("S", "SEC", "A", "PA", "FA", "SA", "F", ""):
    for version, packet in ((4, ip4(tcp(PORT, flags, data=b"x" * 7))), (6, ip6(tcp(PORT, flags, data=b"x" * 7)))):
        table.add(f"IPv{version}: TCP '{flags}' is reset", frame_of(packet), answer(reset_for(frame_of(packet))))
for flags in ("R", "RA", "SR", "FR"):
    table.add(f"TCP '{flags}' gets no answer", frame_of(ip4(tcp(PORT, flags))), drop("no_backend"))
    table.add(f"IPv6: TCP '{flags}' gets no answer", frame_of(ip6(tcp(PORT, flags))), drop("no_backend"))
f = frame_of(ip4(tcp(PORT, "S")), tags=(0x2005,), pad=b"\xaa" * 6)
table.add("a reset behind a tag, without the padding", f, answer(back(f, reset_for(frame_of(f[18:-6]))[14:])))

# --- UDP ---

for size in (0, 1, 512, 1000, 1232, 1400):
    told(f"UDP with {size} bytes", ip4(udp(PORT, data=b"x" * size)))
    told(f"IPv6: UDP with {size} bytes", ip6(udp(PORT, data=b"x" * size)))
told("UDP with options", ip4(udp(PORT), options=[IPOption_RR(length=39, routers=["0.0.0.0"] * 9)]))
told("UDP behind an extension header", ip6(IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0" * 4)]) / udp(PORT)))
told("UDP behind a tag and with padding", ip4(udp(PORT)), tags=(5,), pad=b"\xff" * 9)
told("UDP with a TTL of 1", ip4(udp(PORT), ttl=1))

# A first fragment is answered for all of its datagram (RFC 1122 3.2.2), the others end with it.
for number, (cut, source) in enumerate(((cut4, ip4), (cut6, ip6))):
    pieces = list(cut(bytes(udp(PORT, data=b"x" * 1000)), 0x5000 + number, 800, 17))
    f = frame_of(pieces[0])
    table.story(f"a datagram in fragments, {number}", Step(f, answer(back(f, unreachable(pieces[0])))),
                Step(frame_of(pieces[1]), drop("no_backend")))

# --- What must not be answered ---

for number, packet in enumerate((
        ip4(udp(PORT), src="127.0.0.1"), ip4(tcp(PORT, "S"), src="0.0.0.0"), ip4(udp(PORT), src="255.255.255.255"),
        ip4(udp(PORT), src="224.0.0.9"), ip6(udp(PORT), src="ff02::1"), ip6(tcp(PORT, "S"), src="::"))):
    table.add(f"from nobody, {number}", frame_of(packet), drop("source_invalid"))
table.add("from another VIP", frame_of(ip4(udp(PORT), src=VIP_DSR)), drop("source_own"))
f = frame_of(ip4(udp(PORT)))
table.add("from a group's MAC", f[:6] + b"\x01\0\x5e\0\0\1" + f[12:], drop("mac_source"))
f = frame_of(ip4(tcp(PORT, "S")))
table.add("from the zero MAC", f[:6] + bytes(6) + f[12:], drop("mac_source"))
table.add("UDP without room in the buffer", frame_of(ip4(udp(PORT))), drop("headroom"), how=NO_HEADROOM)
p = ip4(tcp(PORT, "S"))
table.add("a reset needs no more room", frame_of(p), answer(reset_for(frame_of(p))), how=NO_HEADROOM)

# RFC 1122 3.2.2, RFC 4443 2.4 e: no error about an error
quote = IP(src=VIP, dst=CLIENT) / TCP(sport=PORT, dport=5000)
table.add("an ICMP error about it", frame_of(ip4(ICMP(type=3, code=1) / Raw(bytes(quote)), src=ANYWHERE)), drop("no_backend"))
quote = IPv6(src=VIP6, dst=CLIENT6) / UDP(sport=PORT, dport=5000) / Raw(b"x" * 20)
table.add("an ICMPv6 error about it", frame_of(bytes(
    IPv6(src=ANYWHERE6, dst=VIP6) / ICMPv6DestUnreach(code=4) / Raw(bytes(quote)))), drop("no_backend"))

# Before the first probe has answered nobody knows whether anybody serves.
table.add("TCP to a pool that was not asked yet", frame_of(ip4(tcp(EARLY, "S"))), drop("no_backend"))
table.add("UDP to a pool that was not asked yet", frame_of(ip4(udp(EARLY))), drop("no_backend"))

# --- Once somebody serves ---

table.publish(pool_file(), hops(refuse_a="up", refuse_b="draining"))
flow, datagrams = sport(), sport()
p, d = ip4(tcp(PORT, "S", sport=flow)), ip4(udp(PORT, sport=datagrams))
table.add("a connection", frame_of(p), tunnel(p, "refuse/a"))
table.add("a datagram", frame_of(d), tunnel(d, "refuse/a"))
table.publish(pool_file(), hops(refuse_a="draining"))
q = ip4(tcp(PORT, "A", sport=flow))
table.add("what it has it keeps while it drains", frame_of(q), tunnel(q, "refuse/a"))
p = ip4(tcp(PORT, "S"))
table.add("what begins is rejected", frame_of(p), answer(reset_for(frame_of(p))))
told("a datagram that begins is rejected", ip4(udp(PORT)))
table.publish(pool_file(), hops())
table.add("by on_down: keep the connection waits", frame_of(q), tunnel(q, "refuse/a"))
f = frame_of(d)
table.add("a datagram does not wait", f, answer(back(f, unreachable(d))))
