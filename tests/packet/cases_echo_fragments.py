# SPDX-License-Identifier: BSD-3-Clause
"""An echo request in fragments is answered fragment by fragment: together they are what scapy cuts the reply into."""
import struct

from scapy.all import ICMP, ICMPv6EchoReply, ICMPv6EchoRequest, IPOption_RR, IPv6, Raw

from case import Step, Table, Want, answer, drop, held
from frames import CLIENT, CLIENT6, VIP, VIP6, back, cut4, cut6, frame_of, ip6, patched

table = Table("echo in fragments")
table.reorders = True


def request4(data, **fields):
    return bytes(ICMP(**{"id": 7, "seq": 9, **fields}) / Raw(data))


def reply4(data, number, size, tos=0, **fields):
    whole = bytes(ICMP(type=0, **{"id": 7, "seq": 9, **fields}) / Raw(data))
    return list(cut4(whole, number, size, 1, src=VIP, dst=CLIENT, ttl=64, tos=tos))


def message6(kind, data, source, destination):
    """With the checksum over the whole, which scapy makes of a whole packet."""
    return bytes(IPv6(src=source, dst=destination) / kind(id=7, seq=9) / Raw(data))[40:]


def request6(data):
    return message6(ICMPv6EchoRequest, data, CLIENT6, VIP6)


def reply6(data, number, size, tc=0):
    whole = message6(ICMPv6EchoReply, data, VIP6, CLIENT6)
    return list(cut6(whole, number, size, 58, src=VIP6, dst=CLIENT6, hlim=64, tc=tc))


def together(name, requests, replies, **framing):
    frames = [frame_of(r, **framing) for r in requests]
    table.story(name, *[Step(f, answer(back(f, r))) for f, r in zip(frames, replies, strict=True)])


def reversed_story(name, requests, replies):
    frames = [frame_of(r) for r in requests]
    answers = [back(f, r) for f, r in zip(frames, replies, strict=True)]
    table.story(name, *[Step(f, held()) for f in frames[1:]],
                Step(frames[0], Want("answered", answers, in_pieces=True, counters={
                    "received": 1, "answered": len(frames), "held": 1 - len(frames)})))


DATA = bytes(range(256)) * 12
together("of 3,000 bytes, as ping -s 3000", cut4(request4(DATA[:3000]), 1, 1480, 1), reply4(DATA[:3000], 1, 1480))
together("IPv6: of 3,000 bytes", cut6(request6(DATA[:3000]), 1, 1448, 58), reply6(DATA[:3000], 1, 1448))
together("the least pieces", cut4(request4(b"x" * 16), 2, 8, 1), reply4(b"x" * 16, 2, 8))
together("IPv6: the least pieces", cut6(request6(b"x" * 16), 2, 8, 58), reply6(b"x" * 16, 2, 8))
together("an odd number of bytes", cut4(request4(b"xyz" * 9), 3, 16, 1), reply4(b"xyz" * 9, 3, 16))
together("nothing but zeros", cut4(request4(bytes(64), id=0, seq=0), 4, 32, 1), reply4(bytes(64), 4, 32, id=0, seq=0))
together("a checksum that carries", cut4(request4(b"\xff" * 64, id=0xffff, seq=0xf7f8), 5, 32, 1),
         reply4(b"\xff" * 64, 5, 32, id=0xffff, seq=0xf7f8))
together("keeps its type of service", cut4(request4(DATA[:100]), 6, 64, 1, tos=0xb8), reply4(DATA[:100], 6, 64, tos=0xb8))
together("IPv6: keeps its traffic class", cut6(request6(DATA[:100]), 6, 64, 58, tc=0xb8), reply6(DATA[:100], 6, 64, tc=0xb8))
together("behind a tag", cut4(request4(DATA[:100]), 7, 64, 1), reply4(DATA[:100], 7, 64), tags=(0x2005,))
together("padding stays behind", cut4(request4(b"x" * 16), 8, 8, 1), reply4(b"x" * 16, 8, 8), pad=b"\xaa" * 18)
together("options are not sent back",
         cut4(request4(DATA[:100]), 9, 64, 1, options=[IPOption_RR(length=39, routers=["0.0.0.0"] * 9)]), reply4(DATA[:100], 9, 64))
together("DF is not sent back: a router may cut the pieces again",
         [patched(f, {6: f[6] | 0x40}) for f in cut4(request4(DATA[:100]), 10, 64, 1)], reply4(DATA[:100], 10, 64))
reversed_story("the first fragment comes last", list(cut4(request4(DATA[:1000]), 11, 400, 1)), reply4(DATA[:1000], 11, 400))
reversed_story("IPv6: the first fragment comes last", list(cut6(request6(DATA[:1000]), 11, 400, 58)), reply6(DATA[:1000], 11, 400))

# RFC 8200 4.5: what a later fragment calls its next header says nothing
requests = [patched(f, {40: 6}) if i else f for i, f in enumerate(cut6(request6(DATA[:100]), 12, 48, 58))]
together("IPv6: whose later fragments say TCP", requests, reply6(DATA[:100], 12, 48))


def behind6(number, chain, payload, offset=0, more=1):
    """Behind a header that every fragment repeats: it is not sent back."""
    return ip6(chain + struct.pack("!BBHI", 58, 0, offset | more, number) + payload, nh=60)


options = b"\x2c\0\1\4\0\0\0\0"
whole = request6(DATA[:100])
together("IPv6: behind an extension header", [behind6(13, options, whole[:56]), behind6(13, options, whole[56:], 56, 0)],
         reply6(DATA[:100], 13, 56))
inside = b"\x3a\0\1\4\0\0\0\0" + whole
table.story("IPv6: with an extension header in what is fragmented, it is not answered",
            *[Step(frame_of(f), drop("no_service")) for f in cut6(inside, 14, 56, 60)])

# A wrong checksum stays wrong: who asked finds it
wrong = request4(DATA[:100], chksum=0x1234)
table.story("a wrong checksum is not made right", *[
    Step(frame_of(f), answer(back(frame_of(f), r))) for f, r in zip(
        cut4(wrong, 15, 64, 1), reply4(DATA[:100], 15, 64, chksum=0x1a34), strict=True)])

# What is no echo request, of either family, is nobody's, and its later fragments hold no place
for number, name, fields in ((20, "a timestamp request", {"type": 13}), (21, "an echo reply", {"type": 0}),
                             (22, "an ICMP error", {"type": 3, "code": 4}), (23, "echo of code 1", {"code": 1})):
    table.story(f"{name} in fragments", *[
        Step(frame_of(f), drop("no_service")) for f in cut4(request4(DATA[:100], **fields), number, 64, 1)])
table.story("ICMP of the other family", *[
    Step(frame_of(f), drop("no_service")) for f in cut6(request4(DATA[:100]), 24, 64, 1)])
table.story("from an address that no host has", *[
    Step(frame_of(f), drop("source_invalid")) for f in cut4(request4(DATA[:100]), 25, 64, 1, src="127.0.0.1")])
table.story("from a VIP", *[
    Step(frame_of(f), drop("source_own")) for f in cut4(request4(DATA[:100]), 26, 64, 1, src=VIP)])
