#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What a backend serves in these stories, on every address of both families.

    backend_server.py TCP_PORT... [udp:PORT]...

TCP: says "ADDRESS PORT" of the client it sees, then echoes. UDP: echoes behind the byte of the type of
service that the datagram came with. Prints "listening" when it does."""
import selectors
import socket
import sys

chosen = selectors.DefaultSelector()


def open_socket(kind, port):
    opened = socket.socket(socket.AF_INET6, kind)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    opened.bind(("::", port))
    return opened


def accept(listener):
    client, address = listener.accept()
    try:
        client.sendall(f"{address[0].removeprefix('::ffff:')} {address[1]}\n".encode())
    except OSError: # a probe, gone by now
        client.close()
        return
    chosen.register(client, selectors.EVENT_READ, echo)


def echo(client):
    try:
        data = client.recv(65536)
        client.sendall(data)
    except OSError:
        data = b""
    if not data:
        chosen.unregister(client)
        client.close()


def answer(server):
    # The reply leaves from the address that was asked: IPV6_PKTINFO goes back as it came.
    data, ancillary, _, address = server.recvmsg(65536, 1024)
    service, back = 0, []
    for level, kind, value in ancillary:
        if (level, kind) in ((socket.IPPROTO_IP, socket.IP_TOS), (socket.IPPROTO_IPV6, socket.IPV6_TCLASS)):
            service = value[0]
        if (level, kind) == (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO):
            back = [(level, kind, value[:16] + bytes(4))]
    server.sendmsg([bytes([service]) + data], back, 0, address)


for port in sys.argv[1:]:
    if port.startswith("udp:"):
        opened = open_socket(socket.SOCK_DGRAM, int(port[4:]))
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS, 1)
        opened.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
        chosen.register(opened, selectors.EVENT_READ, answer)
    else:
        opened = open_socket(socket.SOCK_STREAM, int(port))
        opened.listen(64)
        chosen.register(opened, selectors.EVENT_READ, accept)
print("listening", flush=True)
while True:
    for key, _ in chosen.select():
        key.data(key.fileobj)
