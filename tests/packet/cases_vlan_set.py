# SPDX-License-Identifier: BSD-3-Clause
"""A port that is set to VLAN 100: all of its frames carry that tag, and the kernel's side sees none."""
from scapy.all import ARP, ICMP

from case import FROM_KERNEL, Table, answer, drop, inject, punt, tunnel
from frames import BALANCER, CLIENT, IP, OWN, ROUTER, VIP, Ether, eth, frame_of, ip4, ip6, tcp

table = Table("VLAN set")
table.options = ["--vlan-id", "100"]


def tagged(frame, tci=100):
    return frame[:12] + b"\x81\0" + tci.to_bytes(2, "big") + frame[12:]


# Backends' tags come from the next hop, as the control lcore resolves it
p = ip4(tcp(1000))
table.add("in by the tag", frame_of(p, tags=(100,)), tunnel(p, "tagged/a"))
p = ip4(tcp(1000))
table.add("the priority may be any", frame_of(p, tags=(0xa064,)), tunnel(p, "tagged/a"))
p = ip6(tcp(1000))
table.add("IPv6", frame_of(p, tags=(100,)), tunnel(p, "tagged/a"))
for tci in (1, 99, 101, 0x1000):
    table.add(f"another VLAN, {tci:#x}", frame_of(ip4(tcp(1000)), tags=(tci,)), drop("vlan_foreign"))
table.add("no tag", frame_of(ip4(tcp(1000))), drop("vlan_foreign"))
table.add("no tag, for the kernel", frame_of(ip4(tcp(22), dst=OWN)), drop("vlan_foreign"))
table.add("no tag, ARP", eth(ARP(psrc=CLIENT, pdst=OWN), type=0x806), drop("vlan_foreign"))
table.add("a malformed one says what is wrong with it", frame_of(ip4(tcp()), tags=(100,))[:20], drop("ipv4_short"))

table.add("behind a second tag is another network", frame_of(ip4(tcp(1000)), tags=(100, 200)), drop("vlan_foreign"))
table.add("the port's VLAN behind another one", frame_of(ip4(tcp(1000)), tags=(200, 100)), drop("vlan_foreign"))
table.add("the VLAN by an 802.1ad tag", frame_of(ip4(tcp(1000)), tags=(100,), outer=0x88a8), drop("vlan_foreign"))
f = frame_of(ip4(tcp(22), dst=OWN), tags=(200,))
table.add("what is behind a second tag is the kernel's, for no VIP", tagged(f), punt(f))

f = frame_of(ip4(tcp(22), dst=OWN))
table.add("to the kernel without it", tagged(f), punt(f))
f = eth(ARP(psrc=CLIENT, pdst=OWN), type=0x806)
table.add("ARP to the kernel without it", tagged(f), punt(f))
f = bytes(Ether(src=BALANCER, dst=ROUTER) / ARP(psrc=OWN, pdst="10.0.0.1"))
inner = inject(tagged(f))
table.add("the kernel's frames get it", f, inner, how=FROM_KERNEL)
pong = bytes(IP(src=VIP, dst=CLIENT, ttl=64, flags="DF", id=0) / ICMP(type=0))
table.add("an answer has it", frame_of(ip4(ICMP()), tags=(100,)),
          answer(tagged(bytes(Ether(src=BALANCER, dst=ROUTER, type=0x800))) + pong))
