# SPDX-License-Identifier: BSD-3-Clause
"""ICMP and ICMPv6 errors about what a VIP sent: to the backend of the flow that they quote."""
from scapy.all import (ICMP, ICMPv6DestUnreach, ICMPv6Unknown as Unknown, ICMPv6PacketTooBig, ICMPv6ParamProblem, ICMPv6TimeExceeded,
                       IPOption_RR, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, PadN, Raw)

from case import Step, Table, drop, dsr, tunnel
from frames import (ANYWHERE, ANYWHERE6, CLIENT, CLIENT6, IP, TCP, UDP, VIP, VIP6, VIP6_DSR, VIP_DSR, IPv6, frame_of,
                    ip4, ip6, patched, sport, tcp, udp)

table = Table("ICMP errors")


def sent4(port=443, to=None, layer=TCP, vip=VIP, client=CLIENT, **fields):
    """What the VIP's backend had sent to the client."""
    return IP(src=vip, dst=client, **fields) / layer(sport=port, dport=to or sport()) / Raw(b"answer")


def sent6(port=443, to=None, layer=TCP, vip=VIP6, client=CLIENT6, **fields):
    return IPv6(src=vip, dst=client, **fields) / layer(sport=port, dport=to or sport()) / Raw(b"answer")


def error4(quote, keep=None, vip=VIP, **fields):
    """The error that a router on the way sends about it; the quote cut to 'keep' bytes."""
    fields = {"type": 3, "code": 4, "nexthopmtu": 1400, **fields}
    return ip4(ICMP(**fields) / Raw(bytes(quote)[:keep]), src=ANYWHERE, dst=vip)


def error6(quote, kind=None, keep=None, vip=VIP6):
    return ip6((kind or ICMPv6PacketTooBig(mtu=1280)) / Raw(bytes(quote)[:keep]), src=ANYWHERE6, dst=vip)


def forwarded(name, packet, backend="one/a", **framing):
    table.add(name, frame_of(packet, **framing), tunnel(packet, backend))


def dropped(name, packet, reason):
    table.add(name, frame_of(packet), drop(reason))


# --- IPv4: RFC 792, RFC 1191 ---

forwarded("fragmentation needed", error4(sent4()))
for code, what in [(0, "network"), (1, "host"), (2, "protocol"), (3, "port"), (13, "administratively")]:
    forwarded(f"{what} unreachable", error4(sent4(), code=code))
forwarded("time exceeded", error4(sent4(), type=11, code=0))
forwarded("parameter problem", error4(sent4(), type=12, code=0))
forwarded("about UDP", error4(sent4(53, layer=UDP), code=3))
forwarded("a quote of 28 bytes, as RFC 792 has it", error4(sent4(), keep=28))
forwarded("a quote of 576 bytes", error4(sent4() / Raw(b"x" * 520)))
forwarded("a quote whose total length is longer than what is quoted", error4(sent4() / Raw(b"x" * 1400), keep=60))
forwarded("a quote with IPv4 options", error4(sent4(options=[IPOption_RR(length=39, routers=["0.0.0.0"] * 9)])))
forwarded("a quote of a first fragment", error4(sent4(flags="MF")))
forwarded("a quote whose checksum a NAT or a router changed", error4(patched(bytes(sent4()), {10: b"\xde\xad"}, fix=False)))
forwarded("behind a tag", error4(sent4()), tags=(5,))
forwarded("with padding", error4(sent4(), keep=28), pad=b"\0" * 4)
forwarded("about a port of a range", error4(sent4(30500)))
forwarded("about a flow whose backend speaks IPv6", error4(sent4(8443)), "one6/a")
p = error4(sent4(80, vip=VIP_DSR), vip=VIP_DSR)
table.add("DSR", frame_of(p), dsr(p, "dsr/a"))

dropped("about a port without a service", error4(sent4(444)), "no_service")
dropped("about UDP where TCP has a service", error4(sent4(443, layer=UDP)), "no_service")
dropped("about somebody else's packet", error4(sent4(vip="198.51.100.99")), "icmp_foreign")
dropped("about another VIP's packet", error4(sent4(vip=VIP_DSR)), "icmp_foreign")
dropped("about a client that cannot be", error4(sent4(client="127.0.0.1")), "source_invalid")
for keep in (0, 1, 19, 20, 27):
    dropped(f"a quote of {keep} bytes", error4(sent4(), keep=keep), "icmp_quote")
dropped("a quote with options, but not the ports", error4(sent4(options=[IPOption_RR(length=39, routers=["0.0.0.0"] * 9)]), keep=60), "icmp_quote")
dropped("a quote of IPv6", error4(sent6()), "icmp_quote")
dropped("a quote with IHL 4", error4(patched(bytes(sent4()), {0: 0x44})), "icmp_quote")
dropped("a quote of a later fragment", error4(sent4(frag=5)), "icmp_quote")
dropped("a quote of ICMP", error4(IP(src=VIP, dst=CLIENT) / ICMP()), "icmp_quote")
dropped("a quote of a tunnel", error4(IP(src=VIP, dst=CLIENT, proto=4) / Raw(bytes(sent4()))), "icmp_quote")

# --- IPv6: RFC 4443 ---

forwarded("packet too big", error6(sent6()), "one6/a")
for kind, what in [(ICMPv6DestUnreach(code=0), "no route"), (ICMPv6DestUnreach(code=4), "port unreachable"),
                   (ICMPv6TimeExceeded(), "hop limit exceeded"), (ICMPv6ParamProblem(), "parameter problem")]:
    forwarded(f"IPv6: {what}", error6(sent6(), kind), "one6/a")
# RFC 4443 2.1 and 2.4 a: an error of an unknown type is whose packet it quotes, too
for number in (0, 5, 6, 77, 100, 101, 126, 127):
    forwarded(f"IPv6: an error of type {number}", error6(sent6(), Unknown(type=number, msgbody=b"\0" * 4)), "one6/a")
    dropped(f"IPv6: an error of type {number} about nobody's packet", error6(sent6(vip="2001:db8:99::1"), Unknown(type=number, msgbody=b"\0" * 4)),
            "icmp_foreign")
    dropped(f"IPv6: an error of type {number} that quotes nothing", error6(b"", Unknown(type=number, msgbody=b"\0" * 4)), "icmp_quote")
forwarded("IPv6: about UDP", error6(sent6(53, layer=UDP)), "one6/a")
forwarded("IPv6: a quote of 48 bytes", error6(sent6(), keep=48), "one6/a")
forwarded("IPv6: a quote up to the least MTU", error6(sent6() / Raw(b"x" * 1172)), "one6/a")
chain = IPv6(src=VIP6, dst=CLIENT6) / IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0" * 4)])
forwarded("IPv6: a quote with an extension header", error6(chain / TCP(sport=443, dport=sport())), "one6/a")
fragment = IPv6(src=VIP6, dst=CLIENT6) / IPv6ExtHdrFragment(offset=0, m=1, id=1)
forwarded("IPv6: a quote of a first fragment", error6(fragment / TCP(sport=443, dport=sport())), "one6/a")
forwarded("IPv6: about a flow whose backend speaks IPv4", error6(sent6(8443)))
p = ip6(IPv6ExtHdrHopByHop(options=[PadN(optdata=b"\0" * 4)]) / ICMPv6PacketTooBig(mtu=1280) / Raw(bytes(sent6())),
        src=ANYWHERE6)
forwarded("IPv6: an error behind an extension header", p, "one6/a")
p = error6(sent6(80, vip=VIP6_DSR), vip=VIP6_DSR)
table.add("IPv6: DSR", frame_of(p), dsr(p, "dsr6/a"))

dropped("IPv6: about a port without a service", error6(sent6(444)), "no_service")
dropped("IPv6: about somebody else's packet", error6(sent6(vip="2001:db8:99::1")), "icmp_foreign")
for keep in (0, 39, 40, 47):
    dropped(f"IPv6: a quote of {keep} bytes", error6(sent6(), keep=keep), "icmp_quote")
dropped("IPv6: a quote of IPv4", error6(sent4()), "icmp_quote")
dropped("IPv6: a quote of a later fragment", error6(
    IPv6(src=VIP6, dst=CLIENT6) / IPv6ExtHdrFragment(offset=9, m=0, id=1, nh=6) / Raw(b"12345678")), "icmp_quote")
dropped("IPv6: a quote of ICMPv6", error6(IPv6(src=VIP6, dst=CLIENT6) / ICMPv6TimeExceeded()), "icmp_quote")
dropped("IPv6: a quote whose extension header is cut", error6(chain, keep=44), "icmp_quote")

# --- To the flow's own backend, known here or not ---

THREE = ("three/a", "three/b", "three/c")


def together(name, packets, backends=THREE):
    table.story(name, *[Step(frame_of(p), tunnel(p, *backends), tied="flow") for p in packets])


for number in range(5):
    port = 21000 + number
    together(f"the error goes where the flow is, {number}",
             [ip4(tcp(1005, flags="S", sport=port)), error4(sent4(1005, port)), ip4(tcp(1005, sport=port))])
    together(f"the error of a flow that nobody has seen goes where it will be, {number}",
             [error4(sent4(1005, port + 100), keep=28), ip4(tcp(1005, sport=port + 100))])
together("the same for UDP", [ip4(udp(1005, sport=21200)), error4(sent4(1005, 21200, layer=UDP), code=3)])
together("the same with source affinity: by the client, not by the router",
         [ip4(tcp(1006, flags="S")), error4(sent4(1006)), error4(sent4(1007), code=3)])
together("the same for IPv6", [ip6(tcp(1005, flags="S", sport=21300)), error6(sent6(1005, 21300)),
                               ip6(tcp(1005, sport=21300))], ("three6/a", "three6/b"))

# --- ICMP that is no error ---

for number, what in [(0, "echo reply"), (5, "redirect"), (4, "source quench"), (13, "time stamp"), (17, "mask"), (99, "99")]:
    dropped(f"ICMP {what} to a VIP", ip4(ICMP(type=number) / Raw(bytes(sent4()))), "no_service")
for number, what in [(129, "echo reply"), (128 + 2, "listener query"), (255, "255"), (135, "neighbour solicitation"), (137, "redirect"), (200, "200")]:
    dropped(f"ICMPv6 {what} to a VIP", ip6(bytes([number, 0, 0, 0]) + bytes(24), nh=58), "no_service")
