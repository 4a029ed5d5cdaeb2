#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Turns a file into a C array: embed.py NAME IN OUT"""
import sys

name, source, target = sys.argv[1:]
with open(source, "rb") as file:
    data = file.read()
with open(target, "w") as file:
    file.write(f"static const unsigned char {name}[] __attribute__((aligned(8))) = {{\n")
    for at in range(0, len(data), 16):
        file.write(" ".join(f"{byte}," for byte in data[at : at + 16]) + "\n")
    file.write("};\n")
