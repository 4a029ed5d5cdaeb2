#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Holds a pinned program on an interface's tcx until it is ended; bpftool of Debian 12 knows no tcx.

    tcx.py PIN INTERFACE ingress|egress

It says 'attached', or ends with 77 where the kernel has no tcx (Linux 6.6).
"""
import ctypes
import errno
import os
import platform
import signal
import socket
import struct
import sys

BPF_OBJ_GET, BPF_LINK_CREATE = 7, 28
ATTACH = {"ingress": 46, "egress": 47}
SYS_BPF = {"x86_64": 321, "aarch64": 280}[platform.machine()]


def bpf(command, attributes):
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    result = libc.syscall(SYS_BPF, command, buffer, len(attributes))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def main(pin, interface, side):
    path = ctypes.create_string_buffer(pin.encode())
    program = bpf(BPF_OBJ_GET, struct.pack("<QII", ctypes.addressof(path), 0, 0))
    index = socket.if_nametoindex(interface)
    try:
        bpf(BPF_LINK_CREATE, struct.pack("<IIIIIIQ", program, index, ATTACH[side], 0, 0, 0, 0))
    except OSError as error:
        if error.errno == errno.EINVAL:
            return 77
        raise
    print("attached", flush=True)
    signal.pause()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
