#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Golden packets: frames in, frames out, through the stages that the daemon runs.

    golden.py RUN_STAGES TABLE...       runs tables (cases_TABLE.py), one packet at a time, then in bursts
    golden.py --reasons PAGE REASON...  every reason on the page has a case, save those named

What is expected was built by scapy, never printed by the program. Every packet that goes in must be
accounted for: forwarded, punted, injected, answered, handed to the prober, dropped or held.
"""
import importlib
import os
import struct
import subprocess
import sys
import tempfile

from scapy.utils import checksum

from case import FROM_KERNEL, FROM_WIRE
from frames import hops, pool_file

BURST = 64
KERNEL = 2
SIDES = {0: "the wire", 1: "the other wire", KERNEL: "the kernel"}


class Failure(Exception):
    pass


def write_capture(path, records):
    """(poll, how, frame) as pcap, whose time stamps hold the first two."""
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for poll, how, frame in records:
            f.write(struct.pack("<IIII", poll, how, len(frame), len(frame)) + frame)


def read_capture(path):
    with open(path, "rb") as f:
        f.read(24)
        while record := f.read(16):
            seconds, microseconds, size, _ = struct.unpack("<IIII", record)
            yield seconds, microseconds, f.read(size)


def run_stages(program, folder, options, records, snapshots):
    """What came out: {poll: [(side, frame)]} and {poll: {counter: n}}."""
    paths = []
    for number, (poll, pools, hop_lines) in enumerate(snapshots):
        for name, text in (("pools.yaml", pools), ("hops", hop_lines)):
            with open(f"{folder}/{number}-{name}", "w", encoding="utf-8") as f:
                f.write(text)
        paths.append(f"{poll}:{folder}/{number}-pools.yaml:{folder}/{number}-hops")
    write_capture(f"{folder}/in.pcap", records)
    result = subprocess.run([program, *options, f"{folder}/in.pcap", f"{folder}/out.pcap", *paths],
                            capture_output=True, text=True, timeout=120, check=False)
    if result.returncode != 0:
        raise Failure(f"run_stages ended with {result.returncode}:\n{result.stdout[-500:]}{result.stderr}")
    frames, counters = {}, {}
    for seconds, microseconds, frame in read_capture(f"{folder}/out.pcap"):
        frames.setdefault(seconds, []).append((microseconds, frame))
    for line in result.stdout.splitlines():
        poll, *moved = line.split()
        counters[int(poll)] = {n: int(c) for n, c in (m.split("=") for m in moved)}
    return frames, counters


def check_account(counters):
    total = {}
    for moved in counters.values():
        for name, count in moved.items():
            kind = name.split(":")[0]
            total[kind] = total.get(kind, 0) + count
    came = sum(total.get(k, 0) for k in ("received", "from_kernel", "made"))
    went = sum(total.get(k, 0) for k in ("forwarded", "to_kernel", "injected", "answered", "probe_answers", "held", "dropped"))
    if came != went:
        raise Failure(f"{came} packets came in and {went} are accounted for: {total}")
    return {kind: count for kind, count in total.items() if count}


def expected_counters(step):
    verdict = step.want.verdict.replace(" ", ":")
    if step.want.counters:
        return step.want.counters
    return {"from_kernel" if step.how == FROM_KERNEL else "received": 1, verdict: 1}


def side_of(want):
    return KERNEL if want.verdict == "to_kernel" else want.port


def dump(frame):
    return frame.hex(" ", 2)


def check_outer_checksum(frame):
    at = 12
    while frame[at:at + 2] == b"\x81\0":
        at += 4
    ip = frame[at + 2:]
    if frame[at:at + 2] == b"\x08\0" and checksum(ip[:(ip[0] & 15) * 4]) != 0:
        return "its IPv4 header checksum is wrong"
    return None


def check_frames(want, out):
    """What is wrong with the frames that came out, or None."""
    expected = len(want.frames) if want.in_pieces else min(len(want.frames), 1)
    if len(out) != expected:
        return f"{len(out)} frames came out instead of {expected}"
    for number, (side, frame) in enumerate(out):
        good = [want.frames[number]] if want.in_pieces else want.frames
        if side != side_of(want):
            return f"it left by {SIDES[side]}, not by {SIDES[side_of(want)]}"
        if frame not in good:
            return f"expected {' or '.join(dump(f) for f in good)}\n  got      {dump(frame)}"
        if want.verdict == "forwarded" and check_outer_checksum(frame):
            return check_outer_checksum(frame)
    return None


def check_step(step, moved, out, chosen):
    """What is wrong with one packet's fate, or None."""
    if moved != expected_counters(step):
        return f"expected {expected_counters(step)}, got {moved}"
    wrong = check_frames(step.want, out)
    if wrong or not step.tied:
        return wrong
    choice = step.want.frames.index(out[0][1])
    if chosen.setdefault(step.tied, choice) != choice:
        return "another backend than the packets before it"
    return None


def run_singly(program, folder, table):
    """Each packet in a poll of its own. Returns the failures, and what came out of each poll."""
    steps = [(case, step) for case in table.cases for step in case.steps]
    first_poll = {}
    for poll, (case, _) in enumerate(steps):
        first_poll.setdefault(id(case), poll)
    snapshots = [(0, pool_file(), hops())]
    for number, pools, hop_lines in table.changes:
        snapshots.append((first_poll[id(table.cases[number])], pools, hop_lines))
    records = [(poll, step.how, step.frame) for poll, (_, step) in enumerate(steps)]
    frames, counters = run_stages(program, folder, table.options, records, snapshots)
    failures, chosen = [], {}
    for poll, (case, step) in enumerate(steps):
        wrong = check_step(step, counters.get(poll, {}), frames.get(poll, []), chosen.setdefault(id(case), {}))
        if wrong:
            failures.append(f"{table.title}: {case.name} (frame {case.steps.index(step) + 1}): {wrong}\n"
                            f"  in       {dump(step.frame)}")
    check_account(counters)
    at_end = counters.get(len(steps), {})
    if at_end != table.at_end:
        failures.append(f"{table.title}: at the end expected {table.at_end}, got {at_end}")
    return failures, steps, snapshots, frames, counters


def groups_of(steps, boundaries):
    """Polls of up to a burst: what comes in another way than by the wire comes alone."""
    groups = []
    for poll, (_, step) in enumerate(steps):
        alone = step.how != FROM_WIRE
        if not groups or alone or poll in boundaries or len(groups[-1]) == BURST or steps[groups[-1][0]][1].how != FROM_WIRE:
            groups.append([])
        groups[-1].append(poll)
    return groups


def as_burst(singly, side, counters):
    """What came out one at a time, (poll, side, frame), in the order that a burst sends it: kind by kind."""
    return [frame for kind in ("forwarded", "injected", "answered", "to_kernel")
            for poll, s, frame in singly if s == side and kind in counters[poll]]


def run_in_bursts(program, folder, table, steps, snapshots, frames, counters):
    """The same packets, many to a poll: the same frames must come out, in the same order of each kind."""
    groups = groups_of(steps, {poll for poll, _, _ in snapshots})
    group_of = {poll: number for number, group in enumerate(groups) for poll in group}
    records = [(group_of[poll], step.how, step.frame) for poll, (_, step) in enumerate(steps)]
    changes = [(group_of[poll], pools, hop_lines) for poll, pools, hop_lines in snapshots]
    got, moved = run_stages(program, folder, table.options, records, changes)
    for number, group in enumerate(groups):
        singly = [(poll, side, frame) for poll in group for side, frame in frames.get(poll, [])]
        want = {side: as_burst(singly, side, counters) for side in SIDES}
        have = {side: [f for s, f in got.get(number, []) if s == side] for side in SIDES}
        # What is no IP leaves the stages first, so it overtakes on its way to the kernel.
        for side in SIDES if table.reorders else (KERNEL,):
            want[side], have[side] = sorted(want[side]), sorted(have[side])
        if have != want:
            raise Failure(f"{table.title}: burst {number}, {len(group)} packets from "
                          f"'{steps[group[0]][0].name}' on: not the frames that came out one at a time")
    if check_account(moved) != check_account(counters):
        raise Failure(f"{table.title}: in bursts {check_account(moved)}, one at a time {check_account(counters)}")


def reasons_without_a_case(page):
    """The reasons of docs/reference/drops.md that no table reaches."""
    with open(page, encoding="utf-8") as f:
        listed = {line.split("`")[1] for line in f if line.startswith("| `")}
    reached = set()
    for table in (importlib.import_module(f"cases_{name}").table for name in tables()):
        reached |= {step.want.verdict.removeprefix("dropped ") for case in table.cases for step in case.steps}
        reached |= {counter.removeprefix("dropped:") for counter in table.at_end}
    return sorted(listed - reached)


def tables():
    here = os.path.dirname(os.path.abspath(__file__))
    return sorted(f[6:-3] for f in os.listdir(here) if f.startswith("cases_"))


def run_table(program, name):
    table = importlib.import_module(f"cases_{name}").table
    with tempfile.TemporaryDirectory(prefix="golden-") as folder:
        failures, *seen = run_singly(program, folder, table)
        if not failures and not table.only_singly:
            run_in_bursts(program, folder, table, *seen)
    return table, failures


def main(arguments):
    if arguments[0] == "--reasons":
        without = set(reasons_without_a_case(arguments[1])) ^ set(arguments[2:])
        print("\n".join(f"{r}: {'has a case now' if r in arguments[2:] else 'no case reaches it'}" for r in without))
        return int(bool(without))
    program, *names = arguments
    status = 0
    for name in names:
        try:
            table, failures = run_table(program, name)
        except Failure as failure:
            print(failure)
            status = 1
            continue
        for failure in failures:
            print(failure)
        packets = sum(len(c.steps) for c in table.cases)
        print(f"{table.title}: {len(table.cases)} cases, {packets} packets, {len(failures)} failures")
        status = status or int(bool(failures))
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
