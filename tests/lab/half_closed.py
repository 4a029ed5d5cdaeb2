#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Connections whose client ends first, and whose server sends on.

    half_closed.py serve ADDRESS PORT LINES FILE    so many lines, once the client has ended and FILE exists
    half_closed.py hold ADDRESS PORT COUNT LINES SECONDS

The client ends all of its connections for sending, and reads. It says 'half closed' so many seconds later, and at last how
many connections had all of their lines.
"""
import asyncio
import os
import sys


async def serve(address, port, lines, file):
    async def talk(reader, writer):
        try:
            await reader.read()
            while not os.path.exists(file):
                await asyncio.sleep(0.05)
            for number in range(int(lines)):
                writer.write(b"%d\n" % number)
                await writer.drain()
                await asyncio.sleep(0.2)
        except ConnectionError:
            pass
        writer.close()

    server = await asyncio.start_server(talk, address, int(port), backlog=256)
    print("ready", flush=True)
    await server.serve_forever()


async def hold(address, port, count, lines, seconds):
    async def begin():
        reader, writer = await asyncio.open_connection(address, int(port))
        writer.write(b"hello\n")
        await writer.drain()
        writer.write_eof()
        return reader, writer

    async def is_whole(reader, writer):
        read = 0
        try:
            while await asyncio.wait_for(reader.readline(), 60):
                read += 1
        except (ConnectionError, asyncio.TimeoutError):
            pass
        writer.close()
        return read == int(lines)

    ends = await asyncio.gather(*(begin() for _ in range(int(count))))
    await asyncio.sleep(float(seconds))
    print("half closed", flush=True)
    print("whole", sum(await asyncio.gather(*(is_whole(*end) for end in ends))), flush=True)


asyncio.run({"serve": serve, "hold": hold}[sys.argv[1]](*sys.argv[2:]))
