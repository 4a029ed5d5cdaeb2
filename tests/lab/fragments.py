#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The client of the stories about fragments. Datagrams are of 4000 random bytes, and must come back as they went. One that
does not is sent once more, as a busy machine may lose one or let a sender wait for too long between two of its fragments;
each time a line is printed, for the story to count.

    fragments.py echo ADDRESS PORT COUNT        the kernel cuts them
    fragments.py reversed ADDRESS PORT COUNT SOURCE
                                                cut here, the last fragment first. From an address that the kernel
                                                cuts nothing for: it may be using the same identification just now
    fragments.py flood ADDRESS PORT COUNT       later fragments of as many datagrams, without a first one
"""
import os
import socket
import sys

from scapy.all import IP, IPv6, IPv6ExtHdrFragment, UDP, Raw, raw

SIZE = 4000
PIECE = 1200
what, address, port, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
source = sys.argv[5] if len(sys.argv) > 5 else ""
family = socket.AF_INET6 if ":" in address else socket.AF_INET


def client():
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.settimeout(5)
    s.bind((source, 0))
    s.connect((address, port))
    return s


def sender():
    s = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)
    return lambda packet: s.sendto(raw(packet), (address, 0))


def pieces(own, own_port, number, data):
    """The datagram in fragments, the last one first."""
    whole = (IPv6 if family == socket.AF_INET6 else IP)(src=own, dst=address) / UDP(sport=own_port, dport=port) / data
    whole = raw(whole)[40 if family == socket.AF_INET6 else 20:]
    for at in reversed(range(0, len(whole), PIECE)):
        more = at + PIECE < len(whole)
        if family == socket.AF_INET6:
            head = IPv6(src=own, dst=address) / IPv6ExtHdrFragment(nh=17, offset=at // 8, m=int(more), id=number)
        else:
            head = IP(src=own, dst=address, proto=17, id=number, frag=at // 8, flags="MF" if more else 0)
        yield head / Raw(whole[at:at + PIECE])


def comes_back(s, data):
    try:
        return s.recv(65535)[1:] == data # behind the server's own byte
    except OSError: # nothing came, or word that it was too big
        return False


def try_twice(i, attempt):
    if attempt():
        return
    print(f"datagram {i} is sent again", flush=True)
    if not attempt():
        sys.exit(f"datagram {i} did not come back")


def echo():
    for i in range(count):
        data = os.urandom(SIZE)
        with client() as s:
            # By IPv6 the first one of all may only bring the path's MTU, as it does to any client.
            if i > 0 or not (s.send(data) and comes_back(s, data)):
                try_twice(i, lambda: s.send(data) and comes_back(s, data))


def reversed_echo():
    send = sender()
    number = os.getpid() * 100

    def attempt(s, data):
        nonlocal number
        number += 1
        own, own_port = s.getsockname()[:2]
        for piece in list(pieces(own, own_port, number & 0xffff, data)):
            send(piece)
        return comes_back(s, data)

    for i in range(count):
        data = os.urandom(SIZE)
        with client() as s:
            try_twice(i, lambda: attempt(s, data))


def flood():
    send = sender()
    with client() as s:
        own = s.getsockname()[0]
    for i in range(count):
        send(IP(src=own, dst=address, proto=17, id=i, frag=100) / Raw(b"x" * 64))


{"echo": echo, "reversed": reversed_echo, "flood": flood}[what]()
