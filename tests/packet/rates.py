#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A flood of what is answered is limited, and takes nothing from those who must hear that their packets are too big.

    rates.py RUN_STAGES
"""
import sys
import tempfile

from scapy.all import ICMP, Raw

from case import FROM_WIRE
from frames import cut4, frame_of, hops, ip4, pool_file, tcp, udp
from golden import check_account, run_stages

POLLS, FLOOD = 40, 63  # and one packet more to a burst
UNREACHABLE, FRAGMENT_NEEDED = 3, 4

TOO_BIG = frame_of(ip4(tcp(data=b"x" * 1460), flags="DF"))


def run(name, frame, reason):
    records = [(poll, FROM_WIRE, f) for poll in range(POLLS) for f in [frame] * FLOOD + [TOO_BIG]]
    with tempfile.TemporaryDirectory(prefix="rates-") as folder:
        frames, counters = run_stages(sys.argv[1], folder, [], records, [(0, pool_file(), hops())])
    check_account(counters)
    told = sum(f[23] == 1 and f[34] == UNREACHABLE and f[35] == FRAGMENT_NEEDED for out in frames.values() for _, f in out)
    limited = sum(moved.get(f"dropped:{reason}", 0) for moved in counters.values())
    print(f"{limited} of {POLLS * FLOOD} {name} were not answered; {told} of {POLLS} heard that they were too big")
    return 0 < limited < POLLS * FLOOD and told == POLLS


floods = (("pings", ip4(ICMP()), "icmp_rate"),
          ("first fragments of pings", next(cut4(bytes(ICMP() / Raw(b"x" * 64)), 1, 64, 1)), "icmp_rate"),
          ("ends of traceroutes", ip4(udp(33434), ttl=1), "icmp_rate"),
          ("ends of traceroutes by TCP", ip4(tcp(81, "S"), ttl=1), "reset_rate"),
          ("datagrams to nobody who can serve", ip4(udp(1015)), "icmp_rate"),
          ("SYNs to nobody who can serve", ip4(tcp(1015, "S")), "reset_rate"))
sys.exit(not all([run(name, frame_of(packet), reason) for name, packet, reason in floods]))
