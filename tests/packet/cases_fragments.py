# SPDX-License-Identifier: BSD-3-Clause
"""Later fragments follow their first one, and wait for it where they come before it."""
import struct

from case import Step, Table, Want, drop, held, tunnel
from frames import VIP, VIP6, frame_of, ip4, ip6, udp, tcp

table = Table("fragments")
table.reorders = True
THREE, TWO = ("three/a", "three/b", "three/c"), ("three6/a", "three6/b")


def cut4(payload, number, size, protocol, vip=VIP):
    for at in range(0, len(payload), size):
        yield ip4(payload[at:at + size], dst=vip, proto=protocol, id=number, frag=at // 8,
                  flags="MF" if at + size < len(payload) else 0)


def cut6(payload, number, size, protocol, vip=VIP6):
    for at in range(0, len(payload), size):
        more = int(at + size < len(payload))
        yield ip6(struct.pack("!BBHI", protocol, 0, at | more, number) + payload[at:at + size], dst=vip, nh=44)


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

no_service = list(cut4(bytes(udp(54, data=b"x" * 2000)), 600, 800, 17))
table.story("a datagram to no service", Step(frame_of(no_service[0]), drop("no_service")),
            Step(frame_of(no_service[1]), held()))
orphan = list(cut6(bytes(udp(53, data=b"x" * 2000)), 601, 800, 17))
table.story("a datagram whose first fragment never comes", *[Step(frame_of(f), held()) for f in orphan[1:]])
table.at_end = {"dropped:fragment_unknown": 3, "held": -3}
