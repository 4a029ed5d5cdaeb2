#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Stands on a backend's cable in the balancer's place, and in all clients': crafts what a backend can
get, and judges by scapy's own arithmetic what comes back. Every check is a line; the first that fails
ends it.

    backend_forms.py HOST_MAC        in the namespace 'peer', the backend is the namespace 'host'"""
import ctypes
import logging
import os
import select
import socket
import sys
import time

logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.all import (ICMP, IP, TCP, UDP, Ether, ICMPv6DestUnreach, ICMPv6EchoReply,  # noqa: E402
    ICMPv6EchoRequest, ICMPv6ND_NA, ICMPv6PacketTooBig, IPerror, IPerror6, IPv6, IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment, Raw, UDPerror, fragment, fragment6, raw)

HOST_MAC = sys.argv[1]
VIP = {4: "203.0.113.10", 6: "2001:db8:1::10"}
CLIENT = {4: "198.51.100.7", 6: "fd00:100::7"}
PEER = {4: "10.9.0.1", 6: "fd00:9::1"}
HOST = {4: "10.9.0.2", 6: "fd00:9::2"}
IPIP = {4: 4, 6: 41}
CE, ECT = 3, 2
ports = iter(range(20000, 60000))


def fail(what):
    sys.exit(f"FAIL: {what}")


def check(what, holds, seen=None):
    if not holds:
        fail(f"{what}{'' if seen is None else f': {seen!r}'}")
    print(f"ok: {what}", flush=True)


def packet_socket():
    opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    opened.bind(("eth0", 0))
    return opened


def packet_socket_in(namespace):
    """A socket stays in the namespace that it was born in."""
    libc = ctypes.CDLL(None, use_errno=True)
    home, there = os.open("/proc/self/ns/net", 0), os.open(f"/run/netns/{namespace}", 0)
    if libc.setns(there, 0) != 0:
        fail("setns")
    opened = packet_socket()
    libc.setns(home, 0)
    return opened


wire = packet_socket()


def ip(family, **fields):
    return IP(**fields) if family == 4 else IPv6(**fields)


def service(family, value):
    return {"tos": value} if family == 4 else {"tc": value}


def wrap(inner, outer, tos=0):
    """The frame that a balancer sends: 'outer' is a family, or None for direct server return."""
    ether = Ether(dst=HOST_MAC)
    if outer is None:
        return ether / inner
    kind = IPIP[4 if isinstance(inner, IP) else 6]
    fields = {"proto": kind} if outer == 4 else {"nh": kind}
    return ether / ip(outer, src=PEER[outer], dst=HOST[outer], **fields, **service(outer, tos)) / inner


def send(inner, outer, tos=0):
    wire.send(raw(wrap(inner, outer, tos)))


def receive(what, wanted, timeout=3.0):
    """The first IP packet of the backend for which wanted(packet) holds."""
    deadline = time.monotonic() + timeout
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([wire], [], [], left)[0]:
            break
        data, address = wire.recvfrom(65536)
        if address[2] == socket.PACKET_OUTGOING:
            continue
        packet = Ether(data).payload
        if isinstance(packet, (IP, IPv6)) and wanted(packet):
            return packet
    return None if what is None else fail(f"{what}: no such packet came")


def sums_of(packet):
    """Checksum by layer. Zero has two writings in one's complement; both are right."""
    sums = []
    while packet:
        sums += [packet.fields[name] % 0xffff for name in ("chksum", "cksum") if name in packet.fields]
        packet = packet.payload
    return sums


def is_intact(packet):
    """Whether every checksum is what scapy makes it anew."""
    length = packet.len if isinstance(packet, IP) else packet.plen + 40
    was = type(packet)(raw(packet)[:length])
    anew = was.copy()
    layer = anew
    while layer:
        for name in {"chksum", "cksum"} & layer.fields.keys():
            delattr(layer, name)
        layer = layer.payload
    return sums_of(type(packet)(raw(anew))) == sums_of(was)


def from_vip(layer, family, sport, dport, client=None):
    return lambda p: (layer in p and p.src == VIP[family] and p.dst == (client or CLIENT[family]) and
        p[layer].sport == sport and p[layer].dport == dport)


def mss_of(packet):
    return dict(option for option in packet[TCP].options if option[0] == "MSS").get("MSS")


def open_connection(what, family, outer, port):
    """The handshake. Returns the head of the client's next packet, its TCP header, the SYN-ACK."""
    sport = next(ports)
    head = ip(family, src=CLIENT[family], dst=VIP[family])
    send(head / TCP(sport=sport, dport=port, flags="S", seq=1000, options=[("MSS", 1460)]), outer)
    answer = receive(what, from_vip(TCP, family, port, sport))
    check(f"{what}: the SYN-ACK comes from the VIP and its public port {port}", answer[TCP].flags == "SA")
    check(f"{what}: the SYN-ACK's checksums are right", is_intact(answer), answer)
    tcp = TCP(sport=sport, dport=port, flags="A", seq=1001, ack=answer[TCP].seq + 1)
    send(head / tcp, outer)
    return head, tcp, answer


def converse(family, outer, port, mss):
    what = f"tcp {family}-in-{outer or 'nothing'} port {port}"
    head, tcp, answer = open_connection(what, family, outer, port)
    check(f"{what}: it announces an MSS of {mss}", mss_of(answer) == mss, mss_of(answer))
    tcp.flags = "PA"
    send(head / tcp / Raw(b"hello"), outer)
    wanted = f"{CLIENT[family]} {tcp.sport}\n".encode() + b"hello"
    heard = {}
    while b"".join(heard[seq] for seq in sorted(heard)) != wanted:
        data = receive(what, lambda p: from_vip(TCP, family, port, tcp.sport)(p) and len(p[TCP].payload))
        if not is_intact(data):
            fail(f"{what}: a checksum is wrong: {data!r}")
        heard[data[TCP].seq] = bytes(data[TCP].payload)
        tcp.flags, tcp.seq = "A", 1006
        tcp.ack = max(seq + len(text) for seq, text in heard.items())
        send(head / tcp, outer)
    check(f"{what}: the server sees the client's address and echoes", True)
    tcp.flags = "R"
    send(head / tcp, outer)


def all_conversations():
    # Each connection has the MSS of its own way, whatever came before it by another one.
    for outer, overhead in ((None, 0), (4, 20), (6, 40), (4, 20), (None, 0)):
        for family, header in ((4, 40), (6, 60)):
            converse(family, outer, 443, 1500 - header - overhead)
            converse(family, outer, 444, 1300)
            converse(family, outer, 8080, 1500 - header - overhead)


def ask(what, packets, family, outer, sport, port, wanted, tos=0, client=None):
    for packet in packets:
        send(packet, outer, tos)
    answer = receive(what, from_vip(UDP, family, port, sport, client))
    check(f"{what}: the answer comes from the VIP's port {port}, intact", is_intact(answer), answer)
    check(f"{what}: the server got what was sent", bytes(answer[UDP].payload)[:len(wanted)] == wanted,
        bytes(answer[UDP].payload)[:20])


def datagrams(family, outer):
    what = f"udp {family}-in-{outer or 'nothing'}"
    head = ip(family, src=CLIENT[family], dst=VIP[family])
    sport = next(ports)
    ask(what, [head / UDP(sport=sport, dport=53) / b"ask"], family, outer, sport, 53, b"\0ask")
    if family == 4:
        sport = next(ports)
        ask(f"{what} without checksum", [head / UDP(sport=sport, dport=53, chksum=0) / b"ask"], family,
            outer, sport, 53, b"\0ask")
    sport = next(ports)
    text = bytes(range(256)) * 5
    if family == 4:
        pieces = fragment(IP(raw(IP(src=head.src, dst=head.dst, id=77) / UDP(sport=sport, dport=53) / text)), 600)
    else:
        pieces = fragment6(IPv6(raw(head / IPv6ExtHdrFragment(id=77) / UDP(sport=sport, dport=53) / text)), 600)
    check(f"{what}: the datagram is in fragments", len(pieces) > 1)
    ask(f"{what} in fragments", pieces, family, outer, sport, 53, b"\0" + text[:64])
    if family == 6:
        sport = next(ports)
        packet = head / IPv6ExtHdrDestOpt() / UDP(sport=sport, dport=53) / b"ask"
        ask(f"{what} behind an extension header", [packet], family, outer, sport, 53, b"\0ask")


def congestion(family, outer):
    what = f"congestion {family}-in-{outer}"
    sport = next(ports)
    head = ip(family, src=CLIENT[family], dst=VIP[family], **service(family, ECT))
    ask(f"{what}: the outer mark is copied", [head / UDP(sport=sport, dport=53) / b"ask"], family, outer,
        sport, 53, bytes([CE]) + b"ask", tos=CE)
    sport = next(ports)
    send(ip(family, src=CLIENT[family], dst=VIP[family]) / UDP(sport=sport, dport=53) / b"ask", outer, CE)


def echo(family, outer):
    what = f"ping {family}-in-{outer or 'nothing'}"
    head = ip(family, src=CLIENT[family], dst=VIP[family])
    number = next(ports)
    if family == 4:
        send(head / ICMP(id=number), outer)
        answer = receive(what, lambda p: ICMP in p and p[ICMP].type == 0 and p[ICMP].id == number)
    else:
        send(head / ICMPv6EchoRequest(id=number), outer)
        answer = receive(what, lambda p: ICMPv6EchoReply in p and p[ICMPv6EchoReply].id == number)
    check(f"{what}: the VIP answers", answer.src == VIP[family] and is_intact(answer), answer)


def too_big(family, outer):
    """A router between backend and client wants smaller packets; it quotes what it saw: port 443."""
    what = f"too big {family}-in-{outer}"
    head, tcp, _ = open_connection(what, family, outer, 443)
    quoted = receive(what, lambda p: from_vip(TCP, family, 443, tcp.sport)(p) and len(p[TCP].payload))
    if family == 4:
        error = IP(src="198.51.100.1", dst=VIP[4]) / ICMP(type=3, code=4, nexthopmtu=1300) / raw(quoted)[:28]
    else:
        error = IPv6(src="fd00:100::1", dst=VIP[6]) / ICMPv6PacketTooBig(mtu=1300) / raw(quoted)[:60]
    send(error, outer)


def port_closed(family, outer):
    """The answer to a datagram for a closed port quotes the port that the client knows."""
    what = f"closed port {family}-in-{outer}"
    sport = next(ports)
    send(ip(family, src=CLIENT[family], dst=VIP[family]) / UDP(sport=sport, dport=54) / b"ask", outer)
    if family == 4:
        answer = receive(what, lambda p: ICMP in p and p[ICMP].type == 3 and UDPerror in p)
        quoted = answer[IPerror]
    else:
        answer = receive(what, lambda p: ICMPv6DestUnreach in p and UDPerror in p)
        quoted = answer[IPerror6]
    check(f"{what}: the error comes from the VIP and quotes port 54",
        answer.src == VIP[family] and quoted.dst == VIP[family] and quoted[UDPerror].dport == 54, answer)
    outer_sum = ICMP if family == 4 else ICMPv6DestUnreach
    fresh = type(answer)(raw(answer))
    name = "chksum" if family == 4 else "cksum"
    was = getattr(answer[outer_sum], name)
    delattr(fresh[outer_sum], name)
    fresh = type(answer)(raw(fresh))
    check(f"{what}: its checksum is right", getattr(fresh[outer_sum], name) == was, answer)


def odd_mss():
    """Other stacks put a NOP before the MSS: its value then lies astride two words of the checksum."""
    host = packet_socket_in("host")
    my_mac = wire.getsockname()[4]
    for family in (4, 6):
        sport = next(ports)
        head = ip(family, src=VIP[family], dst=CLIENT[family])
        options = [("NOP", None), ("MSS", 9000), ("WScale", 7)]
        answer = head / TCP(sport=3080, dport=sport, flags="SA", options=options)
        host.send(raw(Ether(dst=my_mac) / answer))
        seen = receive("odd mss", from_vip(TCP, family, 443, sport))
        check(f"an MSS at an odd place is lowered: {mss_of(seen)}", mss_of(seen) < 1460)
        check("and the checksum is right", is_intact(seen), seen)
        low = head / TCP(sport=3080, dport=sport + 1, flags="SA", options=[("MSS", 536)])
        host.send(raw(Ether(dst=my_mac) / low))
        seen = receive("low mss", from_vip(TCP, family, 443, sport + 1))
        check("an MSS that is low enough stays", mss_of(seen) == 536 and is_intact(seen), seen)


def not_ours():
    """What is no business of the agent reaches the kernel as it came: it has no such tunnel, and says so."""
    inner = IP(src=CLIENT[4], dst="203.0.113.99") / UDP(sport=1, dport=53) / b"ask"
    send(inner, 4)
    answer = receive("no vip", lambda p: ICMP in p and p[ICMP].type == 3 and p[ICMP].code == 2)
    check("a tunnel packet for no VIP goes on untouched", answer[IPerror].proto == 4, answer)
    wire.send(raw(Ether(dst=HOST_MAC) / IP(src=PEER[4], dst=HOST[4], proto=4) / Raw(b"\x45\0\0\x10")))
    wire.send(raw(Ether(dst=HOST_MAC) / IP(src=PEER[4], dst=HOST[4], proto=4, flags="MF") / inner))
    stranger = IP(src="10.8.0.1", dst=HOST[4], proto=4)
    wire.send(raw(Ether(dst=HOST_MAC) / stranger / IP(src=CLIENT[4], dst=VIP[4]) / UDP(sport=1, dport=53)))
    send(IP(src=CLIENT[4], dst=HOST[4]) / ICMP(id=4711), None)
    answer = receive("ping", lambda p: ICMP in p and p[ICMP].type == 0 and p[ICMP].id == 4711)
    check("the backend's own address answers as ever", answer.src == HOST[4] and is_intact(answer))


def refused_in_tunnels():
    """What a forger of a balancer's address would send; that none of it is delivered, the counters say."""
    for outer in (4, 6):
        for family in (4, 6):
            head = lambda src: ip(family, src=src, dst=VIP[family])
            for port in (22, 5353):
                send(head(CLIENT[family]) / UDP(sport=7, dport=port) / b"ask", outer)
                send(head(CLIENT[family]) / TCP(sport=7, dport=port, flags="S"), outer)
            nobody = {4: ("10.9.0.77", HOST[4], VIP[4], "127.0.0.1", "169.254.1.1", "224.0.0.1", "0.0.0.0"),
                6: ("fd00:9::77", HOST[6], VIP[6], "::1", "fe80::1", "ff02::1", "::")}[family]
            for source in nobody:
                send(head(source) / UDP(sport=7, dport=53) / b"ask", outer)
    send(ip(4, src=CLIENT[4], dst=VIP[4]) / ICMP(type=5, code=1), 4)
    send(IPv6(src=CLIENT[6], dst=VIP[6], hlim=255) / ICMPv6ND_NA(tgt="fd00:9::1"), 4)
    send(IPv6(src="::ffff:198.51.100.7", dst=VIP[6]) / UDP(sport=7, dport=53) / b"ask", 4)
    # An own network that is allowed, and the balancer itself, are clients.
    for source in ("10.9.0.40", "10.9.0.1"):
        ask(f"client {source}", [IP(src=source, dst=VIP[4]) / UDP(sport=7, dport=53) / b"ask"], 4, 4, 7, 53, b"\0ask",
            client=source)


all_conversations()
refused_in_tunnels()
for outer in (None, 4, 6):
    for family in (4, 6):
        datagrams(family, outer)
        echo(family, outer)
for outer in (4, 6):
    for family in (4, 6):
        congestion(family, outer)
for family in (4, 6):
    too_big(family, 4)
    port_closed(family, 6)
odd_mss()
not_ours()
