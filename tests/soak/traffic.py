#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Both ends of the soak's traffic.

    traffic.py serve VIP NAME                TCP on port 7000, UDP on 5353: says NAME, and gives back what comes
    traffic.py ask VIP [--long N] [--every S] [--stall S] [--seed S] [--tell-all]
                                             N long transfers, a new connection every S, and datagrams, all the while

The client tells each thing that went wrong by a line of JSON, with its times by the monotonic clock, which all processes of a
machine share; and once a second what it counted. With --tell-all each new connection that was served is told, too. A line on
its standard input, or its end, ends it: then each long transfer has to come to an end in order.

Half of the long transfers last as long as the soak; the others end after 20 to 90 s and are followed by new ones, so
that there are always some which began after the last change. Each sends a block a second and compares what comes back.
"""
import argparse
import asyncio
import errno
import itertools
import json
import random
import resource
import socket
import sys
import time

TCP_PORT = 7000
UDP_PORT = 5353
BLOCK = 2048
UDP_CLIENTS = 10
UDP_EVERY_S = 0.5
UDP_PATIENCE_S = 1  # so long is an answer waited for, and
UDP_TRIES = 3  # so often is the question asked: a datagram may be lost, three are none of chance


class Datagrams(asyncio.DatagramProtocol):
    def __init__(self, name):
        self.name = name

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, peer):
        self.transport.sendto(self.name + b" " + data, peer)


async def serve(vip, name):
    async def talk(reader, writer):
        writer.write(name.encode() + b"\n")
        try:
            while (line := await reader.readline()) and line != b"bye\n":
                writer.write(line)
                await writer.drain()
        except OSError:
            pass
        writer.close()

    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(lambda: Datagrams(name.encode()), local_addr=(vip, UDP_PORT))
    server = await asyncio.start_server(talk, "0.0.0.0", TCP_PORT, backlog=2048)
    print("ready", flush=True)
    await server.serve_forever()


class Client:
    def __init__(self, args):
        self.vip = args.vip
        self.stall = args.stall
        self.every_s = args.every
        self.tells_all = args.tell_all
        self.random = random.Random(args.seed)
        self.ending = asyncio.Event()
        self.counts = dict(long_opened=0, long_ended=0, blocks=0, short=0, udp=0, open=0)

    def tell(self, what, **more):
        print(json.dumps({"what": what, "at": time.monotonic(), **more}), flush=True)

    # Waits, but not beyond the end.
    async def pause(self, seconds):
        try:
            await asyncio.wait_for(self.ending.wait(), seconds)
        except asyncio.TimeoutError:
            pass

    def block(self, number, sequence):
        head = b"%d %d " % (number, sequence)
        return head + b"%x" % self.random.getrandbits(4 * (BLOCK - len(head) - 1)) + b"\n"

    # One connection from its SYN to its end: 'blocks' of them, or until 'until'. Its story is in
    # 'about' however it ends.
    async def connection(self, about, until, blocks):
        writer = None
        try:
            reader, writer = await asyncio.wait_for(asyncio.open_connection(self.vip, TCP_PORT, limit=1 << 16), self.stall)
            about["port"] = writer.get_extra_info("sockname")[1]
            about["backend"] = (await asyncio.wait_for(reader.readline(), self.stall)).decode().strip()
            if not about["backend"]:
                return "closed"
            if about["kind"] == "long":
                self.counts["long_opened"] += 1
                self.counts["open"] += 1
            for sequence in itertools.count():
                line = self.block(about["number"], sequence)
                writer.write(line)
                echo = await self.answer(reader, about)
                if not echo:
                    return "closed"
                if echo != line:
                    return "wrong"
                about["last"] = time.monotonic()
                self.counts["blocks"] += 1
                if sequence + 1 == blocks or time.monotonic() >= until or self.ending.is_set():
                    break
                await self.pause(1)
            # The server closes first, so that the client may take the port again at once.
            writer.write(b"bye\n")
            return "wrong" if await asyncio.wait_for(reader.read(), self.stall) else None
        except (asyncio.TimeoutError, TimeoutError):
            return "stalled"
        except OSError as error:
            return errno.errorcode.get(error.errno, type(error).__name__)
        finally:
            if writer:
                writer.transport.abort()
            if about["kind"] == "long" and about["backend"]:
                self.counts["open"] -= 1

    # What takes long is told before it is given up, so that it can still be looked at.
    async def answer(self, reader, about):
        read = asyncio.ensure_future(reader.readline())
        done, _ = await asyncio.wait({read}, timeout=self.stall / 2)
        if not done:
            self.tell("slow", **about)
        return await asyncio.wait_for(read, self.stall / 2)

    async def long(self, number, lasting):
        while not self.ending.is_set():
            about = dict(kind="long", number=number, backend="", port=0, began=time.monotonic(), last=0)
            until = float("inf") if lasting else time.monotonic() + self.random.uniform(20, 90)
            how = await self.connection(about, until, 0)
            if how is None:
                self.counts["long_ended"] += 1
            else:
                self.tell("broken", how=how, **about)
                await self.pause(1)

    async def short(self, number):
        about = dict(kind="short", number=number, backend="", port=0, began=time.monotonic(), last=0)
        how = await self.connection(about, 0, 1)
        if how is None:
            self.counts["short"] += 1
            if self.tells_all:
                self.tell("served", **about)
        else:
            self.tell("broken", how=how, **about)

    async def shorts(self):
        tasks = set()
        for number in itertools.count():
            if self.ending.is_set():
                break
            task = asyncio.create_task(self.short(number))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            await self.pause(self.every_s)
        if tasks:
            await asyncio.wait(tasks)

    # Each asks twenty times from one port.
    async def datagrams(self, number):
        loop = asyncio.get_running_loop()
        for turn in itertools.count():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.setblocking(False)
                s.connect((self.vip, UDP_PORT))
                for sequence in range(20):
                    if self.ending.is_set():
                        return
                    began = time.monotonic()
                    question = b"%d %d %d" % (number, turn, sequence)
                    how = await self.question(loop, s, question)
                    if how is None:
                        self.counts["udp"] += 1
                    else:
                        self.tell("broken", kind="udp", number=number, how=how, backend="", port=s.getsockname()[1],
                                  began=began, last=0)
                    await self.pause(UDP_EVERY_S)

    async def question(self, loop, s, question):
        how = "unanswered"
        for _ in range(UDP_TRIES):
            end = time.monotonic() + UDP_PATIENCE_S
            try:
                s.send(question)
                # An answer to an earlier one may come late.
                while (left := end - time.monotonic()) > 0:
                    answer = await asyncio.wait_for(loop.sock_recv(s, 2048), left)
                    if answer.split(b" ", 1)[1] == question:
                        return None
            except (asyncio.TimeoutError, TimeoutError):
                how = "unanswered"
            except OSError as error:
                how = errno.errorcode.get(error.errno, "error")
                await asyncio.sleep(max(0, end - time.monotonic()))
        return how

    async def run(self, count):
        tasks = [asyncio.create_task(self.shorts())]
        tasks += [asyncio.create_task(self.datagrams(k)) for k in range(UDP_CLIENTS)]
        for number in range(count):
            tasks.append(asyncio.create_task(self.long(number, number % 2 == 0)))
            if number % 20 == 19:
                await asyncio.sleep(0.05)
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        told = asyncio.create_task(reader.readline())
        while not told.done():
            await asyncio.wait({told}, timeout=1)
            self.tell("counts", **self.counts)
        self.ending.set()
        # No more than a stall and an ordered end, each of which has its own limit.
        await asyncio.wait(tasks, timeout=3 * self.stall)
        self.tell("ended", left=sum(not task.done() for task in tasks), **self.counts)


async def ask(args):
    await Client(args).run(args.long)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["serve", "ask"])
    parser.add_argument("vip")
    parser.add_argument("name", nargs="?")
    parser.add_argument("--long", type=int, default=200)
    parser.add_argument("--every", type=float, default=0.2)
    parser.add_argument("--stall", type=float, default=120)
    parser.add_argument("--tell-all", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))
    asyncio.run(serve(args.vip, args.name) if args.what == "serve" else ask(args))


main()
