# SPDX-License-Identifier: BSD-3-Clause
"""IPv4 services: IP-in-IP and direct server return, and what is not for them."""
from scapy.all import ARP, IPOption_NOP, IPOption_RR, IPOption_Router_Alert

from case import Step, Table, drop, dsr, punt, tunnel
from frames import (ANYWHERE, BALANCER, CLIENT, OWN, ROUTER, VIP, VIP_ANY, VIP_DSR, Ether, eth,
                    frame_of, ip4, sport, tcp, udp)

table = Table("IPv4")


def forwarded(name, packet, backend="one/a", port=0, **framing):
    table.add(name, frame_of(packet, **framing), tunnel(packet, backend, port=port))


# --- TCP through IP-in-IP: the inner packet is untouched to the bit ---

for flags, what in [("S", "SYN"), ("A", "ACK"), ("PA", "data"), ("FA", "FIN"), ("R", "RST"), ("RA", "RST, ACK"),
                    ("SA", "SYN, ACK, which no client sends"), ("", "no flags"), ("SF", "SYN and FIN"),
                    ("FSRPAUEC", "all flags"), ("SEC", "SYN that asks for ECN")]:
    forwarded(f"TCP {what}", ip4(tcp(flags=flags)))
forwarded("TCP SYN with options", ip4(tcp(flags="S", options=[
    ("MSS", 1460), ("SAckOK", b""), ("Timestamp", (1, 0)), ("NOP", None), ("WScale", 7)])))
forwarded("TCP options of 40 bytes", ip4(tcp(options=[("NOP", None)] * 40)))
for size in (1, 2, 3, 5, 536, 1200):
    forwarded(f"TCP with {size} bytes", ip4(tcp(data=b"x" * size)))
forwarded("TCP with a wrong checksum: the backend's to judge", ip4(tcp(chksum=0x1234)))
forwarded("TCP with an urgent pointer", ip4(tcp(flags="UA", urgptr=7, data=b"urgent!")))

# RFC 2003 3.1, RFC 6040 4.1: the outer DSCP and ECN are the inner ones
for tos, what in [(0xb8, "DSCP EF"), (0x28, "DSCP AF11"), (0x01, "ECT(1)"), (0x02, "ECT(0)"), (0x03, "CE"),
                  (0xff, "all of DSCP and ECN")]:
    forwarded(f"{what} goes into the outer header", ip4(tcp(), tos=tos))
for ttl in (1, 2, 128, 255):
    forwarded(f"TTL {ttl} is the inner packet's own", ip4(tcp(), ttl=ttl))
forwarded("DF inside", ip4(tcp(), flags="DF", id=0))
forwarded("no DF inside, with an identification", ip4(tcp(), id=0xbeef))
forwarded("the reserved flag", ip4(tcp(), flags="evil"))
for option, what in [(IPOption_NOP(), "NOP"), (IPOption_Router_Alert(), "router alert"),
                     (IPOption_RR(length=39, routers=["0.0.0.0"] * 9), "record route, 40 bytes")]:
    forwarded(f"IPv4 option {what}", ip4(tcp(), options=[option]))
forwarded("padding of a short frame stays behind", ip4(tcp(data=b"")), pad=b"\0" * 6)
forwarded("a trailer of 100 bytes stays behind", ip4(tcp(data=b"abc")), pad=b"\xaa" * 100)

# --- The path's MTU: 1500 less 20 for the outer header ---

forwarded("exactly as large as fits", ip4(tcp(data=b"x" * 1440)))
forwarded("exactly as large as a small path takes", ip4(tcp(1003, data=b"x" * 1340)), "small/a")
forwarded("a jumbo frame", ip4(tcp(1004, data=b"x" * 8000)), "jumbo/a")
forwarded("exactly as large as fits, behind a tag", ip4(tcp(data=b"x" * 1440)), tags=(5,))

# --- UDP ---

forwarded("UDP", ip4(udp(data=b"query")))
forwarded("UDP without data", ip4(udp()))
forwarded("UDP without a checksum", ip4(udp(data=b"x", chksum=0)))
forwarded("UDP shorter than its IP packet", ip4(udp(data=b"12345678", len=10)))
forwarded("UDP exactly as large as fits", ip4(udp(data=b"x" * 1452)))
forwarded("UDP from port 0", ip4(udp(sport=0, data=b"x")))

# --- 802.1Q in, none out; and the other way round ---

forwarded("a tag is taken off", ip4(tcp()), tags=(100,))
forwarded("a priority tag is taken off", ip4(tcp()), tags=(0xe000,))
forwarded("two tags are taken off", ip4(tcp()), tags=(100, 200))
forwarded("an 802.1ad tag is taken off", ip4(tcp()), tags=(100, 5), outer=0x88a8)
forwarded("a tag is put on", ip4(tcp(1000)), "tagged/a")
forwarded("a tag is changed for another", ip4(tcp(1000)), "tagged/a", tags=(5,))
forwarded("the backend is behind the other port", ip4(tcp(1002)), "other-port/a", port=1)

# --- Ports: single, ranges, any ---

for port in (30000, 30255, 30256, 30500, 30999):
    forwarded(f"port {port} of a range", ip4(tcp(port)))
for port in (29999, 31000):
    table.add(f"port {port} beside a range", frame_of(ip4(tcp(port))), drop("no_service"))
for port in (40000, 40999):
    forwarded(f"UDP port {port} of a range", ip4(udp(port)))
for port in (2000, 2001, 2010, 2012, 2050):
    forwarded(f"TCP port {port} of a service of several", ip4(tcp(port)))
    forwarded(f"UDP port {port} of a service of several", ip4(udp(port)))
for port in (1999, 2002, 2009, 2013, 2049, 2051):
    table.add(f"TCP port {port} beside them", frame_of(ip4(tcp(port))), drop("no_service"))
    table.add(f"UDP port {port} beside them", frame_of(ip4(udp(port))), drop("no_service"))
for port in (1, 22, 443, 65535):
    forwarded(f"any port: {port}", ip4(tcp(port), dst=VIP_ANY))
forwarded("any port: 0", ip4(tcp(0), dst=VIP_ANY))

# --- L2 DSR: the same IP packet, other MACs ---

for flags in ("S", "A", "FA", "R"):
    p = ip4(tcp(80, flags=flags), dst=VIP_DSR)
    table.add(f"DSR of TCP {flags}", frame_of(p), dsr(p, "dsr/a"))
p = ip4(udp(514, data=b"<13>log"), dst=VIP_DSR)
table.add("DSR of UDP", frame_of(p), dsr(p, "dsr/a"))
p = ip4(tcp(80), dst=VIP_DSR, ttl=1, tos=0xb9, options=[IPOption_NOP()])
table.add("DSR leaves TTL, DSCP, ECN and options alone", frame_of(p), dsr(p, "dsr/a"))
p = ip4(tcp(80, data=b"x" * 1460), dst=VIP_DSR)
table.add("DSR of a full-size packet", frame_of(p), dsr(p, "dsr/a"))
p = ip4(tcp(80), dst=VIP_DSR)
table.add("DSR takes a tag off", frame_of(p, tags=(7,)), dsr(p, "dsr/a"))
p = ip4(tcp(80), dst=VIP_DSR)
table.add("DSR leaves padding behind", frame_of(p, pad=b"\xff" * 6), dsr(p, "dsr/a"))
p = ip4(tcp(81), dst=VIP_DSR)
table.add("DSR puts a tag on", frame_of(p), dsr(p, "tagged-dsr/a"))
p = ip4(tcp(81), dst=VIP_DSR)
table.add("DSR changes one tag for another", frame_of(p, tags=(9,)), dsr(p, "tagged-dsr/a"))

# --- For a VIP, and for no service: dropped and counted, never punted ---

table.add("a TCP port without a service", frame_of(ip4(tcp(444))), drop("no_service"))
table.add("a UDP port where TCP has a service", frame_of(ip4(udp(443))), drop("no_service"))
table.add("a TCP port where UDP has a service", frame_of(ip4(tcp(53))), drop("no_service"))
table.add("another VIP's port", frame_of(ip4(tcp(443), dst=VIP_DSR)), drop("no_service"))
table.add("port 0", frame_of(ip4(tcp(0))), drop("no_service"))
for number, what in [(2, "IGMP"), (4, "IP-in-IP"), (41, "6in4"), (47, "GRE"), (50, "ESP"), (51, "AH"), (89, "OSPF"),
                     (132, "SCTP"), (58, "ICMPv6 over IPv4"), (255, "255")]:
    table.add(f"protocol {what} to a VIP", frame_of(ip4(b"\0" * 40, proto=number)), drop("no_service"))

# --- Sources that no host has: RFC 1122 3.2.1.3 ---

for source in ("0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"):
    table.add(f"from {source}", frame_of(ip4(tcp(), src=source)), drop("source_invalid"))

# --- Not for a VIP: the kernel's, as it came ---


def punted(name, frame):
    table.add(name, frame, punt(frame))


punted("ARP request", bytes(Ether(src=ROUTER, dst="ff:ff:ff:ff:ff:ff") /
                            ARP(op=1, hwsrc=ROUTER, psrc=CLIENT, pdst=OWN)))
punted("ARP for a VIP is the kernel's", bytes(Ether(src=ROUTER, dst="ff:ff:ff:ff:ff:ff") /
                                              ARP(op=1, hwsrc=ROUTER, psrc=CLIENT, pdst=VIP)))
punted("ARP reply", bytes(Ether(src=ROUTER, dst=BALANCER) / ARP(op=2, hwsrc=ROUTER, psrc=CLIENT, pdst=OWN)))
punted("ARP behind a tag", eth(type=0x8100) + bytes.fromhex("00050806") + bytes(ARP(psrc=CLIENT, pdst=OWN)))
punted("TCP to the balancer's own address", frame_of(ip4(tcp(22, flags="S"), dst=OWN)))
punted("the same with padding", frame_of(ip4(tcp(22), dst=OWN), pad=b"\0" * 6))
punted("the same behind a tag", frame_of(ip4(tcp(22), dst=OWN), tags=(3,)))
punted("UDP to an address next to a VIP", frame_of(ip4(udp(53), dst="203.0.113.11")))
punted("ICMP echo to the balancer", frame_of(ip4(bytes.fromhex("0800f7ff00000000"), dst=OWN, proto=1)))
punted("an ICMP error to the balancer", frame_of(ip4(b"\3\1\xfc\xfe" + b"\0" * 32, dst=OWN, proto=1)))
punted("OSPF to its multicast group", frame_of(ip4(b"\0" * 44, dst="224.0.0.5", proto=89, ttl=1)))
punted("DHCP to the broadcast address", frame_of(ip4(udp(68, sport=67), dst="255.255.255.255")))
punted("GRE to the balancer", frame_of(ip4(b"\0" * 40, dst=OWN, proto=47)))
punted("a later fragment to the balancer", frame_of(ip4(b"\0" * 40, dst=OWN, proto=17, frag=100)))
punted("LLDP", eth(b"\2\7\4" + b"\0" * 50, type=0x88cc))
punted("an 802.3 frame with LLC", eth(b"\x42\x42\3" + b"\0" * 35, type=38))
punted("an unknown EtherType", eth(b"\0" * 46, type=0x9999))
punted("a bare Ethernet header", eth(type=0x88cc))
punted("three tags: more than any service has", frame_of(ip4(tcp()), tags=(1, 2, 3)))

# --- Affinity: which of three is the hash's choice, but it is one choice ---

THREE = ("three/a", "three/b", "three/c")


def flow(name, packets):
    table.story(name, *[Step(frame_of(p), tunnel(p, *THREE), tied="flow") for p in packets])


flow("a TCP flow stays together, from SYN to the last ACK",
     [ip4(tcp(1005, flags=f, sport=20001, data=d)) for f, d in
      [("S", b""), ("A", b""), ("PA", b"hello"), ("A", b""), ("FA", b""), ("A", b""), ("R", b"")]])
flow("the same tuple opens anew: the same choice while the pool is the same",
     [ip4(tcp(1005, flags=f, sport=20002)) for f in ("S", "A", "FA", "S", "A")])
flow("a TCP flow that is met in its middle", [ip4(tcp(1005, sport=20003)) for _ in range(3)])
flow("a RST alone goes where its flow would", [ip4(tcp(1005, flags=f, sport=20004)) for f in ("R", "A")])
flow("a UDP flow stays together", [ip4(udp(1005, sport=20005, data=bytes([i]))) for i in range(4)])
flow("DSCP, TTL, tags and identification do not choose",
     [ip4(tcp(1005, sport=20006), tos=i, ttl=64 - i, id=i) for i in range(4)])
flow("source affinity: every port of a client, every service of the pool",
     [ip4(tcp(port, flags="S", sport=sport()), src=ANYWHERE) for port in (1006, 1006, 1007, 1006, 1007)])

# --- Pools without anybody ---

table.add("everybody is down, and the pool says drop", frame_of(ip4(tcp(1008, flags="S"))), drop("no_backend"))
forwarded("everybody is down, and the pool says spread", ip4(tcp(1009, flags="S")), "last-resort/a")
table.add("nobody has a next hop", frame_of(ip4(tcp(1010, flags="S"))), drop("no_backend"))
