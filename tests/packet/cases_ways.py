# SPDX-License-Identifier: BSD-3-Clause
"""Every way in and out beside the wire: the kernel's frames, full queues, a port without a kernel side."""
from case import FROM_KERNEL, FROM_OTHER_WIRE, KERNEL_FULL, WIRE_FULL, Table, drop, inject, punt, tunnel
from frames import BALANCER, OWN, OWN6, ROUTER, VIP, VIP6, Ether, ip4, frame_of, tcp
from scapy.all import ARP, ICMP, IP, TCP, UDP, ICMPv6PacketTooBig, IPv6, IPv6ExtHdrFragment

table = Table("ways in and out")


def from_kernel(name, frame):
    table.add(name, frame, inject(frame), how=FROM_KERNEL)


from_kernel("the kernel's ARP request", bytes(Ether(src=BALANCER, dst="ff:ff:ff:ff:ff:ff") / ARP(psrc=OWN, pdst="10.0.0.1")))
from_kernel("the kernel's ping", bytes(Ether(src=BALANCER, dst=ROUTER) / IP(src=OWN, dst="10.0.0.1") / ICMP()))
from_kernel("a packet of the kernel's to a VIP is not judged",
            bytes(Ether(src=BALANCER, dst=ROUTER)) + ip4(tcp(), src=OWN))
from_kernel("a frame of the kernel's that is no IP at all", b"\1" * 60)
from_kernel("a malformed packet of the kernel's is the kernel's own affair", frame_of(ip4(tcp()))[:20])
from_kernel("a frame of 1514 bytes", bytes(Ether(src=BALANCER, dst=ROUTER)) + ip4(tcp(data=b"x" * 1460), src=OWN))

table.add("the transmit queue is full", frame_of(ip4(tcp())), drop("tx_full"), how=WIRE_FULL)
table.add("the kernel's queue is full", frame_of(ip4(tcp(22), dst=OWN)), drop("punt_full"), how=KERNEL_FULL)
p = ip4(tcp())
table.add("the kernel's queue is full, which hurts no client", frame_of(p), tunnel(p, "one/a"), how=KERNEL_FULL)
f = frame_of(ip4(tcp(22), dst=OWN))
table.add("the transmit queue is full, which does not hurt the kernel", f, punt(f), how=WIRE_FULL)

# Ports of half-open probes: what comes from a VIP is for nobody but them.
def to_probe(packet, **fields):
    return frame_of(bytes(packet / TCP(**{**dict(sport=443, dport=64512, flags="SA", seq=1, ack=2), **fields})))


table.add("a SYN-ACK that answers no probe", to_probe(IP(src=VIP, dst=OWN)), drop("probe_stray"))
table.add("IPv6: a SYN-ACK that answers no probe", to_probe(IPv6(src=VIP6, dst=OWN6)), drop("probe_stray"))
table.add("anything else from a VIP to a probe's port", to_probe(IP(src=VIP, dst=OWN), dport=65535, flags="A"),
          drop("probe_stray"))
f = to_probe(IP(src=VIP, dst=OWN), dport=64511)
table.add("from a VIP to the port below", f, punt(f))
f = to_probe(IP(src="10.0.1.11", dst=OWN))
table.add("to a probe's port, and not from a VIP", f, punt(f))
f = frame_of(bytes(IP(src=VIP, dst=OWN) / UDP(sport=443, dport=64512)))
table.add("to a probe's port, and not TCP", f, punt(f))

# Errors of routers about tunnel packets are for the control lcore; about anything else they are the
# kernel's.
def about(quoted, **fields):
    return bytes(IP(src="10.0.0.1", dst=OWN) / ICMP(**{**dict(type=3, code=4, nexthopmtu=1400), **fields}) / quoted)


ours = IP(src=OWN, dst="10.0.1.11", flags="DF", id=0, proto=4, len=1500)
table.add("an error about a tunnel packet", frame_of(about(ours)), drop("tunnel_error"))
table.add("that its host cannot be reached", frame_of(about(ours, code=1)), drop("tunnel_error"))
table.add("IPv6: an error about a tunnel packet", frame_of(bytes(
    IPv6(src="fd00:10::1", dst=OWN6) / ICMPv6PacketTooBig(mtu=1400) / IPv6(src=OWN6, dst="fd00:11::11", nh=41, plen=1460))),
          drop("tunnel_error"))
piece = bytes(IPv6(src=OWN6, dst="fd00:5::14", nh=44, plen=1256) / IPv6ExtHdrFragment(nh=41, m=1, id=8))
table.add("IPv6: an error about a piece of a tunnel packet", frame_of(bytes(
    IPv6(src="fd00:10::1", dst=OWN6) / ICMPv6PacketTooBig(mtu=1280) / piece)), drop("tunnel_error"))
other = bytes(IPv6(src=OWN6, dst="fd00:5::14", nh=44, plen=1256) / IPv6ExtHdrFragment(nh=17, m=1, id=8))
f = frame_of(bytes(IPv6(src="fd00:10::1", dst=OWN6) / ICMPv6PacketTooBig(mtu=1280) / other))
table.add("IPv6: an error about a piece of another packet", f, punt(f))
table.add("an error about a tunnel packet with a wrong checksum",
          frame_of(about(ours, chksum=0x1234)), drop("icmp_checksum"))
table.add("IPv6: an error about a tunnel packet with a wrong checksum", frame_of(bytes(
    IPv6(src="fd00:10::1", dst=OWN6) / ICMPv6PacketTooBig(mtu=1400, cksum=0x1234) / IPv6(src=OWN6, dst="fd00:11::11", nh=41, plen=1460))),
          drop("icmp_checksum"))
f = frame_of(about(IP(src=OWN, dst="10.0.1.11", proto=4, len=1500, id=7)))
table.add("about a tunnel packet that cannot be ours", f, punt(f))
f = frame_of(about(IP(src=OWN, dst="10.0.1.11", flags="DF", id=0, proto=47, len=1500)))
table.add("about another protocol", f, punt(f))

p = ip4(tcp())
table.add("in by the other port, out by the backend's", frame_of(p), tunnel(p, "one/a"), how=FROM_OTHER_WIRE)
p = ip4(tcp(1002))
table.add("in and out by the other port", frame_of(p), tunnel(p, "other-port/a", port=1), how=FROM_OTHER_WIRE)
table.add("for the kernel, on a port that has none", frame_of(ip4(tcp(22), dst=OWN)), drop("punt_none"),
          how=FROM_OTHER_WIRE)
table.add("a VIP without a service, on that port", frame_of(ip4(tcp(444))), drop("no_service"), how=FROM_OTHER_WIRE)
