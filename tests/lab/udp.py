#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Both ends of the UDP stories.

    udp.py serve ADDRESS PORT NAME               answers every datagram with NAME
    udp.py ask ADDRESS PORT --ports N --each M   M datagrams from each of N ports: "port name" lines
    udp.py latency ADDRESS PORT OLD -- COMMAND   runs COMMAND under a datagram a millisecond, each from
                                                 a port of its own; prints how many milliseconds after
                                                 its start OLD was still sent one
"""
import argparse
import resource
import socket
import subprocess
import sys
import threading
import time


def serve(address, port, name):
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((address, port))
    print("ready", flush=True)
    while True:
        _, peer = s.recvfrom(2048)
        s.sendto(name.encode(), peer)


def open_to(address, port):
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    s.connect((address, port))
    return s


def ask(address, port, ports, each):
    # All are open at once, so that no port comes twice.
    for s in [open_to(address, port) for _ in range(ports)]:
        s.settimeout(1)
        for _ in range(each):
            s.send(b"who")
            try:
                print(s.getsockname()[1], s.recv(64).decode())
            except (TimeoutError, ConnectionError):
                print(s.getsockname()[1], "lost")


def latency(address, port, old, command):
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
    sent, stop = {}, threading.Event()

    def send():
        while not stop.wait(0.001):
            s = open_to(address, port)
            s.send(b"who")
            sent[s] = time.monotonic()

    sender = threading.Thread(target=send)
    sender.start()
    while len(sent) < 50:
        stop.wait(0.01)
    begun = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    stop.wait(0.3)
    stop.set()
    sender.join()
    names = {}
    for s in sent:
        s.setblocking(False)
        try:
            names[s] = s.recv(64).decode()
        except (BlockingIOError, ConnectionError):
            names[s] = "lost"
    if old not in names.values():
        sys.exit(f"{old} answered nothing before the change")
    print(round(max(0, *(sent[s] - begun for s in sent if names[s] == old)) * 1000))


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("what", choices=["serve", "ask", "latency"])
    p.add_argument("address")
    p.add_argument("port", type=int)
    p.add_argument("name", nargs="?")
    p.add_argument("--ports", type=int, default=1)
    p.add_argument("--each", type=int, default=1)
    own, command = sys.argv[1:], []
    if "--" in own:
        own, command = own[: own.index("--")], own[own.index("--") + 1 :]
    a = p.parse_args(own)
    if a.what == "serve":
        serve(a.address, a.port, a.name)
    elif a.what == "ask":
        ask(a.address, a.port, a.ports, a.each)
    else:
        latency(a.address, a.port, a.name, command)


main()
