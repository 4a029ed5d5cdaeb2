#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""hold_thread.py PID NAME: stops one thread of a process, the one of that name, as a debugger would, until SIGTERM. The
others go on. Says 'held' when it stands, and 'released' at the end."""
import ctypes
import os
import signal
import sys

PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 17, 0x4206, 0x4207
WALL = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


def ptrace(request, thread):
    if libc.ptrace(request, thread, None, None) != 0:
        sys.exit(f"hold_thread: request {request:#x}: {os.strerror(ctypes.get_errno())}")


def find(process, name):
    for thread in os.listdir(f"/proc/{process}/task"):
        with open(f"/proc/{process}/task/{thread}/comm") as comm:
            if comm.read().strip() == name:
                return int(thread)
    sys.exit(f"hold_thread: process {process} has no thread '{name}'")


signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
thread = find(int(sys.argv[1]), sys.argv[2])
ptrace(PTRACE_SEIZE, thread)
ptrace(PTRACE_INTERRUPT, thread)
os.waitpid(thread, WALL)
print("held", flush=True)
# A process that ends waits until whoever watches its threads has taken note.
ended = 0
while not ended and signal.sigtimedwait([signal.SIGTERM], 0.05) is None:
    ended, _ = os.waitpid(thread, WALL | os.WNOHANG)
if not ended:
    ptrace(PTRACE_DETACH, thread)
    print("released", flush=True)
else:
    print("the process has ended", flush=True)
    signal.sigwait([signal.SIGTERM])
