# SPDX-License-Identifier: BSD-3-Clause
"""loop_files.py TRACE: which files a thread touched, by what 'strace -y' wrote of it.

Sockets, pipes, event descriptors, /proc, /sys and devices wait for no disk. Of the rest, what ALLOWED has is passed over, each
row with its reason. What remains is printed, with how often, and then the status is 1."""
import re
import sys

ALLOWED = (
    (r"/run/fulcrum(/channel.*)?", "the channel lies in a tmpfs, which is memory"),
    (r"/memfd:.*", "memory of DPDK's"),
)
MEMORY = re.compile(r"/(proc|sys|dev)(/|$)")
CALL = re.compile(r"(\w+)\((.*)")
FOLDER = re.compile(r"(?:AT_FDCWD|\d+)<([^>]*)>")
NAME = re.compile(r'"((?:[^"\\]|\\.)*)"')
# They give back or describe what another call has opened, or have a text that is no file's name.
PASSED = {"close", "fcntl", "epoll_ctl", "memfd_create", "getrandom", "prctl", "setsockopt", "getsockopt"}
# Their text is no path.
BY_DESCRIPTOR = {"read", "readv", "pread64", "write", "writev", "pwrite64", "sendto", "sendmsg", "recvfrom", "recvmsg"}


def path_of(call, arguments):
    folder = FOLDER.match(arguments)
    name = None if call in BY_DESCRIPTOR else NAME.search(arguments)
    base = folder.group(1) if folder else ""
    text = name.group(1) if name else ""
    return text if text.startswith("/") else f"{base}/{text}".rstrip("/")


def judge(line):
    """The call and the path of what a disk could hold up, or None."""
    call, arguments = CALL.match(line).groups()
    path = path_of(call, arguments)
    if call in PASSED or not path.startswith("/") or MEMORY.match(path):
        return None
    if any(re.fullmatch(paths, path) for paths, _ in ALLOWED):
        return None
    return call, path


def main():
    found, calls = {}, 0
    with open(sys.argv[1], errors="replace") as trace:
        for line in trace:
            if not CALL.match(line):
                continue
            calls += 1
            fault = judge(line)
            if fault is not None:
                found[fault] = found.get(fault, 0) + 1
    for (call, path), count in sorted(found.items()):
        print(f"{count:5} {call:12} {path}")
    print(f"{calls} calls of the thread")
    sys.exit(1 if found or not calls else 0)


if __name__ == "__main__":
    main()
