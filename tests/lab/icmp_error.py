#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Sends ICMP errors to VIPs about what they are said to have sent to this client. Each line of the input is one:

    port|size|time VIP PORT CLIENT_PORT              as a client or a router would send it
    foreign|checksum|short VIP PORT CLIENT_PORT      about another sender, with a wrong sum, with a quote cut off
"""
import socket
import sys

from scapy.all import (ICMP, IP, TCP, ICMPv6DestUnreach, ICMPv6PacketTooBig, ICMPv6TimeExceeded, IPv6, Raw, raw)

ERRORS = {
    IP: {"port": ICMP(type=3, code=3), "size": ICMP(type=3, code=4, nexthopmtu=1300), "time": ICMP(type=11),
         "checksum": ICMP(type=3, code=3, chksum=0x1234)},
    IPv6: {"port": ICMPv6DestUnreach(code=4), "size": ICMPv6PacketTooBig(mtu=1300), "time": ICMPv6TimeExceeded(),
           "checksum": ICMPv6DestUnreach(code=4, cksum=0x1234)},
}
OTHER = {IP: "198.51.100.99", IPv6: "fd00:100::99"}


def send(what, vip, port, client_port):
    family, header = (socket.AF_INET6, IPv6) if ":" in vip else (socket.AF_INET, IP)
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.connect((vip, int(port)))
        own = s.getsockname()[0]
    source = OTHER[header] if what == "foreign" else vip
    quote = raw(header(src=source, dst=own) / TCP(sport=int(port), dport=int(client_port), flags="A"))
    if what == "short":
        quote = quote[:20]
    error = ERRORS[header].get(what, ERRORS[header]["port"])
    with socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW) as s:
        s.sendto(raw(header(src=own, dst=vip) / error / Raw(quote)), (vip, 0))


for line in sys.stdin:
    send(*line.split())
