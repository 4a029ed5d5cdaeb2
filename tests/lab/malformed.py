#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Sends what no host should: malformed.py INTERFACE DESTINATION-MAC VIP COUNT

Each frame is a TCP SYN or a datagram to the VIP with bytes of its headers spoilt, cut short, or both.
The same COUNT is the same frames every time.
"""
import random
import socket
import struct
import sys


def frame(mac, vip, protocol):
    l4 = struct.pack("!HHIIBBHHH", 40000, 443, 1, 0, 0x50, 2, 8192, 0, 0)
    if protocol == 17:
        l4 = struct.pack("!HHHH", 40000, 443, 12, 0) + b"data"
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(l4), 1, 0, 64, protocol, 0,
                     socket.inet_aton("198.51.100.7"), socket.inet_aton(vip))
    total = sum(struct.unpack("!10H", ip))
    total = (total & 0xFFFF) + (total >> 16)
    ip = ip[:10] + struct.pack("!H", ~total & 0xFFFF) + ip[12:]
    return bytearray(bytes.fromhex(mac.replace(":", "")) + b"\x02\0\0\0\0\x99\x08\x00" + ip + l4)


def main():
    interface, mac, vip, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    dice = random.Random(7)
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    wire.bind((interface, 0))
    for _ in range(count):
        spoilt = frame(mac, vip, dice.choice((6, 17)))
        for _ in range(dice.randrange(4)):
            spoilt[dice.randrange(12, len(spoilt))] = dice.randrange(256)
        if dice.random() < 0.4:
            del spoilt[dice.randrange(14, len(spoilt)):]
        wire.send(spoilt)


main()
