#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Reads ELF files and says which of the hardening that every build has is missing in them.

    hardened.py [--instrumented] FILE...    --instrumented: a sanitizer's build, which has no fortified functions
"""
import struct
import sys

PT_LOAD, PT_DYNAMIC, PT_GNU_STACK, PT_GNU_RELRO = 1, 2, 0x6474E551, 0x6474E552
DT_STRTAB, DT_STRSZ, DT_TEXTREL, DT_BIND_NOW, DT_FLAGS, DT_FLAGS_1 = 5, 10, 22, 24, 30, 0x6FFFFFFB
EM_X86_64, EM_AARCH64, ET_DYN = 62, 183, 3
WRITE, EXECUTE = 2, 1
SHT_SYMTAB = 2
# What main() begins with where branches are protected: endbr64; bti c or paciasp. The file as a
# whole is marked only where the C library's own start files are, which those of Debian 12 are not.
MARKS = {EM_X86_64: [b"\xf3\x0f\x1e\xfa"], EM_AARCH64: [b"\x5f\x24\x03\xd5", b"\x3f\x23\x03\xd5"]}


class Elf:
    def __init__(self, path):
        with open(path, "rb") as file:
            self.bytes = file.read()
        if self.bytes[:6] != b"\x7fELF\x02\x01":
            sys.exit(f"{path}: is no 64-bit little-endian ELF file")
        self.type, self.machine = struct.unpack_from("<HH", self.bytes, 16)
        at, = struct.unpack_from("<Q", self.bytes, 32)
        size, count = struct.unpack_from("<HH", self.bytes, 54)
        self.segments = [struct.unpack_from("<IIQQQQQQ", self.bytes, at + i * size) for i in range(count)]
        self.dynamic = {}
        for kind, _, offset, _, _, length, _, _ in self.segments:
            if kind == PT_DYNAMIC:
                for i in range(offset, offset + length, 16):
                    tag, value = struct.unpack_from("<qQ", self.bytes, i)
                    self.dynamic.setdefault(tag, value)

    def has(self, kind):
        return any(segment[0] == kind for segment in self.segments)

    def offset_of(self, address):
        for kind, _, offset, start, _, length, _, _ in self.segments:
            if kind == PT_LOAD and start <= address < start + length:
                return address - start + offset
        return 0

    def imported(self):
        """The names in the file's table of dynamic symbols' names."""
        at = self.offset_of(self.dynamic.get(DT_STRTAB, 0))
        return set(self.bytes[at:at + self.dynamic.get(DT_STRSZ, 0)].split(b"\0"))

    def code_of(self, wanted):
        """The first bytes of a function, by the table of symbols."""
        at, = struct.unpack_from("<Q", self.bytes, 40)
        size, count = struct.unpack_from("<HH", self.bytes, 58)
        sections = [struct.unpack_from("<IIQQQQIIQQ", self.bytes, at + i * size) for i in range(count)]
        for _, kind, _, _, offset, length, link, *_ in sections:
            if kind != SHT_SYMTAB:
                continue
            names = sections[link][4]
            for i in range(offset, offset + length, 24):
                name, _, _, _, value, _ = struct.unpack_from("<IBBHQQ", self.bytes, i)
                end = self.bytes.index(b"\0", names + name)
                if self.bytes[names + name:end] == wanted:
                    start = self.offset_of(value)
                    return self.bytes[start:start + 4]
        return b""


def faults(elf, is_instrumented):
    flags, flags_1 = elf.dynamic.get(DT_FLAGS, 0), elf.dynamic.get(DT_FLAGS_1, 0)
    names = elf.imported()
    if elf.type != ET_DYN or not flags_1 & 0x08000000:
        yield "it is no position-independent executable (PIE)"
    if not elf.has(PT_GNU_RELRO):
        yield "what is relocated stays writable (no RELRO)"
    if DT_BIND_NOW not in elf.dynamic and not flags & 8 and not flags_1 & 1:
        yield "functions are bound late (no BIND_NOW)"
    if DT_TEXTREL in elf.dynamic or flags & 4:
        yield "its code is relocated (TEXTREL)"
    if any(s[0] == PT_GNU_STACK and s[1] & EXECUTE for s in elf.segments) or not elf.has(PT_GNU_STACK):
        yield "its stack can be executed"
    if any(s[0] == PT_LOAD and s[1] & WRITE and s[1] & EXECUTE for s in elf.segments):
        yield "a segment of it is both written and executed"
    if b"__stack_chk_fail" not in names:
        yield "it has no stack protector"
    if is_instrumented:
        return
    if not any(name.startswith(b"__") and name.endswith(b"_chk") for name in names):
        yield "none of its functions is fortified (_FORTIFY_SOURCE)"
    if elf.code_of(b"main") not in MARKS.get(elf.machine, []):
        yield "branches are not protected (-fcf-protection on x86, -mbranch-protection on arm64)"


def main():
    paths = sys.argv[1:]
    is_instrumented = paths[:1] == ["--instrumented"]
    found = [f"{path}: {fault}" for path in paths[is_instrumented:] for fault in faults(Elf(path), is_instrumented)]
    print("\n".join(found) or f"{len(paths) - is_instrumented} files are hardened")
    sys.exit(1 if found or len(paths) == is_instrumented else 0)


main()
