# SPDX-License-Identifier: BSD-3-Clause
"""Whom a frame is for, and who sent it: RFC 1812 5.3.4, RFC 1122 3.2.2 and 3.3.6."""
from scapy.all import ARP, ICMP, ICMPv6EchoReply, ICMPv6EchoRequest, IP, Ether, IPv6

from case import FROM_OTHER_WIRE, Step, Table, answer, drop, punt, tunnel
from frames import (BALANCER, CLIENT, CLIENT6, OWN, OWN6, ROUTER, VIP, VIP6, VIP_DSR, frame_of, ip4, ip6, tcp, udp)

table = Table("MAC addresses")

NOBODY = "00:00:00:00:00:00"
# The last two are the port's own address, but for one bit in its first and its last byte.
FOREIGN = ("ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01", "33:33:00:00:00:01", "02:00:00:00:01:01", NOBODY,
           "00:00:5e:00:01:34", ROUTER, "00:00:00:00:00:02", "02:00:00:00:00:03")


def between(frame, dst=BALANCER, src=ROUTER):
    return bytes.fromhex((dst + src).replace(":", "")) + frame[12:]


def kinds():
    """Every kind of packet that has a way of its own."""
    syn = ip4(tcp(flags="S"))
    yield "a SYN", syn, {}
    yield "a segment in a flow's middle", ip4(tcp()), {}
    yield "a datagram", ip4(udp()), {}
    yield "IPv6", ip6(tcp()), {}
    yield "DSR", ip4(tcp(80), dst=VIP_DSR), {}
    yield "one behind a tag", ip4(tcp()), {"tags": (5,)}
    yield "one behind two tags", ip4(tcp()), {"tags": (5, 6)}
    yield "an echo request", ip4(ICMP(id=1)), {}
    yield "IPv6: an echo request", ip6(ICMPv6EchoRequest(id=1)), {}
    yield "an ICMP error", ip4(ICMP(type=3, code=1) / IP(src=VIP, dst=CLIENT) / tcp(1, sport=443)), {}
    yield "a later fragment", ip4(b"x" * 64, proto=17, frag=10, id=1), {}
    yield "one without a service", ip4(tcp(444)), {}
    yield "one that is too big", ip4(tcp(data=b"x" * 1460), flags="DF"), {}


for what, packet, tags in kinds():
    for mac in FOREIGN:
        table.add(f"{what} to {mac}", between(frame_of(packet, **tags), dst=mac), drop("mac_foreign"))
    for mac in ("ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01", "03:00:00:00:00:01"):
        table.add(f"{what} from {mac}", between(frame_of(packet, **tags), src=mac), drop("mac_source"))

# From the zero MAC: forwarded, as nothing is sent there, but never answered
p = ip4(tcp())
table.add("from the zero MAC", between(frame_of(p), src=NOBODY), tunnel(p, "one/a"))
for what, packet in (("an echo request", ip4(ICMP())), ("IPv6: an echo request", ip6(ICMPv6EchoRequest())),
                     ("one that is too big", ip4(tcp(data=b"x" * 1460), flags="DF"))):
    table.add(f"{what} from the zero MAC", between(frame_of(packet), src=NOBODY), drop("mac_source"))
table.add("malformed comes first", between(frame_of(ip4(tcp()))[:20], dst="ff:ff:ff:ff:ff:ff"), drop("ipv4_short"))

# A good neighbour is not touched, on either port
p = ip4(tcp())
table.add("to the port's own MAC", frame_of(p), tunnel(p, "one/a"))
p = ip4(tcp())
table.add("to the other port's own MAC", frame_of(p), tunnel(p, "one/a"), how=FROM_OTHER_WIRE)
table.add("to somebody else, on the other port", between(frame_of(ip4(tcp())), dst=ROUTER), drop("mac_foreign"),
          how=FROM_OTHER_WIRE)

# VRRP's virtual MACs: of the groups whose interface the kernel has on that port
for mac in ("00:00:5e:00:01:33", "00:00:5e:00:02:33"):
    table.story(f"to VRRP's {mac}, and to the port's own after it", *[
        Step(between(frame_of(p), dst=to), tunnel(p, "one/a"))
        for p, to in [(ip4(tcp()), mac), (ip4(tcp(flags="S")), mac), (ip4(tcp()), BALANCER), (ip4(udp()), mac)]])
    p = ip4(tcp())
    table.add(f"to VRRP's {mac}, behind a tag", between(frame_of(p, tags=(5,)), dst=mac), tunnel(p, "one/a"))
    table.add(f"from a group to VRRP's {mac}", between(frame_of(ip4(tcp())), dst=mac, src="ff:ff:ff:ff:ff:ff"),
              drop("mac_source"))
    table.add(f"to VRRP's {mac} of another port", between(frame_of(ip4(tcp())), dst=mac), drop("mac_foreign"),
              how=FROM_OTHER_WIRE)
    pong = IP(src=VIP, dst=CLIENT, ttl=64, flags="DF", id=0) / ICMP(type=0)
    table.add(f"echo to VRRP's {mac} is answered from there", between(frame_of(ip4(ICMP())), dst=mac),
              answer(bytes(Ether(src=mac, dst=ROUTER) / pong)))

# What is for no VIP is the kernel's to judge, as it came
for mac in FOREIGN:
    for what, packet in (("TCP", ip4(tcp(22), dst=OWN)), ("IPv6", ip6(tcp(22), dst=OWN6)),
                         ("DHCP", ip4(udp(68, sport=67), dst="255.255.255.255"))):
        f = between(frame_of(packet), dst=mac)
        table.add(f"{what} for no VIP to {mac}", f, punt(f))
    f = bytes(Ether(src=ROUTER, dst=mac) / ARP(psrc=CLIENT, pdst=VIP))
    table.add(f"ARP to {mac}", f, punt(f))

pong = IP(src=VIP, dst=CLIENT, ttl=64, flags="DF", id=0) / ICMP(type=0)
table.add("an answer goes from the port's own MAC to the sender's", frame_of(ip4(ICMP())),
          answer(bytes(Ether(src=BALANCER, dst=ROUTER) / pong)))
pong = IPv6(src=VIP6, dst=CLIENT6, hlim=64) / ICMPv6EchoReply()
table.add("IPv6: likewise", frame_of(ip6(ICMPv6EchoRequest())), answer(bytes(Ether(src=BALANCER, dst=ROUTER) / pong)))
