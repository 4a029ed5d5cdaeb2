#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""TCP segments without a socket behind them: forge.py FLAGS SOURCE DESTINATION PORT SOURCE_PORT..., one for each source
port, with a sequence number of nobody's. FLAGS is of S, A, F, R."""
import random
import socket
import struct
import sys

BITS = {"F": 1, "S": 2, "R": 4, "A": 16}


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF


def segment(flags, source, destination, source_port, port):
    header = struct.pack("!HHIIHHHH", source_port, port, random.getrandbits(32), random.getrandbits(32),
                         5 << 12 | sum(BITS[flag] for flag in flags), 65535, 0, 0)
    pseudo = source + destination + struct.pack("!HH", socket.IPPROTO_TCP, len(header))
    return header[:16] + struct.pack("!H", checksum(pseudo + header)) + header[18:]


flags, source, destination, port = sys.argv[1:5]
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
for source_port in sys.argv[5:]:
    raw.sendto(segment(flags, socket.inet_aton(source), socket.inet_aton(destination), int(source_port), int(port)),
               (destination, 0))
