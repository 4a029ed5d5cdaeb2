#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Long-lived TCP connections, and a server for them.

  stream.py serve ADDRESS PORT NAME
  stream.py hold ADDRESS PORT --connections N --period SECONDS --stall SECONDS --until FILE

The server says its name, then echoes each line, and closes after 'bye'. The client holds its connections, sends a numbered line on
each once a period and wants it back; when FILE exists it ends them in order and prints one line of JSON:
how many were opened, reset, stalled or out of order, how many lines came back, and which backend had how many.
"""
import argparse
import asyncio
import collections
import json
import os
import resource


async def serve(args):
    async def talk(reader, writer):
        writer.write(f"{args.name}\n".encode())
        try:
            while line := await reader.readline():
                if line == b"bye\n":  # the server closes first
                    break
                writer.write(line)
                await writer.drain()
        except ConnectionError:
            pass
        writer.close()

    server = await asyncio.start_server(talk, args.address, args.port, backlog=2048)
    print("ready", flush=True)
    await server.serve_forever()


async def hold_one(args, number, result, ended):
    try:
        reader, writer = await asyncio.wait_for(asyncio.open_connection(args.address, args.port), args.stall)
        name = (await asyncio.wait_for(reader.readline(), args.stall)).decode().strip()
        result["opened"] += 1
        result["backends"][name] += 1
        if result["opened"] == args.connections:
            print("all are open", flush=True)
        await asyncio.sleep(args.period * (number % 97) / 97)
        sequence = 0
        while not ended.is_set():
            line = f"{number} {sequence}\n".encode()
            writer.write(line)
            echo = await asyncio.wait_for(reader.readline(), args.stall)
            if echo != line:
                result["disordered" if echo else "closed"] += 1
                return
            result["lines"] += 1
            sequence += 1
            try:
                await asyncio.wait_for(ended.wait(), args.period)
            except asyncio.TimeoutError:
                pass
        writer.close()
        result["kept"] += 1
    except (asyncio.TimeoutError, TimeoutError):
        result["stalled"] += 1
    except OSError as error:
        result["reset"] += 1
        result["errors"][type(error).__name__] += 1


async def hold(args):
    result = collections.Counter(opened=0, kept=0, reset=0, stalled=0, closed=0, disordered=0, lines=0)
    result["backends"] = collections.Counter()
    result["errors"] = collections.Counter()
    ended = asyncio.Event()
    tasks = []
    for number in range(args.connections):
        tasks.append(asyncio.create_task(hold_one(args, number, result, ended)))
        if number % 50 == 49:
            await asyncio.sleep(0.02)  # the servers' backlogs, not the balancer, are what a burst would test
    while not os.path.exists(args.until):
        await asyncio.sleep(0.1)
    ended.set()
    _, stuck = await asyncio.wait(tasks, timeout=args.stall + 10)
    result["stalled"] += len(stuck)
    print(json.dumps(result), flush=True)
    os._exit(0)  # without a word to those that are stuck


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["serve", "hold"])
    parser.add_argument("address")
    parser.add_argument("port", type=int)
    parser.add_argument("name", nargs="?")
    parser.add_argument("--connections", type=int, default=100)
    parser.add_argument("--period", type=float, default=1)
    parser.add_argument("--stall", type=float, default=20)
    parser.add_argument("--until")
    args = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))
    try:
        asyncio.run(serve(args) if args.what == "serve" else hold(args))
    except KeyboardInterrupt:
        pass


main()
