#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What a capture has in its file, read by a reader of our own: draft-ietf-opsawg-pcapng.

    capture_file.py RUN_CAPTURE
"""
import struct
import subprocess
import sys
import tempfile
import time

from scapy.all import ICMP, IP

from case import FROM_WIRE, NO_HEADROOM, WIRE_FULL
from frames import CLIENT, VIP, VIP6, frame_of, hops, ip4, ip6, patched, pool_file, tcp, udp, wrapped
from golden import write_capture

SECTION, INTERFACE, PACKET = 0x0a0d0d0a, 1, 6
COMMENT, FLAGS = 1, 2
RESOLUTION, NANOSECONDS = 9, b"\x09"
IN, OUT = 1, 2


def blocks_of(data):
    """(type, body) of each block; the two lengths of a block must agree and lead from one to the next."""
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        assert length % 4 == 0 and length >= 12, f"block at {at}: its length is {length}"
        assert at + length <= len(data), f"block at {at}: ends behind the file"
        last, = struct.unpack_from("<I", data, at + length - 4)
        assert last == length, f"block at {at}: lengths {length} and {last}"
        yield kind, data[at + 8:at + length - 4]
        at += length


def options_of(data):
    options, at = {}, 0
    while at < len(data):
        code, length = struct.unpack_from("<HH", data, at)
        if code == 0:
            break
        assert at + 4 + length <= len(data), "an option ends behind its block"
        assert not any(data[at + 4 + length:at + 4 + (length + 3 & ~3)]), "padding that is not zero"
        options[code] = data[at + 4:at + 4 + length]
        at += 4 + (length + 3 & ~3)
    assert at in (len(data), len(data) - 4), "options do not end with their block"
    return options


def packets_of(path):
    """(direction, comment, bytes, length on the wire, nanoseconds since 1970) of each packet."""
    interfaces = 0
    with open(path, "rb") as f:
        blocks = list(blocks_of(f.read()))
    assert blocks[0][0] == SECTION, "begins with no section"
    for kind, body in blocks[1:]:
        if kind == INTERFACE:
            interfaces += 1
            assert options_of(body[8:])[RESOLUTION] == NANOSECONDS, "time stamps are not in nanoseconds"
        if kind != PACKET:
            continue
        interface, high, low, size, wire = struct.unpack_from("<IIIII", body)
        assert interface < interfaces, "a packet of an unknown interface"
        options = options_of(body[20 + (size + 3 & ~3):])
        flags, = struct.unpack("<I", options[FLAGS])
        yield flags & 3, options.get(COMMENT, b"").decode(), body[20:20 + size], wire, high << 32 | low


def capture(program, frames, *options):
    with tempfile.TemporaryDirectory(prefix="capture-") as folder:
        for name, text in (("pools.yaml", pool_file()), ("hops", hops())):
            with open(f"{folder}/{name}", "w", encoding="utf-8") as f:
                f.write(text)
        write_capture(f"{folder}/in", [(0, how, frame) for frame, how in frames])
        begun_ns = time.time_ns()
        said = subprocess.run([program, *options, f"{folder}/in", f"{folder}/out", f"{folder}/pools.yaml", f"{folder}/hops"],
                              capture_output=True, text=True, check=True, timeout=60).stdout
        ended_ns = time.time_ns()
        packets = list(packets_of(f"{folder}/out"))
    assert said == f"{len(packets)} written, 0 missed\n", f"{said} and {len(packets)} are in the file"
    stamps = [p[4] for p in packets]
    assert all(begun_ns <= stamp <= ended_ns for stamp in stamps), \
        f"captured between {begun_ns} and {ended_ns}, stamped {stamps}"
    assert stamps == sorted(stamps), f"time stamps go back: {stamps}"
    return [p[:4] for p in packets]


def expect(what, got, want):
    assert sorted(got) == sorted(want), "%s: expected\n  %s\ngot\n  %s" % (
        what, "\n  ".join(map(str, sorted(want))), "\n  ".join(map(str, sorted(got))))
    print(f"ok: {what}")


def received(frame, keep=1 << 16):
    return IN, "", frame[:keep], len(frame)


def sent(packet, keep=1 << 16):
    frame = wrapped("one/a", packet)
    return OUT, "", frame[:keep], len(frame)


def dropped(frame, reason, way=IN):
    return way, f"dropped: {reason}", frame, len(frame)


NO_SERVICE = "no_service: for a VIP, but no service has that protocol and port"
NO_BACKEND = "no_backend: its service has no usable backend"
CHECKSUM = "ipv4_checksum: wrong IPv4 header checksum"
VERSION = "ipv4_version: says IPv4 in Ethernet and another version in its header"
NO_ROOM = "headroom: no room in the buffer for the outer header"
FULL = "tx_full: the transmit queue was full"
WEB = ("--service", f"{VIP}/tcp/443/443")


def main(program):
    web = [ip4(tcp(data=b"x" * n)) for n in range(5)]  # every remainder of padding
    dns, other, lost, nobody = ip4(udp()), ip4(tcp(1011)), ip4(tcp(1010)), ip4(tcp(444))
    error = ip4(ICMP(type=3, code=4, nexthopmtu=1400) / IP(src=VIP, dst=CLIENT) / tcp(sport=443, dport=7777))
    far = ip4(tcp(22), dst="192.0.2.99")
    bad = patched(ip4(tcp()), {10: b"\xff\xff"}, fix=False)
    six = frame_of(patched(ip4(tcp()), {0: 0x65}, fix=False), kind=0x0800)
    wired = lambda packets: [(frame_of(p), FROM_WIRE) for p in packets]

    expect("a service's packets stand there before and after, and no others",
           capture(program, wired([*web, dns, other, nobody, far, bad]), *WEB),
           [received(frame_of(p)) for p in web] + [sent(p) for p in web])
    expect("an ICMP error about one of its connections is the service's",
           [p[:2] for p in capture(program, wired([error, nobody]), *WEB)], [(IN, ""), (OUT, "")])
    expect("a range of ports, of UDP",
           capture(program, wired([dns, *web]), "--service", f"{VIP}/udp/50/60"),
           [received(frame_of(dns)), sent(dns)])
    expect("several ports, of both protocols",
           capture(program, wired([dns, *web, nobody]), "--service", f"{VIP}/tcp,udp/443/443/50/60"),
           [received(frame_of(p)) for p in (dns, *web)] + [sent(p) for p in (dns, *web)])
    no_room = ip4(tcp())
    expect("packets that are dropped have a comment with the reason",
           capture(program, [*wired([lost, nobody]), (frame_of(no_room), NO_HEADROOM)], "--service", f"{VIP}/tcp/443/1010"),
           [received(frame_of(lost)), dropped(frame_of(lost), NO_BACKEND), received(frame_of(no_room)),
            dropped(frame_of(no_room), NO_ROOM), received(frame_of(nobody)), dropped(frame_of(nobody), NO_SERVICE)])
    everything = capture(program, [*wired([web[0], nobody, far, bad]), (six, FROM_WIRE)])
    expect("without a service: all that is for a VIP, and all that is dropped", everything,
           [received(frame_of(web[0])), sent(web[0]), received(frame_of(nobody)), dropped(frame_of(nobody), NO_SERVICE),
            dropped(frame_of(bad), CHECKSUM), dropped(six, VERSION)])
    expect("drops alone", capture(program, wired([web[0], nobody, lost, far, bad]), "--drops"),
           [dropped(frame_of(nobody), NO_SERVICE), dropped(frame_of(lost), NO_BACKEND), dropped(frame_of(bad), CHECKSUM)])
    expect("a service's drops alone", capture(program, wired([web[0], lost, bad]), "--drops",
                                              "--service", f"{VIP}/tcp/1010/1010"), [dropped(frame_of(lost), NO_BACKEND)])
    expect("what found the transmit queue full is told as it would have left",
           capture(program, [(frame_of(web[0]), WIRE_FULL)], "--drops"), [dropped(wrapped("one/a", web[0]), FULL, OUT)])
    large = ip4(tcp(data=b"y" * 1000))
    expect("packets are cut to the snap length, and say how long they were",
           capture(program, wired([large]), *WEB, "--snaplen", "65"),
           [received(frame_of(large), 65), sent(large, 65)])
    cut = capture(program, wired([ip4(tcp(1003, data=b"z" * 1346))]), "--service", f"{VIP}/tcp/1003/1003")
    expect("the pieces of a packet that is cut are there, too", [p[0] for p in cut], [IN, OUT, OUT])
    six_way = ip6(tcp(443))
    expect("IPv6", [p[:3] for p in capture(program, wired([six_way]), "--service", f"{VIP6}/tcp/443/443")],
           [(IN, "", frame_of(six_way)), (OUT, "", wrapped("one6/a", six_way))])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
