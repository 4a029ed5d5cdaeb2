#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Seeds for the fuzzers of the packet path, from the golden packets' tables.

    make_corpus.py parse FOLDER    a frame a file
    make_corpus.py path FOLDER     a case a file: its frames, each behind its size in two bytes

Then let the fuzzer keep what reaches new code, and put that into corpus/:
    build/tests/fuzz/fuzz_parse -merge=1 corpus/parse FOLDER
"""
import hashlib
import importlib
import os
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PACKETS = os.path.join(HERE, "..", "packet")
LONGEST = 400  # longer frames reach nothing more, and make the fuzzer slow


def tables():
    sys.path.insert(0, PACKETS)
    for name in sorted(os.listdir(PACKETS)):
        if name.startswith("cases_"):
            yield importlib.import_module(name[:-3]).table


def seeds(target):
    for table in tables():
        for case in table.cases:
            frames = [step.frame for step in case.steps if len(step.frame) <= LONGEST]
            if target == "parse":
                yield from frames
            elif frames:
                yield b"".join(struct.pack("<H", len(f)) + f for f in frames[:16])


def main(target, folder):
    os.makedirs(folder, exist_ok=True)
    for seed in seeds(target):
        name = hashlib.sha1(seed).hexdigest()
        with open(os.path.join(folder, name), "wb") as f:
            f.write(seed)


if len(sys.argv) != 3 or sys.argv[1] not in ("parse", "path"):
    sys.exit(__doc__)
main(*sys.argv[1:])
