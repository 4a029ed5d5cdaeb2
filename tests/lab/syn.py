#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""SYNs without a socket behind them: syn.py SOURCE DESTINATION PORT COUNT. The kernel answers what they bring with a RST."""
import socket
import struct
import sys


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF


def syn(source, destination, source_port, port):
    header = struct.pack("!HHIIHHHH", source_port, port, 1000, 0, 5 << 12 | 2, 65535, 0, 0)
    pseudo = source + destination + struct.pack("!HH", socket.IPPROTO_TCP, len(header))
    return header[:16] + struct.pack("!H", checksum(pseudo + header)) + header[18:]


source, destination, port, count = sys.argv[1:]
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
for number in range(int(count)):
    raw.sendto(syn(socket.inet_aton(source), socket.inet_aton(destination), 20000 + number, int(port)), (destination, 0))
