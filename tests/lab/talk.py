#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Clients of stream.py's servers that look closely.

    talk.py spread ADDRESS PORT... --sources A,B,... --each N --timeout S
        N new connections from each source to each port, the client speaking first; prints a line for each:
        source, port and the name of the backend, or 'failed'.
    talk.py again ADDRESS PORT --each N --how close|reset
        N connections one after the other from one and the same port, each ended in order by the server first, or by a RST of
        the client's; prints lines as 'spread' does.
    talk.py ask ADDRESS PORT --connections N
        Opens N connections and prints which backend each has. Then, for each line on its standard input, sends a
        line on each and prints what came of it: for each backend how many were echoed, reset or silent
        for SECONDS, the number that it read, and how long the slowest reset or echo took.
"""
import argparse
import collections
import concurrent.futures
import errno
import json
import socket
import struct
import sys
import time


def read_line(connection):
    line = b""
    while not line.endswith(b"\n"):
        piece = connection.recv(256)
        if not piece:
            raise ConnectionError("closed")
        line += piece
    return line


def read_lines(connection, count):
    words = b""
    while words.count(b"\n") < count:
        piece = connection.recv(256)
        if not piece:
            raise ConnectionError("closed")
        words += piece
    return words.split(b"\n")


def greet(address, port, source, timeout):
    connection = socket.socket(socket.AF_INET)
    connection.settimeout(timeout)
    connection.bind((source, 0))
    connection.connect((address, port))
    connection.sendall(b"hello\n")
    return connection, read_lines(connection, 2)[0].decode()


def spread(args):
    def one(source, port):
        try:
            connection, name = greet(args.address, port, source, args.timeout)
            connection.close()
            return source, port, name
        except OSError:
            return source, port, "failed"

    jobs = [(source, port) for source in args.sources.split(",") for port in args.ports for _ in range(args.each)]
    with concurrent.futures.ThreadPoolExecutor(args.workers) as pool:
        for answer in pool.map(lambda job: one(*job), jobs):
            print(*answer)


def connect_from(address, port, source, source_port, timeout):
    """As soon as the connection before has left the port: its last acknowledgment may be on its way."""
    deadline = time.monotonic() + timeout
    while True:
        connection = socket.socket(socket.AF_INET)
        connection.settimeout(timeout)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            connection.bind((source, source_port))
            connection.connect((address, port))
            return connection
        except OSError as error:
            connection.close()
            if error.errno not in (errno.EADDRNOTAVAIL, errno.EADDRINUSE) or time.monotonic() > deadline:
                raise


def again(args):
    for _ in range(args.each):
        try:
            connection = connect_from(args.address, args.ports[0], args.sources, 20999, args.timeout)
            connection.sendall(b"hello\n")
            name = read_lines(connection, 2)[0].decode()
            if args.how == "close":
                connection.sendall(b"bye\n")
                while connection.recv(256):
                    pass
            else:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
            print(args.sources, args.ports[0], name)
        except OSError as error:
            print(args.sources, args.ports[0], "failed", error)
            return


def send_and_look(connection, timeout):
    connection.settimeout(timeout)
    begun = time.monotonic()
    try:
        connection.send(b"are you there\n")
        read_line(connection)
        outcome = "echoed"
    except TimeoutError:
        outcome = "silent"
    except ConnectionResetError:
        outcome = "reset"
    except OSError as error:
        outcome = type(error).__name__
    return outcome, time.monotonic() - begun


def ask(args):
    connections = [greet(args.address, args.ports[0], args.sources, 20) for _ in range(args.connections)]
    print(json.dumps(collections.Counter(name for _, name in connections)), flush=True)
    for line in sys.stdin:
        found = collections.defaultdict(collections.Counter)
        for connection, name in connections:
            outcome, seconds = send_and_look(connection, float(line))
            found[name][outcome] += 1
            slowest = outcome + "_ms"
            found[name][slowest] = max(found[name][slowest], round(seconds * 1000, 2))
        print(json.dumps(found), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["spread", "again", "ask"])
    parser.add_argument("address")
    parser.add_argument("ports", type=int, nargs="+")
    parser.add_argument("--sources", default="0.0.0.0")
    parser.add_argument("--each", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=30)
    parser.add_argument("--connections", type=int, default=20)
    parser.add_argument("--workers", type=int, default=16)
    parser.add_argument("--how", choices=["close", "reset"], default="close")
    args = parser.parse_args()
    {"spread": spread, "again": again, "ask": ask}[args.what](args)


main()
