#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A flood of pings is limited, and takes nothing from those who must hear that their packets are too big.

    rates.py RUN_STAGES
"""
import sys
import tempfile

from scapy.all import ICMP

from case import FROM_WIRE
from frames import frame_of, hops, ip4, pool_file, tcp
from golden import check_account, run_stages

POLLS, PINGS = 40, 63  # and one packet more to a burst
UNREACHABLE, FRAGMENT_NEEDED = 3, 4

burst = [frame_of(ip4(ICMP()))] * PINGS + [frame_of(ip4(tcp(data=b"x" * 1460), flags="DF"))]
records = [(poll, FROM_WIRE, frame) for poll in range(POLLS) for frame in burst]
with tempfile.TemporaryDirectory(prefix="rates-") as folder:
    frames, counters = run_stages(sys.argv[1], folder, [], records, [(0, pool_file(), hops())])
check_account(counters)
told = sum(frame[34] == UNREACHABLE and frame[35] == FRAGMENT_NEEDED for out in frames.values() for _, frame in out)
limited = sum(moved.get("dropped:icmp_rate", 0) for moved in counters.values())
print(f"{limited} of {POLLS * PINGS} pings were not answered; {told} of {POLLS} heard that they were too big")
sys.exit(limited == 0 or told != POLLS)
