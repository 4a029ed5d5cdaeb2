#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Clients of stream.py's servers that look closely.

    talk.py spread ADDRESS PORT... --sources A,B,... --each N --timeout S
        N new connections from each source to each port, the client speaking first; prints a line for each:
        source, port and the name of the backend, or 'failed'.
    talk.py ask ADDRESS PORT --connections N
        Opens N connections and prints which backend each has. Then, for each line on its standard input, sends a
        line on each and prints what came of it: for each backend how many were echoed, reset or silent
        for SECONDS, the number that it read, and how long the slowest reset or echo took.
"""
import argparse
import collections
import concurrent.futures
import json
import socket
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


def greet(address, port, source, timeout):
    connection = socket.socket(socket.AF_INET)
    connection.settimeout(timeout)
    connection.bind((source, 0))
    connection.connect((address, port))
    connection.sendall(b"hello\n")
    words = b""
    while words.count(b"\n") < 2:
        words += connection.recv(256)
    return connection, words.split(b"\n")[0].decode()


def spread(args):
    def one(source, port):
        try:
            connection, name = greet(args.address, port, source, args.timeout)
            connection.close()
            return source, port, name
        except OSError:
            return source, port, "failed"

    jobs = [(source, port) for source in args.sources.split(",") for port in args.ports for _ in range(args.each)]
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        for answer in pool.map(lambda job: one(*job), jobs):
            print(*answer)


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
    parser.add_argument("what", choices=["spread", "ask"])
    parser.add_argument("address")
    parser.add_argument("ports", type=int, nargs="+")
    parser.add_argument("--sources", default="0.0.0.0")
    parser.add_argument("--each", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=30)
    parser.add_argument("--connections", type=int, default=20)
    args = parser.parse_args()
    spread(args) if args.what == "spread" else ask(args)


main()
