# SPDX-License-Identifier: BSD-3-Clause
"""A case: frames that go in one after the other, and what is to become of each."""
from dataclasses import dataclass, field

from frames import wire, wrapped

# How a frame comes in; run_stages reads it from the capture's microseconds.
FROM_WIRE, FROM_KERNEL, NO_HEADROOM, IN_PIECES, TOO_MANY_PIECES, WIRE_FULL, KERNEL_FULL, FROM_OTHER_WIRE = range(8)


@dataclass
class Want:
    """'verdict' as run_stages names it; 'frames' any one of which is to come out, on 'port', or, where
    'in_pieces' is set, all of which, one after the other. 'counters' where they are not the plain ones."""
    verdict: str
    frames: list = field(default_factory=list)
    port: int = 0
    in_pieces: bool = False
    counters: dict = None


@dataclass
class Step:
    frame: bytes
    want: Want
    how: int = FROM_WIRE
    tied: str = ""  # steps of a case with the same word choose the same of their frames


@dataclass
class Case:
    name: str
    steps: list


def drop(reason):
    return Want(f"dropped {reason}")


def punt(frame):
    """To the kernel, as it came."""
    return Want("to_kernel", [frame])


def inject(frame):
    return Want("injected", [frame])


def answer(frame):
    return Want("answered", [frame])


def tunnel(packet, *backends, port=0):
    """Wrapped for the backend, or for any one of several."""
    return Want("forwarded", [wrapped(b, packet) for b in backends], port)


def dsr(packet, backend):
    return Want("forwarded", [wire(backend, packet)])


def held():
    """Waits for its first fragment."""
    return Want("held")


def in_pieces(packets, backend):
    """Forwarded as several tunnel packets."""
    return Want("forwarded", [wrapped(backend, p) for p in packets], in_pieces=True,
                counters={"received": 1, "forwarded": len(packets), "made": len(packets) - 1})


class Table:
    """The cases of one file, in order."""

    def __init__(self, title):
        self.title, self.cases = title, []
        self.changes = []  # (number of the case before which it is published, pool file, hops)
        self.options = []  # run_stages'
        self.at_end = {}  # counters that move when what is held is given up
        self.reorders = False  # in bursts, packets of different flows may overtake each other
        self.only_singly = False  # the verdicts depend on when a packet comes

    def add(self, name, frame, want, how=FROM_WIRE):
        self.cases.append(Case(name, [Step(frame, want, how)]))

    def story(self, name, *steps):
        self.cases.append(Case(name, list(steps)))

    def publish(self, pool_file, hops):
        """From here on another snapshot judges."""
        self.changes.append((len(self.cases), pool_file, hops))
