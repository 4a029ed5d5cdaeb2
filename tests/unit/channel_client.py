#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A client of the channel, written from docs/reference/channel.md alone: asks the daemon who it is.

channel_client.py PATH
"""
import fcntl
import mmap
import os
import struct
import sys
import time

SHOW, DONE, ERROR, ROW_DAEMON = 7, 64, 65, 73
SHOW_VERSION = 7
REQUESTS, REPLIES, SESSION, ACCEPTED = 64, 80, 128, 192
FLOCK = "hhqqi4x"  # struct flock on 64-bit Linux: type, whence, start, length, process


class Channel:
    def __init__(self, path):
        self.path = path
        while not self.join(path):
            os.close(self.fd)
        self.session = struct.unpack("<Q", os.urandom(8))[0] | 1
        self.words[SESSION // 8] = self.session
        self.wait_for(lambda: self.words[ACCEPTED // 8] == self.session)

    def join(self, path):
        """True with the lock of the segment that the path names."""
        self.fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        magic, version = struct.unpack("<8sI", os.pread(self.fd, 12, 0))
        if magic != b"FULCCHNL" or version != 13:
            sys.exit(f"{path}: is no channel of version 13")
        size, self.message_max = struct.unpack("<QI", os.pread(self.fd, 12, 48))
        self.segment = mmap.mmap(self.fd, size)
        self.words = memoryview(self.segment).cast("Q")
        if not self.daemon_lives():
            sys.exit(f"{path}: its daemon is dead")
        while True:
            try:
                fcntl.fcntl(self.fd, fcntl.F_SETLK, struct.pack(FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 1, 1, 0))
                return self.is_at_path()
            except BlockingIOError:
                if not self.is_at_path():
                    return False
                time.sleep(0.0002)

    def is_at_path(self):
        return os.path.exists(self.path) and os.path.samestat(os.stat(self.path), os.fstat(self.fd))

    def daemon_lives(self):
        lock = struct.pack(FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 1, 0)
        return struct.unpack(FLOCK, fcntl.fcntl(self.fd, fcntl.F_OFD_GETLK, lock))[0] != fcntl.F_UNLCK

    def wait_for(self, condition):
        until = time.monotonic() + 10
        while not condition():
            if time.monotonic() > until or not self.daemon_lives():
                sys.exit("the daemon does not answer")
            time.sleep(0.0002)

    def copy(self, span, at, count):
        data, size = span[2], span[3]
        return bytes(self.segment[data + (at + i) % size] for i in range(count))

    def send(self, kind, body):
        span = struct.unpack_from("<4I", self.segment, REQUESTS)
        message = struct.pack("<HHI", kind, 0, len(body)) + body
        message += bytes(-len(message) % 8)
        head = self.words[span[0] // 8]
        self.wait_for(lambda: head - self.words[span[1] // 8] + len(message) <= span[3])
        for i, byte in enumerate(message):
            self.segment[span[2] + (head + i) % span[3]] = byte
        self.words[span[0] // 8] = head + len(message)

    def receive(self):
        span = struct.unpack_from("<4I", self.segment, REPLIES)
        tail = self.words[span[1] // 8]
        self.wait_for(lambda: self.words[span[0] // 8] != tail)
        kind, _, size = struct.unpack("<HHI", self.copy(span, tail, 8))
        body = self.copy(span, tail + 8, size)
        self.words[span[1] // 8] = tail + 8 + (size + 7) // 8 * 8
        return kind, body


def text(field):
    return field.split(b"\0")[0].decode()


def main():
    channel = Channel(sys.argv[1])
    channel.send(SHOW, struct.pack("<II", SHOW_VERSION, 0))
    while True:
        kind, body = channel.receive()
        if kind == ROW_DAEMON:
            print(f"fulcrumd {text(body[:32])}, process {struct.unpack_from('<I', body, 80)[0]}")
        elif kind == ERROR:
            sys.exit(text(body[8:]))
        elif kind == DONE:
            return


main()
