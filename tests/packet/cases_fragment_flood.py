# SPDX-License-Identifier: BSD-3-Clause
"""A flood of fragments without a first one: bounded, and nobody else's business."""
from case import Step, Table, drop, held, tunnel
from frames import frame_of, ip4, tcp, udp

table = Table("fragment flood")
table.reorders = True
HELD = 256  # lib/pipeline/fragment.h: FRAGMENT_HELD


def orphan(number):
    return frame_of(ip4(b"x" * 64, proto=17, frag=10, id=number))


table.story("so many wait", *[Step(orphan(number), held()) for number in range(HELD)])
table.story("and no more", *[Step(orphan(number), drop("fragment_full")) for number in range(HELD, HELD + 40)])
p = ip4(tcp())
table.add("whole packets go on", frame_of(p), tunnel(p, "one/a"))
data = bytes(udp(53, data=b"x" * 2000))
table.story("datagrams in order go on", *[
    Step(frame_of(p), tunnel(p, "one/a")) for p in
    [ip4(data[at:at + 800], proto=17, id=9999, frag=at // 8, flags="MF" if at < 1600 else 0) for at in (0, 800, 1600)]])
table.at_end = {"dropped:fragment_unknown": HELD, "held": -HELD}
