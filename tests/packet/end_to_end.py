#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The golden packets through a started fulcrumd, from both ends of its taps.

    end_to_end.py neighbours   a line a backend: address, MAC, MTU
    end_to_end.py pools        the pool file
    end_to_end.py run          sends, and compares; as root, beside the namespaces 'router' and 'lb'

Left out is what one tap cannot show: other ports, tags on the way out (the kernel takes them off), frames of fewer
bytes than an Ethernet header, and backends that are not simply up.
"""
import collections
import ctypes
import importlib
import json
import os
import select
import socket
import subprocess
import sys
import time

from case import FROM_WIRE
from frames import BACKENDS, OWN, OWN6, Ether, IP, IPv6, pool_file

TABLES = ("ipv4", "ipv6", "malformed", "icmp", "answers", "fragments", "echo_fragments")
AT_ONCE = 32
PLAIN = {name for name, b in BACKENDS.items()
         if b.port == 0 and b.vlan is None and b.status == "up" and b.mtu <= 1500}
PLAIN_HOPS = {bytes.fromhex(BACKENDS[name].hop.replace(":", "")) for name in PLAIN}


def raw_socket(namespace, interface):
    """A socket that sees and sends whole frames there."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/self/ns/net", "rb") as own, open(f"/run/netns/{namespace}", "rb") as other:
        if libc.setns(other.fileno(), 0) != 0:
            raise OSError(ctypes.get_errno(), f"namespace {namespace}")
        wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        wire.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)  # SO_RCVBUFFORCE
        wire.bind((interface, 0))
        libc.setns(own.fileno(), 0)
    return wire


def can_be_shown(step):
    if step.how != FROM_WIRE or len(step.frame) <= 14 or len(step.frame) > 1514 + 4:
        return False
    if step.want.port != 0 or any(f[12:14] == b"\x81\0" for f in step.want.frames):
        return False
    if step.want.verdict == "forwarded":
        return all(f[:6] in PLAIN_HOPS for f in step.want.frames)
    return step.want.verdict != "dropped no_backend"


def steps():
    for name in TABLES:
        for case in importlib.import_module(f"cases_{name}").table.cases:
            if all(can_be_shown(step) for step in case.steps):
                yield from ((case, step) for step in case.steps)


def is_the_kernels(frame):
    """What the balancer's own kernel sends: it has a life of its own."""
    p = Ether(frame)
    if p.type not in (0x800, 0x86dd):
        return True
    if IP in p:
        return p[IP].src == OWN and p[IP].proto not in (4, 41)
    return IPv6 in p and (p[IPv6].src.startswith("fe80:") or p[IPv6].src == OWN6) and p[IPv6].nh not in (4, 41)


class Watch:
    """Counts the frames that leave by one interface, by their bytes."""

    def __init__(self, namespace, interface):
        self.socket, self.seen = raw_socket(namespace, interface), collections.Counter()

    def read(self, timeout):
        while select.select([self.socket], [], [], timeout)[0]:
            frame, (_, _, kind, *_) = self.socket.recvfrom(65536)
            if kind != socket.PACKET_OUTGOING:
                self.seen[frame] += 1
            timeout = 0


def arrived(step, wire, kernel):
    """Whether this step's frames are there; takes them out."""
    seen = kernel.seen if step.want.verdict == "to_kernel" else wire.seen
    frames = step.want.frames
    if step.want.in_pieces:
        found = [f for f in frames if seen[f] > 0]
        wanted = len(frames)
    else:
        found = [f for f in frames if seen[f] > 0][:1]
        wanted = min(len(frames), 1)
    if len(found) < wanted:
        return False
    for frame in found:
        seen[frame] -= 1
    return True


def drops():
    out = subprocess.run([os.environ["FULCRUMCTL"], "show", "drops", "-o", "json"], check=True, capture_output=True)
    return collections.Counter({row["name"]: row["packets"] for row in json.loads(out.stdout) if row["packets"]})


def expected_drops(all_steps):
    count = collections.Counter(step.want.verdict[8:] for _, step in all_steps
                                if step.want.verdict.startswith("dropped ") and not step.want.counters)
    for _, step in all_steps:  # what is held and never called for
        counters = step.want.counters or {}
        count["fragment_unknown"] += {"held": 1}.get(step.want.verdict, 0) + counters.get("held", 0)
        count.update({name[8:]: n for name, n in counters.items() if name.startswith("dropped:")})
    return +count


def wait_until(condition, seconds):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
    return True


def exchange(batch, wire, kernel):
    """Sends a batch; returns the cases whose frames did not come."""
    missing = list(batch)
    for _, step in batch:
        wire.socket.send(step.frame)

    def all_came():
        wire.read(0.02)
        kernel.read(0)
        missing[:] = [(case, step) for case, step in missing if not arrived(step, wire, kernel)]
        return not missing

    wait_until(all_came, 5)
    return missing


def run():
    wire, kernel = Watch("router", "ftap0"), Watch("lb", "fulcrum0")
    all_steps, before, wrong = list(steps()), drops(), []
    for at in range(0, len(all_steps), AT_ONCE):
        wrong += [f"{case.name}: {step.want.verdict}, but that did not come: in {step.frame.hex(' ', 2)}"
                  for case, step in exchange(all_steps[at:at + AT_ONCE], wire, kernel)]
    want = expected_drops(all_steps)
    if not wait_until(lambda: drops() - before == want, 5):
        got = drops() - before
        wrong.append(f"drops: too many {dict(got - want)}, too few {dict(want - got)}")
    wrong += [f"came out, and should not: {frame.hex(' ', 2)}"
              for frame, count in wire.seen.items() if count > 0 and not is_the_kernels(frame)]
    print("\n".join(wrong[:20]))
    print(f"{len(all_steps)} packets, {len(wrong)} failures")
    return int(bool(wrong))


def main(what):
    if what == "neighbours":
        for b in BACKENDS.values():
            print(b.address, b.hop, min(b.mtu, 1500))
    elif what == "pools":
        print(pool_file(), end="")
    else:
        return run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
