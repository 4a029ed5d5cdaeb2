# SPDX-License-Identifier: BSD-3-Clause
"""Later fragments follow their first one, and wait for it where they come before it."""
import struct

from case import Step, Table, Want, drop, held, tunnel
from frames import VIP_ANY, cut4, cut6, frame_of, ip4, ip6, patched, udp, tcp

table = Table("fragments")
table.reorders = True
THREE, TWO = ("three/a", "three/b", "three/c"), ("three6/a", "three6/b")


def together(name, fragments, backends):
    table.story(name, *[Step(frame_of(f), tunnel(f, *backends), tied="datagram") for f in fragments])


for number in range(4):
    data = bytes(udp(1005, data=bytes(range(256)) * 8))
    together(f"a UDP datagram in order, {number}", cut4(data, 100 + number, 800, 17), THREE)
together("two pieces", cut4(bytes(udp(1005, data=b"x" * 100)), 200, 64, 17), THREE)
together("a TCP segment in order", cut4(bytes(tcp(1005, data=b"x" * 2000)), 201, 1000, 6), THREE)
together("the least pieces that can be", cut4(bytes(tcp(1005, data=b"x" * 40)), 202, 24, 6), THREE)
for number in range(3):
    data = bytes(udp(53, data=b"x" * 2000))
    together(f"IPv6: a UDP datagram in order, {number}", cut6(data, 300 + number, 800, 17), ("one6/a",))
together("IPv6: a TCP segment in order", cut6(bytes(tcp(1005, data=b"x" * 2000)), 310, 1000, 6), TWO)

# Two datagrams at once, interleaved, of one source: the identification parts them
first = list(cut4(bytes(udp(1005, data=b"a" * 1500)), 400, 800, 17))
second = list(cut4(bytes(udp(1005, data=b"b" * 1500)), 401, 800, 17))
table.story("two datagrams interleaved", *[
    Step(frame_of(f), tunnel(f, *THREE), tied=word)
    for pair in zip(first, second) for word, f in zip("ab", pair)])

# Out of order: what comes before its first fragment waits for it
late = list(cut4(bytes(udp(53, data=b"c" * 2000)), 500, 800, 17))
table.story("the first fragment comes last",
            Step(frame_of(late[1]), held()), Step(frame_of(late[2]), held()),
            Step(frame_of(late[0]), Want("forwarded", [tunnel(f, "one/a").frames[0] for f in late], in_pieces=True,
                                         counters={"received": 1, "forwarded": 3, "held": -2})))

# RFC 8200 4.5: the first fragment's next header alone counts, whatever the later ones say
for number, says in ((320, 6), (321, 0), (322, 44), (323, 59)):
    data = bytes(udp(53, data=b"x" * 40))
    pieces = list(cut6(data, number, 8, 17))
    pieces[1:] = [patched(p, {40: says}) for p in pieces[1:]]
    together(f"IPv6: UDP whose later fragments say {says}", pieces, ("one6/a",))


def over6(number, offset, says, more=0, protocol=6, payload=b"\0" * 8, before=b"", nh=44):
    return ip6(before + struct.pack("!BBHI", says, 0, offset | more, number) + payload, nh=nh)


def pushed(number, options, protocol=6):
    """A first fragment whose transport header stands behind options that are fragmented with it."""
    chain = bytes([protocol, options // 8 - 1, 1, options - 4]) + bytes(options - 4)
    return over6(number, 0, 60, more=1, payload=chain + (bytes(tcp(data=b"x" * 4)) if protocol == 6 else bytes(udp(data=b"x" * 8))))


for says in (6, 17, 60):
    for offset in (8, 16):
        first = list(cut6(bytes(tcp(data=b"x" * 100)), 340, 24, 6))[0]
        over = over6(340, offset, says)
        table.story(f"IPv6: over the TCP header at {offset}, saying {says}",
                    Step(frame_of(first), tunnel(first, "one6/a")), Step(frame_of(over), drop("fragment_overlap")))
for number, options, protocol, fits in ((350, 8, 6, 32), (351, 24, 6, 48), (352, 8, 17, 16), (353, 32, 17, 40)):
    first, last = pushed(number, options, protocol), over6(number, fits, 60)
    table.story(f"IPv6: behind options of {options} bytes, protocol {protocol}",
                Step(frame_of(first), tunnel(first, "one6/a")),
                *[Step(frame_of(over6(number, at, 60)), drop("fragment_overlap")) for at in range(8, fits, 8)],
                Step(frame_of(last), tunnel(last, "one6/a")))
first, over, last = pushed(354, 16), over6(354, 16, 60), over6(354, 40, 60)
table.story("IPv6: one that would rewrite the header, before the first one",
            Step(frame_of(over), held()), Step(frame_of(last), held()),
            Step(frame_of(first), Want("forwarded", [tunnel(p, "one6/a").frames[0] for p in (first, last)], in_pieces=True,
                                       counters={"received": 1, "forwarded": 2, "held": -2, "dropped:fragment_overlap": 1})))

# RFC 791 3.1, RFC 8200 4.5: what the first one's headers add counts, though the later one has
# shorter ones
first = patched(ip4(b"\1" * 40 + bytes(udp(53, data=b"x" * 8, len=60000)), proto=17, id=360, flags="MF"), {0: 0x4f})
for size, want in ((11, tunnel), (12, None)):
    last = ip4(b"x" * size, proto=17, id=360, frag=65464 // 8)
    table.story(f"a datagram of {65464 + size + 60} bytes", Step(frame_of(first), tunnel(first, "one/a")),
                Step(frame_of(last), tunnel(last, "one/a") if want else drop("fragment_length")))
options = b"\x2c\0\1\4\0\0\0\0"
first = over6(361, 0, 17, 1, payload=bytes(udp(53, data=b"x" * 8, len=60000)), before=options, nh=60)
for size, want in ((7, tunnel), (8, None)):
    last = over6(361, 65520, 17, payload=b"x" * size)
    table.story(f"IPv6: a payload of {8 + 65520 + size} bytes", Step(frame_of(first), tunnel(first, "one6/a")),
                Step(frame_of(last), tunnel(last, "one6/a") if want else drop("fragment_length")))

no_service = list(cut4(bytes(udp(54, data=b"x" * 2000)), 600, 800, 17))
table.story("a datagram to no service", Step(frame_of(no_service[0]), drop("no_service")),
            *[Step(frame_of(f), drop("no_service")) for f in no_service[1:]])
no_service = list(cut4(bytes(udp(54, data=b"x" * 2000)), 602, 800, 17))
table.story("a datagram to no service, its first fragment last",
            *[Step(frame_of(f), held()) for f in no_service[1:]],
            Step(frame_of(no_service[0]), Want("dropped no_service", counters={
                "received": 1, "held": -2, "dropped:no_service": 3})))
no_service = list(cut6(bytes(tcp(444, data=b"x" * 2000)), 603, 800, 6))
table.story("IPv6: a datagram to no service", *[Step(frame_of(f), drop("no_service")) for f in no_service])
no_backend = list(cut4(bytes(tcp(1008, data=b"x" * 2000)), 604, 800, 6))
table.story("a datagram to a service without a backend", *[Step(frame_of(f), drop("no_backend")) for f in no_backend])

# What a later fragment can be of is in its header, but not in IPv6's
for number, protocol, vip in ((610, 17, VIP_ANY), (611, 47, VIP_ANY), (612, 132, VIP_ANY), (613, 58, VIP_ANY)):
    table.add(f"a later fragment of a protocol without a service, {protocol}",
              frame_of(ip4(b"x" * 64, dst=vip, proto=protocol, frag=10, id=number)), drop("no_service"))

# A first fragment that no parser takes says nothing of its datagram, since nobody knows who made
# it: the others wait, and a right one takes them along. Where none comes, they are dropped as any
# that wait for nothing.
for number, family in ((630, 4), (631, 6)):
    cut, header, backend = (cut4, 32, "one/a") if family == 4 else (cut6, 60, "one6/a")
    pieces = list(cut(bytes(tcp(443, data=b"x" * 2000)), number, 800, 6))
    table.story(f"IPv{family}: a malformed first fragment, the others, and the right one",
                Step(frame_of(patched(pieces[0], {header: 0x20})), drop("tcp_header")),
                *[Step(frame_of(p), held()) for p in pieces[1:]],
                Step(frame_of(pieces[0]), Want("forwarded", [tunnel(p, backend).frames[0] for p in pieces], in_pieces=True,
                                               counters={"received": 1, "forwarded": 3, "held": -2})))

# A refused one with the identification of one that is on its way does not stop it; the other way
# round it comes through
sent = list(cut4(bytes(udp(53, data=b"x" * 2000)), 620, 800, 17))
no_service = list(cut4(bytes(udp(54, data=b"x" * 2000)), 620, 800, 17))
table.story("refused, with another's identification",
            Step(frame_of(no_service[0]), drop("no_service")), Step(frame_of(sent[0]), tunnel(sent[0], "one/a")),
            Step(frame_of(no_service[0]), drop("no_service")), *[Step(frame_of(f), tunnel(f, "one/a")) for f in sent[1:]])
orphan = list(cut6(bytes(udp(53, data=b"x" * 2000)), 601, 800, 17))
table.story("a datagram whose first fragment never comes", *[Step(frame_of(f), held()) for f in orphan[1:]])
table.at_end = {"dropped:fragment_unknown": 2, "held": -2}
