#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A pool of both families that draws its tunnels' sources: each within its family's prefix, and alike for all of a flow.

    drawn.py RUN_STAGES
"""
import ipaddress
import sys
import tempfile

from scapy.all import IP, UDP, Ether, IPv6

from case import FROM_WIRE
from frames import frame_of, hops, ip4, pool_file, sport, udp
from golden import check_account, check_outer_checksum, run_stages

FLOWS = 600
# As many bits are drawn in both as the smaller prefix has behind it: 8.
FAMILIES = {IP: ipaddress.ip_network("10.200.0.0/24"), IPv6: ipaddress.ip_network("fd00:200::/120")}

flows = [ip4(udp(1017, sport=sport())) for _ in range(FLOWS)]
records = [(poll, FROM_WIRE, frame_of(p)) for poll, p in enumerate(2 * flows)]
with tempfile.TemporaryDirectory(prefix="drawn-") as folder:
    frames, counters = run_stages(sys.argv[1], folder, [], records, [(0, pool_file(), hops())])
check_account(counters)

sources, first, failures = {IP: set(), IPv6: set()}, {}, []
for poll, out in frames.items():
    for _, frame in out:
        outer = Ether(frame).payload
        kind = type(outer)
        port = outer[UDP].sport
        if ipaddress.ip_address(outer.src) not in FAMILIES[kind]:
            failures.append(f"{outer.src} is not in {FAMILIES[kind]}")
        if check_outer_checksum(frame):
            failures.append(check_outer_checksum(frame))
        if first.setdefault(port, outer.src) != outer.src:
            failures.append(f"port {port} had {first[port]}, and then {outer.src}")
        sources[kind].add(outer.src)
if len(first) != FLOWS:
    failures.append(f"{len(first)} of {FLOWS} flows came out")
for kind, drawn in sources.items():
    print(f"{len(drawn)} sources of {FAMILIES[kind]}")
    if len(drawn) < 64:  # some 300 flows draw one of 256 each
        failures.append(f"{len(drawn)} sources of {FAMILIES[kind]} are too few")
print("\n".join(sorted(set(failures))[:20]))
sys.exit(bool(failures))
