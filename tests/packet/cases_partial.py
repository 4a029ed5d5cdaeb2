# SPDX-License-Identifier: BSD-3-Clause
"""A port between guests of one host: TCP and UDP come with the pseudo-header's sum alone, and leave with whole checksums.

The whole checksum is what scapy wrote; the partial one is computed here from the addresses, the protocol and the length.
"""
import struct

from scapy.utils import checksum

from case import FROM_KERNEL, Table, dsr, inject, punt, tunnel
from frames import BALANCER, CLIENT, OWN, ROUTER, VIP_DSR, Ether, frame_of, ip4, ip6, sport, tcp, udp

table = Table("partial")
table.options = ["--partial"]
FIELD = {6: 16, 17: 6}


def partial(packet):
    """The packet's bytes as a sender leaves them to its card."""
    raw = bytearray(packet)
    if raw[0] >> 4 == 4:
        at, protocol, addresses = (raw[0] & 15) * 4, raw[9], raw[12:20]
    else:
        at, protocol, addresses = 40, raw[6], raw[8:40]
    size = struct.unpack_from("!H", raw, at + 4)[0] if protocol == 17 else len(raw) - at
    pseudo = 0xffff ^ checksum(bytes(addresses) + struct.pack("!HH", protocol, size))
    struct.pack_into("!H", raw, at + FIELD[protocol], pseudo)
    return bytes(raw)


def completed(want):
    """It leaves so, and was counted."""
    want.counters = {"received": 1, want.verdict: 1, "partial": 1}
    return want


def broken(packet, at):
    raw = bytearray(packet)
    raw[at] ^= 0x10
    return bytes(raw)


for data in (b"", b"x", b"data", b"odd", bytes(range(256)) * 4):
    for number, packet in (("TCP", ip4(tcp(data=data))), ("UDP", ip4(udp(data=data)))):
        table.add(f"{number} with {len(data)} bytes", frame_of(partial(packet)), completed(tunnel(packet, "one/a")))
        table.add(f"{number} with {len(data)} bytes and a whole sum", frame_of(packet), tunnel(packet, "one/a"))
for data in (b"", b"odd", b"x" * 1000):
    for number, packet in (("TCP", ip6(tcp(data=data))), ("UDP", ip6(udp(data=data)))):
        table.add(f"{number} over IPv6 with {len(data)} bytes", frame_of(partial(packet)),
                  completed(tunnel(packet, "one6/a")))
p = ip4(tcp(80, data=b"near"), dst=VIP_DSR)
table.add("to a DSR backend", frame_of(partial(p)), completed(dsr(p, "dsr/a")))
p = ip4(tcp(22, data=b"probe"), dst=OWN)
table.add("for the kernel, such as a probe's answer", frame_of(partial(p)), completed(punt(frame_of(p))))
p = ip4(udp(data=b"padded"))
table.add("what is padding does not count", frame_of(partial(p), pad=b"\xff" * 9),
          completed(tunnel(p, "one/a")))
p = ip4(udp(data=b"none"))
bare = p[:26] + b"\0\0" + p[28:]
table.add("UDP without a checksum stays so", frame_of(bare), tunnel(bare, "one/a"))
p = broken(ip4(tcp(data=b"damaged")), 45)
table.add("a damaged packet stays damaged: its backend drops it", frame_of(p), tunnel(p, "one/a"))

# A right checksum that happens to be the pseudo-header's sum, since the data makes up for it.
for family, make, at, backend in (("IPv4", ip4, 20, "one/a"), ("IPv6", ip6, 40, "one6/a")):
    port = sport()
    p = make(udp(sport=port, data=b"\0\0"))
    more = (struct.unpack_from("!H", p, at + 6)[0] - struct.unpack_from("!H", partial(p), at + 6)[0]) % 65535
    p = make(udp(sport=port, data=struct.pack("!H", more)))
    assert partial(p) == p, "its sum is both"
    table.add(f"right, and looking partial, {family}", frame_of(p), tunnel(p, backend))

p = ip4(tcp(50000), src=OWN, dst=CLIENT)
whole = bytes(Ether(src=BALANCER, dst=ROUTER, type=0x800)) + p
want = inject(whole)
want.counters = {"from_kernel": 1, "injected": 1, "partial": 1}
table.add("what the kernel sends", whole[:14] + partial(p), want, how=FROM_KERNEL)
table.add("what the kernel sends whole", whole, inject(whole), how=FROM_KERNEL)
