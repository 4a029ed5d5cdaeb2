# SPDX-License-Identifier: BSD-3-Clause
"""A port whose VLAN is 'keep': packets to backends carry the tag that they came with."""
from scapy.all import ARP, ICMP

from cases_answers import fragments_of
from case import FROM_KERNEL, Table, Want, answer, drop, inject, punt
from frames import BALANCER, CLIENT, IP, OWN, ROUTER, VIP, VIP_DSR, Ether, frame_of, ip4, ip6, tcp, wire, wrapped

table = Table("VLAN kept")
table.options = ["--vlan-kept"]


def tagged(frame, tci):
    return frame[:12] + b"\x81\0" + tci.to_bytes(2, "big") + frame[12:]


def kept(name, packet, backend, tci, wrap=wrapped):
    table.add(name, frame_of(packet, tags=(tci,)), Want("forwarded", [tagged(wrap(backend, packet), tci)]))


for tci in (1, 100, 4094, 0xe064):
    kept(f"tag {tci:#x}", ip4(tcp()), "one/a", tci)
kept("IPv6", ip6(tcp()), "one6/a", 100)
kept("4-in-6", ip4(tcp(8443)), "one6/a", 100)
kept("DSR", ip4(tcp(80), dst=VIP_DSR), "dsr/a", 100, wire)
p = ip4(tcp())
table.add("no tag in, none out", frame_of(p), Want("forwarded", [wrapped("one/a", p)]))


def stacked(frame, tags, outer):
    """Behind these tags, the outer one of type 'outer'."""
    types = [outer] + [0x8100] * (len(tags) - 1)
    return frame[:12] + b"".join(k.to_bytes(2, "big") + t.to_bytes(2, "big") for k, t in zip(types, tags)) + frame[12:]


# Whatever the tags: priority tags, 802.1ad, two of them
for tags, outer in (((0,), 0x8100), ((0x2000,), 0x8100), ((100,), 0x88a8), ((0,), 0x88a8), ((100, 200), 0x8100),
                    ((100, 200), 0x88a8), ((0x6001, 0xe002), 0x88a8), ((0, 0), 0x88a8)):
    for what, p, backend, wrap in (("IPv4", ip4(tcp()), "one/a", wrapped), ("IPv6", ip6(tcp()), "one6/a", wrapped),
                                   ("6-in-4", ip6(tcp(8443)), "one/a", wrapped), ("DSR", ip4(tcp(80), dst=VIP_DSR), "dsr/a", wire)):
        table.add(f"{what} behind {tags}, {outer:#x}", stacked(frame_of(p), tags, outer),
                  Want("forwarded", [stacked(wrap(backend, p), tags, outer)]))
    p = ip4(tcp(data=b"x" * 1460), id=0x1234)
    table.add(f"cut, behind {tags}, {outer:#x}", stacked(frame_of(p), tags, outer), Want(
        "forwarded", [stacked(wrapped("one/a", piece), tags, outer) for piece in fragments_of(p, 1480)], in_pieces=True,
        counters={"received": 1, "forwarded": 2, "made": 1}))
    f = stacked(frame_of(ip4(tcp(22), dst=OWN)), tags, outer)
    table.add(f"the kernel sees {tags}, {outer:#x}", f, punt(f))
f = frame_of(ip4(tcp(22), dst=OWN), tags=(100,))
table.add("the kernel sees the tag", f, punt(f))
f = bytes(Ether(src=BALANCER, dst=ROUTER) / ARP(psrc=OWN, pdst="10.0.0.1"))
table.add("the kernel's frames leave as they are", f, inject(f), how=FROM_KERNEL)
pong = bytes(IP(src=VIP, dst=CLIENT, ttl=64, flags="DF", id=0) / ICMP(type=0))
table.add("an answer keeps it", frame_of(ip4(ICMP()), tags=(100,)),
          answer(tagged(bytes(Ether(src=BALANCER, dst=ROUTER, type=0x800)), 100) + pong))
table.add("a drop is a drop", frame_of(ip4(tcp(444)), tags=(100,)), drop("no_service"))
