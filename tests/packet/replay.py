#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""fulcrum-bench replay: captures of any kind of pcap, each frame accounted for.

    replay.py FULCRUM_BENCH
"""
import re
import struct
import subprocess
import sys
import tempfile

from scapy.all import IP, Ether, IPv6, Raw

from frames import BALANCER, VIP, VIP6, frame_of, ip4, ip6, patched, tcp, udp

POOLS = f"""
services:
  - {{name: web, vip: {VIP}, protocol: tcp, port: 443, pool: one}}
  - {{name: web6, vip: '{VIP6}', protocol: tcp, port: 443, pool: six}}
  - {{name: dns, vip: {VIP}, protocol: udp, port: 53, pool: one}}
pools:
  - {{name: one, backends: [{{name: a, address: 10.0.1.11}}, {{name: b, address: 10.0.1.12, state: disabled}}]}}
  - {{name: six, backends: [{{name: a, address: 'fd00::11'}}]}}
"""
DAEMON = """
control_core: 0
workers: {cores: [1]}
ports: [{name: wan, device: net_null0, mtu: 1400, vlan: set, vlan_id: 7}]
"""
HOP, SOURCE, SOURCE6 = "02:00:00:00:00:99", "10.9.9.9", "fd00:9::9"
OPTIONS = ["--next-hop", HOP, "--source", SOURCE, "--source", SOURCE6]


def outer(packet):
    """What goes out for a packet of the client's, by scapy."""
    head = Ether(src="02:00:00:00:00:01", dst=HOP)
    if packet[0] >> 4 == 4:
        head /= IP(src=SOURCE, dst="10.0.1.11", ttl=64, flags="DF", id=0, proto=4)
    else:
        head /= IPv6(src=SOURCE6, dst="fd00::11", hlim=64, nh=41)
    return bytes(head / Raw(packet))


def pcap(frames, order="<", magic=0xa1b2c3d4, snap=1 << 16):
    data = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, 1)
    for number, frame in enumerate(frames):
        fraction = number * (1000 if magic == 0xa1b23c4d else 1)
        data += struct.pack(order + "IIII", 1000 + number, fraction, min(len(frame), snap), len(frame)) + frame[:snap]
    return data


def records(data):
    at = 24
    while at < len(data):
        seconds, microseconds, size, _ = struct.unpack_from("<IIII", data, at)
        yield seconds, microseconds, data[at + 16:at + 16 + size]
        at += 16 + size


class Result:
    def __init__(self, program, content, *options, daemon=None):
        with tempfile.TemporaryDirectory(prefix="replay-") as folder:
            for name, text in (("pools.yaml", POOLS.encode()), ("in", content), ("daemon.yaml", (daemon or "").encode())):
                with open(f"{folder}/{name}", "wb") as f:
                    f.write(text)
            more = ["--daemon", f"{folder}/daemon.yaml"] if daemon else []
            done = subprocess.run([program, "replay", "--config", f"{folder}/pools.yaml", "--in", f"{folder}/in",
                                   "--out", f"{folder}/out", *more, *OPTIONS, *options],
                                  capture_output=True, text=True, timeout=60, check=False)
            self.status, self.said, self.error = done.returncode, done.stdout, done.stderr
            if done.returncode == 0:
                with open(f"{folder}/out", "rb") as f:
                    self.frames = list(records(f.read()))
        self.counts = {what: int(n) for n, what in re.findall(r"^ *(\d+)  (dropped \w+|\w+)", self.said, re.M)}


def check(what, good, result):
    if not good:
        sys.exit(f"does not hold: {what}\n{result.said}{result.error}status {result.status}")
    print(f"ok: {what}")


def main(program):
    web, web6, dns = ip4(tcp()), ip6(tcp()), ip4(udp())
    lonely = patched(ip4(udp(data=b"x" * 100)), {6: b"\x00\x20"})
    frames = [frame_of(p) for p in (web, web6, dns, ip4(tcp(444)), ip4(tcp(22), dst="192.0.2.50"), lonely)]
    frames.append(frame_of(ip4(tcp(data=b"y" * 1460), flags="DF")))
    counts = {"frames": 7, "forwarded": 3, "answered": 1, "punted": 1, "dropped no_service": 1, "dropped fragment_unknown": 1}

    r = Result(program, pcap(frames))
    check("each frame comes to its end", r.status == 0 and r.counts == counts, r)
    check("every frame is accounted for", "every frame is accounted for" in r.said, r)
    check("the output is what scapy builds, with the input's times", r.frames[:3] == [
        (1000 + n, n, outer(p)) for n, p in enumerate((web, web6, dns))], r)
    check("the answer goes back to the sender", len(r.frames) == 4 and Ether(r.frames[3][2]).src == BALANCER, r)
    first = r.frames
    for name, order, magic in (("big-endian", ">", 0xa1b2c3d4), ("with nanoseconds", "<", 0xa1b23c4d)):
        r = Result(program, pcap(frames, order, magic))
        check(f"a capture that is {name} is the same", r.counts == counts and r.frames == first, r)
    r = Result(program, pcap(frames, snap=40))
    check("frames that are cut short are told", r.status == 0 and "not all bytes of 7 frames" in r.said, r)
    r = Result(program, pcap([frame_of(web), frame_of(web, tags=[7])]), daemon=DAEMON)
    check("the daemon's file gives the VLAN", r.counts == {"frames": 2, "forwarded": 1, "dropped vlan_foreign": 1}, r)
    r = Result(program, pcap([]))
    check("an empty capture is fine", r.status == 0 and r.counts == {"frames": 0}, r)

    for what, content, word in (
            ("no file of this kind", b"x" * 100, "no pcap"), ("an empty file", b"", "too short"),
            ("a pcapng file", b"\x0a\x0d\x0d\x0a" + b"\0" * 40, "editcap"),
            ("a file that ends inside a frame", pcap(frames)[:-3], "ends inside frame 7"),
            ("a file that ends inside a record's header", pcap(frames[:1]) + b"12", "ends inside frame 2"),
            ("a frame of a size that cannot be", pcap([b"z" * 20000]), "frame 1 has 20000 bytes"),
            ("a frame that no port takes", pcap([b"z" * 13000]), "no port takes"),
            ("another link type", pcap(frames)[:20] + b"\x71\0\0\0", "not Ethernet")):
        r = Result(program, content)
        check(f"refused: {what}", r.status == 2 and word in r.error, r)
    for options in (["--next-hop", "x"], ["--source", "10.0.0"], ["more"], ["--in"]):
        r = Result(program, pcap(frames), *options)
        check(f"refused: {' '.join(options)}", r.status == 2 and r.error, r)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
