# SPDX-License-Identifier: BSD-3-Clause
"""The small world that the golden packets live in, and how frames are built for it.

Everything here is scapy's work or plain struct: nothing is taken from what the program printed.
"""
import itertools
import os
import struct
import sys

from scapy.all import IP, TCP, UDP, Dot1Q, Ether, IPv6, Raw, conf
from scapy.utils import checksum

conf.verb = 0

ROUTER, BALANCER = "02:00:00:00:00:01", "02:00:00:00:00:02"
CLIENT, CLIENT6 = "192.0.2.1", "2001:db8:c::1"
ANYWHERE = "198.51.100.7"  # a router on the way, which only ever sends ICMP errors
ANYWHERE6 = "2001:db8:f::7"
VIP, VIP_DSR, VIP_ANY = "203.0.113.10", "203.0.113.20", "203.0.113.30"
VIP6, VIP6_DSR = "2001:db8:1::10", "2001:db8:1::20"
OWN, OWN6 = "10.0.0.2", "fd00::2"  # the balancer's own addresses: outer sources


class Backend:
    """A backend, and the hop that the kernel would resolve for it."""

    def __init__(self, name, address, hop, port=0, vlan=None, mtu=1500, status="up"):
        self.name, self.address, self.hop = name, address, hop
        self.port, self.vlan, self.mtu, self.status = port, vlan, mtu, status
        self.source = OWN6 if ":" in address else OWN

    def line(self, status=None):
        """A line of what run_stages reads."""
        vlan = "-" if self.vlan is None else str(self.vlan)
        return (f"{self.name} {status or self.status} {self.port} {self.mtu} {vlan} {BALANCER} "
                f"{self.hop} {self.source}\n")


BACKENDS = {b.name: b for b in [
    Backend("one/a", "10.0.1.11", "02:00:00:00:01:01"),
    Backend("one6/a", "fd00:1::11", "02:00:00:00:01:02"),
    Backend("dsr/a", "10.0.2.11", "02:00:00:00:02:01"),
    Backend("dsr6/a", "fd00:2::11", "02:00:00:00:02:02"),
    Backend("tagged/a", "10.0.3.11", "02:00:00:00:03:01", vlan=0x2064),  # priority 1, VLAN 100
    Backend("tagged6/a", "fd00:3::11", "02:00:00:00:03:02", vlan=100),
    Backend("tagged-dsr/a", "10.0.3.12", "02:00:00:00:03:03", vlan=100),
    Backend("other-port/a", "10.0.4.11", "02:00:00:00:04:01", port=1),
    Backend("small/a", "10.0.5.11", "02:00:00:00:05:01", mtu=1400),
    Backend("least/a", "10.0.5.13", "02:00:00:00:05:03", mtu=576),
    Backend("least6/a", "fd00:5::13", "02:00:00:00:05:04", mtu=1280),
    Backend("near/a", "10.0.5.14", "02:00:00:00:05:05", mtu=1299),
    Backend("near6/a", "fd00:5::14", "02:00:00:00:05:06", mtu=1319),
    Backend("just/a", "10.0.5.15", "02:00:00:00:05:07", mtu=1300),
    Backend("just6/a", "fd00:5::15", "02:00:00:00:05:08", mtu=1320),
    Backend("reject/a", "10.0.5.12", "02:00:00:00:05:02"),
    Backend("jumbo/a", "10.0.6.11", "02:00:00:00:06:01", mtu=9000),
    Backend("three/a", "10.0.7.11", "02:00:00:00:07:01"),
    Backend("three/b", "10.0.7.12", "02:00:00:00:07:02"),
    Backend("three/c", "10.0.7.13", "02:00:00:00:07:03"),
    Backend("three6/a", "fd00:7::11", "02:00:00:00:07:11"),
    Backend("three6/b", "fd00:7::12", "02:00:00:00:07:12"),
    Backend("dead/a", "10.0.8.11", "02:00:00:00:08:01", status="down"),
    Backend("refuse/a", "10.0.8.12", "02:00:00:00:08:02", status="down"),
    Backend("refuse/b", "10.0.8.13", "02:00:00:00:08:03", status="down"),
    Backend("refuse6/a", "fd00:8::12", "02:00:00:00:08:12", status="disabled"),
    Backend("early/a", "10.0.8.14", "02:00:00:00:08:04", status="unasked"),
    Backend("last-resort/a", "10.0.9.11", "02:00:00:00:09:01", status="down"),
    Backend("lost/a", "10.0.10.11", "02:00:00:00:10:01", status="unresolved"),
    Backend("drawn/a", "10.0.14.11", "02:00:00:00:14:01"),
    Backend("drawn/b", "fd00:14::11", "02:00:00:00:14:02"),
    Backend("keep/a", "10.0.11.11", "02:00:00:00:11:01"),
    Backend("keep/b", "10.0.11.12", "02:00:00:00:11:02", status="down"),
    Backend("rehash/a", "10.0.12.11", "02:00:00:00:12:01"),
    Backend("rehash/b", "10.0.12.12", "02:00:00:00:12:02", status="down"),
    Backend("reset/a", "10.0.13.11", "02:00:00:00:13:01"),
    Backend("reset/b", "10.0.13.12", "02:00:00:00:13:02", status="down"),
    Backend("reset6/a", "fd00:13::11", "02:00:00:00:13:11"),
    Backend("reset6/b", "fd00:13::12", "02:00:00:00:13:12", status="down"),
]}

# name, VIP, protocol, ports, pool, forwarding, affinity
SERVICES = [
    ("web", VIP, "tcp", 443, "one", "ipip"),
    ("dns", VIP, "udp", 53, "one", "ipip"),
    ("many", VIP, "[tcp, udp]", "[2000, 2010-2012, 2050]", "one", "ipip"),
    ("both", VIP, "[udp, tcp]", 2001, "one", "ipip"),
    ("range", VIP, "tcp", "30000-30999", "one", "ipip"),
    ("media", VIP, "udp", "40000-40999", "one", "ipip"),
    ("over6", VIP, "tcp", 8443, "one6", "ipip"),
    ("over6-udp", VIP, "udp", 8443, "one6", "ipip"),
    ("tagged", VIP, "tcp", 1000, "tagged", "ipip"),
    ("tagged6", VIP, "tcp", 1001, "tagged6", "ipip"),
    ("other-port", VIP, "tcp", 1002, "other-port", "ipip"),
    ("small", VIP, "tcp", 1003, "small", "ipip"),
    ("jumbo", VIP, "tcp", 1004, "jumbo", "ipip"),
    ("least6-over4", VIP6, "tcp", 1020, "least", "ipip"),
    ("least6", VIP6, "tcp", 1021, "least6", "ipip"),
    ("near6-over4", VIP6, "tcp", 1022, "near", "ipip"),
    ("near6", VIP6, "tcp", 1023, "near6", "ipip"),
    ("just6-over4", VIP6, "tcp", 1024, "just", "ipip"),
    ("just6", VIP6, "tcp", 1025, "just6", "ipip"),
    ("near6-udp", VIP6, "udp", 1023, "near6", "ipip"),
    ("reject", VIP, "tcp", 1014, "reject", "ipip"),
    ("three", VIP, "tcp", 1005, "three", "ipip"),
    ("three-udp", VIP, "udp", 1005, "three", "ipip"),
    ("by-source", VIP, "tcp", 1006, "three", "ipip", "source"),
    ("by-source-2", VIP, "tcp", 1007, "three", "ipip", "source"),
    ("dead", VIP, "tcp", 1008, "dead", "ipip"),
    ("refuse", VIP, "tcp", 1015, "refuse", "ipip"),
    ("refuse-udp", VIP, "udp", 1015, "refuse", "ipip"),
    ("early", VIP, "tcp", 1016, "early", "ipip"),
    ("early-udp", VIP, "udp", 1016, "early", "ipip"),
    ("last-resort", VIP, "tcp", 1009, "last-resort", "ipip"),
    ("lost", VIP, "tcp", 1010, "lost", "ipip"),
    ("drawn", VIP, "udp", 1017, "drawn", "ipip"),
    ("keep", VIP, "tcp", 1011, "keep", "ipip"),
    ("rehash", VIP, "tcp", 1012, "rehash", "ipip"),
    ("reset", VIP, "tcp", 1013, "reset", "ipip"),
    ("reset-udp", VIP, "udp", 1013, "reset", "ipip"),
    ("dsr", VIP_DSR, "tcp", 80, "dsr", "dsr"),
    ("dsr-udp", VIP_DSR, "udp", 514, "dsr", "dsr"),
    ("dsr-tagged", VIP_DSR, "tcp", 81, "tagged-dsr", "dsr"),
    ("any", VIP_ANY, "tcp", "any", "one", "ipip"),
    ("web6", VIP6, "tcp", 443, "one6", "ipip"),
    ("dns6", VIP6, "udp", 53, "one6", "ipip"),
    ("over4", VIP6, "tcp", 8443, "one", "ipip"),
    ("over4-udp", VIP6, "udp", 8443, "one", "ipip"),
    ("many6", VIP6, "[tcp, udp]", "[2000, 2010-2012, 2050]", "one6", "ipip"),
    ("range6", VIP6, "tcp", "30000-30999", "one6", "ipip"),
    ("three6", VIP6, "tcp", 1005, "three6", "ipip"),
    ("by-source6", VIP6, "tcp", 1006, "three6", "ipip", "source"),
    ("small6", VIP6, "tcp", 1003, "small", "ipip"),
    ("reset6", VIP6, "tcp", 1013, "reset6", "ipip"),
    ("refuse6", VIP6, "tcp", 1015, "refuse6", "ipip"),
    ("refuse6-udp", VIP6, "udp", 1015, "refuse6", "ipip"),
    ("tagged-over4", VIP6, "tcp", 1000, "tagged", "ipip"),
    ("dsr6", VIP6_DSR, "tcp", 80, "dsr6", "dsr"),
    ("dsr6-udp", VIP6_DSR, "udp", 514, "dsr6", "dsr"),
]

POLICIES = {  # pool: its keys beyond the backends
    "dead": "on_all_down: drop", "refuse": "on_all_down: reject", "refuse6": "on_all_down: reject",
    "early": "on_all_down: reject", "drawn": "outer_source: [10.200.0.0/20, 'fd00:200::/120']", "last-resort": "on_all_down: spread",
    "keep": "on_down: keep", "rehash": "on_down: rehash", "reset": "on_down: reset",
    "reset6": "on_down: reset", "reject": "oversize: reject",
}


def pool_file(without=()):
    """The pool file of this world, less the backends named."""
    out = ["hash_key: 000102030405060708090a0b0c0d0e0f", "services:"]
    for name, vip, protocol, ports, pool, forwarding, *affinity in SERVICES:
        port = f"ports: {ports}" if isinstance(ports, str) else f"port: {ports}"
        out += [f"  - name: {name}", f"    vip: {vip}", f"    protocol: {protocol}", f"    {port}",
                f"    forwarding: {forwarding}", f"    pool: {pool}",
                f"    affinity: {affinity[0] if affinity else 'five_tuple'}"]
    out.append("pools:")
    for pool in dict.fromkeys(name.split("/")[0] for name in BACKENDS):
        out += [f"  - name: {pool}", "    health: {type: none}"]
        if pool in POLICIES:
            out.append(f"    {POLICIES[pool]}")
        out.append("    backends:")
        out += [f"      - {{name: {b.name.split('/')[1]}, address: '{b.address}'}}"
                for b in BACKENDS.values() if b.name.split("/")[0] == pool and b.name not in without]
    return "\n".join(out) + "\n"


def hops(**statuses):
    """What the kernel and the probes would say. hops(keep_a="down") differs from the table above."""
    changed = {name.replace("_", "/", 1).replace("_", "-"): status for name, status in statuses.items()}
    return "".join(b.line(changed.get(b.name)) for b in BACKENDS.values())


_ports = itertools.count(10000)


def sport():
    """A client port that no other case has, so that cases do not share flows."""
    return next(_ports)


# --- What comes in ---

def eth(payload=b"", **fields):
    """On the wire from the router."""
    header = Ether(src=ROUTER, dst=BALANCER, **fields)
    return bytes(header / payload)


def tcp(dport=443, flags="A", data=b"", **fields):
    return TCP(sport=fields.pop("sport", None) or sport(), dport=dport, flags=flags, seq=1000, ack=2000,
               **fields) / Raw(data)


def udp(dport=53, data=b"", **fields):
    return UDP(sport=fields.pop("sport", None) or sport(), dport=dport, **fields) / Raw(data)


def ip4(payload, dst=VIP, src=CLIENT, **fields):
    return bytes(IP(src=src, dst=dst, **fields) / payload)


def ip6(payload, dst=VIP6, src=CLIENT6, **fields):
    return bytes(IPv6(src=src, dst=dst, **fields) / payload)


def frame_of(packet, tags=(), pad=b"", outer=0x8100, kind=None):
    """An IP packet (bytes) in a frame: behind VLAN tags, with padding behind it."""
    kind = kind or (0x0800 if packet[0] >> 4 == 4 else 0x86dd)
    types = [outer] + [0x8100] * len(tags)
    types[len(tags)] = kind
    raw = bytes(Ether(src=ROUTER, dst=BALANCER, type=types[0]))
    for tci, after in zip(tags, types[1:]):
        raw += struct.pack("!HH", tci, after)
    return raw + packet + pad


def patched(packet, changes, fix=True):
    """An IPv4 or IPv6 packet with bytes overwritten; IPv4's header checksum made right again."""
    out = bytearray(packet)
    for at, value in changes.items():
        value = bytes([value]) if isinstance(value, int) else value
        out[at:at + len(value)] = value
    if fix and out[0] >> 4 == 4 and (out[0] & 15) >= 5:
        size = (out[0] & 15) * 4
        out[10:12] = b"\0\0"
        out[10:12] = struct.pack("!H", checksum(bytes(out[:size])))
    return bytes(out)


# --- What is to come out ---

def wire(backend, packet):
    """An IP packet in the frame that goes to a backend's next hop."""
    b = BACKENDS[backend]
    kind = 0x0800 if packet[0] >> 4 == 4 else 0x86dd
    layer = Ether(src=BALANCER, dst=b.hop, type=kind)
    if b.vlan is not None:
        layer.type = 0x8100
        layer /= Dot1Q(prio=b.vlan >> 13, id=b.vlan >> 12 & 1, vlan=b.vlan & 0xfff, type=kind)
    return bytes(layer / Raw(packet))


def traffic_class(packet):
    return IP(packet).tos if packet[0] >> 4 == 4 else IPv6(packet).tc


def wrapped(backend, packet):
    """IP-in-IP: RFC 2003, RFC 2473, RFC 4213; DSCP and ECN copied (RFC 6040); TTL 64; DF; id 0."""
    b = BACKENDS[backend]
    number = 4 if packet[0] >> 4 == 4 else 41
    if ":" in b.address:
        outer = IPv6(src=b.source, dst=b.address, hlim=64, tc=traffic_class(packet), nh=number)
    else:
        outer = IP(src=b.source, dst=b.address, ttl=64, tos=traffic_class(packet), flags="DF", id=0,
                   proto=number)
    return wire(backend, bytes(outer / Raw(packet)))


def reset_for(frame):
    """The RST that a client gets for a segment: RFC 9293 3.10.7.1, the connection does not exist."""
    p = Ether(frame)
    t = p[TCP]
    if t.flags.A:
        answer = TCP(sport=t.dport, dport=t.sport, flags="R", seq=t.ack, window=0)
    else:
        length = len(t.payload) + int(bool(t.flags.S)) + int(bool(t.flags.F))
        answer = TCP(sport=t.dport, dport=t.sport, flags="RA", seq=0, ack=t.seq + length, window=0)
    if IP in p:
        ip = IP(src=p[IP].dst, dst=p[IP].src, ttl=64, flags="DF", id=0)
    else:
        ip = IPv6(src=p[IPv6].dst, dst=p[IPv6].src, hlim=64)
    return bytes(Ether(src=p.dst, dst=p.src) / ip / answer)


def back(frame, packet):
    """An IP packet to where the frame came from, behind the same tags."""
    at = 12
    while frame[at:at + 2] == b"\x81\0":
        at += 4
    return frame[6:12] + frame[0:6] + frame[12:at + 2] + packet


def cut4(payload, number, size, protocol, vip=VIP, **fields):
    """A datagram's fragments, of up to 'size' bytes behind the header."""
    for at in range(0, len(payload), size):
        yield ip4(payload[at:at + size], **{"dst": vip, **fields}, proto=protocol, id=number, frag=at // 8,
                  flags="MF" if at + size < len(payload) else 0)


def cut6(payload, number, size, protocol, vip=VIP6, **fields):
    for at in range(0, len(payload), size):
        more = int(at + size < len(payload))
        yield ip6(struct.pack("!BBHI", protocol, 0, at | more, number) + payload[at:at + size],
                  **{"dst": vip, **fields}, nh=44)


if __name__ == "__main__":  # frames.py FOLDER: this world's files, for programs that are not in Python
    for name, text in (("pools.yaml", pool_file()), ("hops", hops())):
        with open(os.path.join(sys.argv[1], name), "w", encoding="utf-8") as f:
            f.write(text)
