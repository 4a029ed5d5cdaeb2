#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Both ends of the matrix of forms: every datagram and every byte must come there and back as it was.

    backend_matrix.py serve ADDRESS...           TCP and UDP on ports 3080 and 5353 (mapped), 81 and 54 (as they are)
    backend_matrix.py ask gso|plain ADDRESS...   a line for each case; ends with 1 where one fails

With 'gso' datagrams leave in one call, cut by UDP_SEGMENT, as QUIC's servers and clients send them."""
import os
import selectors
import socket
import struct
import sys
import time

UDP_SEGMENT = 103
DATAGRAMS, SIZE, STREAM = 20, 1000, 1 << 20
PATIENCE_S = 5


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def send_all(opened, datagrams, peer, gso):
    if gso:
        segment = [(socket.IPPROTO_UDP, UDP_SEGMENT, struct.pack("H", SIZE))]
        try:
            opened.sendmsg([b"".join(datagrams)], segment, 0, *([peer] if peer else []))
            return
        except OSError: # a kernel without it here: as QUIC's senders do, one by one
            pass
    for datagram in datagrams:
        opened.sendmsg([datagram], [], 0, *([peer] if peer else []))


def serve(addresses):
    chosen = selectors.DefaultSelector()
    heard = {}

    def accept(listener):
        client, _ = listener.accept()
        chosen.register(client, selectors.EVENT_READ, echo)

    def echo(client):
        try:
            data = client.recv(1 << 16)
            client.sendall(data)
        except OSError:
            data = b""
        if not data:
            chosen.unregister(client)
            client.close()

    def answer(opened):
        datagram, peer = opened.recvfrom(1 << 16)
        batch = heard.setdefault((opened, peer), {})
        batch[datagram[:8]] = datagram
        if len(batch) == DATAGRAMS:
            del heard[opened, peer]
            send_all(opened, list(batch.values()), peer, datagram[8:9] == b"g")

    for address in addresses:
        for kind, ports, act in ((socket.SOCK_STREAM, (3080, 81), accept), (socket.SOCK_DGRAM, (5353, 54), answer)):
            for port in ports:
                opened = socket.socket(family_of(address), kind)
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                opened.bind((address, port))
                if kind == socket.SOCK_STREAM:
                    opened.listen(64)
                chosen.register(opened, selectors.EVENT_READ, act)
    print("listening", flush=True)
    while True:
        for key, _ in chosen.select():
            key.data(key.fileobj)


def ask_udp(address, port, gso):
    with socket.socket(family_of(address), socket.SOCK_DGRAM) as opened:
        opened.connect((address, port))
        sent = [struct.pack("!Q", n) + (b"g" if gso else b"p") + os.urandom(SIZE - 9) for n in range(DATAGRAMS)]
        send_all(opened, sent, None, gso)
        opened.settimeout(0.1)
        got, until = set(), time.monotonic() + PATIENCE_S
        while len(got) < DATAGRAMS and time.monotonic() < until:
            try:
                got.add(opened.recv(1 << 16))
            except TimeoutError:
                pass
        return f"{len(got & set(sent))} of {DATAGRAMS}", got == set(sent)


def ask_tcp(address, port):
    data, got = os.urandom(STREAM), bytearray()
    try:
        with socket.create_connection((address, port), PATIENCE_S) as peer:
            peer.settimeout(PATIENCE_S)
            for at in range(0, STREAM, 1 << 16):
                peer.sendall(data[at:at + (1 << 16)])
                while len(got) < at + (1 << 16):
                    piece = peer.recv(1 << 20)
                    if not piece:
                        break
                    got += piece
    except OSError:
        pass
    return f"{len(got)} of {STREAM} bytes", got == data


def ask(gso, addresses):
    failed = False
    for address in addresses:
        for what, port, act in (("tcp mapped", 443, ask_tcp), ("tcp as it is", 81, ask_tcp),
                ("udp mapped", 53, lambda a, p: ask_udp(a, p, gso)),
                ("udp as it is", 54, lambda a, p: ask_udp(a, p, gso))):
            text, whole = act(address, port)
            failed |= not whole
            print(f"{'ok' if whole else 'FAILED'}: {'4' if '.' in address else '6'} {what}: {text}", flush=True)
    return failed


if sys.argv[1] == "serve":
    serve(sys.argv[2:])
sys.exit(ask(sys.argv[2] == "gso", sys.argv[3:]))
