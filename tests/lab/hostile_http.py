# SPDX-License-Identifier: BSD-3-Clause
"""hostile_http.py ADDRESS PORT: clients that say nothing, a byte now and then, garbage, lines without an end, or that
ask and take nothing. Each begins anew when it is cut off; until SIGTERM."""
import random
import select
import socket
import sys
import time

ASKS = [b"", b"G", b"\x16\x03\x01\x02\x00\x01\x00", b"GET /metrics HTTP/1.1\r\n" + b"X: y\r\n" * 500,
        b"GET /" + b"a" * 9000, b"GET /metrics HTTP/1.1\r\n\r\n"]


def connect(where, ask):
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(where)
    client.setblocking(False)
    try:
        client.send(ask)
    except OSError:
        pass
    return client


def main():
    where = (sys.argv[1], int(sys.argv[2]))
    clients = [connect(where, ask) for ask in ASKS * 2 + ASKS[-1:] * 20]
    print("ready", flush=True)
    while True:
        time.sleep(0.05)
        for i, client in enumerate(clients):
            ask = ASKS[i % len(ASKS)] if i < 2 * len(ASKS) else ASKS[-1]
            gone, _, _ = select.select([client], [], [], 0)
            try:
                if gone and b"HTTP" not in ask and not client.recv(4096):
                    raise ConnectionResetError
                if ask == b"G" or random.random() < 0.01:
                    client.send(b"x")
            except OSError:
                client.close()
                clients[i] = connect(where, ask)


main()
