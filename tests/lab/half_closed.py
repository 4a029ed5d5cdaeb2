#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Connections whose client ends first, and whose server sends on.

    half_closed.py serve ADDRESS PORT LINES    a line each 0.2 s, once the client has ended
    half_closed.py hold ADDRESS PORT COUNT LINES

The client ends all of its connections for sending, and reads. It says 'half closed' when each has 10 lines, more than two
seconds after its end, and at last how many had all of their lines.
"""
import asyncio
import sys

PERIOD_S = 0.2


async def serve(address, port, lines):
    async def talk(reader, writer):
        try:
            await reader.read()
            for number in range(int(lines)):
                writer.write(b"%d\n" % number)
                await writer.drain()
                await asyncio.sleep(PERIOD_S)
            writer.close()
        except ConnectionError:
            writer.close()

    server = await asyncio.start_server(talk, address, int(port), backlog=256)
    print("ready", flush=True)
    await server.serve_forever()


async def hold(address, port, count, lines):
    count, lines, got = int(count), int(lines), []

    async def one():
        reader, writer = await asyncio.open_connection(address, int(port))
        writer.write(b"hello\n")
        writer.write_eof()
        read = 0
        try:
            while await asyncio.wait_for(reader.readline(), 60):
                read += 1
                if read == 10:
                    got.append(read)
                    if len(got) == count:
                        print("half closed", flush=True)
        except (ConnectionError, asyncio.TimeoutError):
            pass
        writer.close()
        return read == lines

    print("whole", sum(await asyncio.gather(*(one() for _ in range(count)))), flush=True)


asyncio.run({"serve": serve, "hold": hold}[sys.argv[1]](*sys.argv[2:]))
