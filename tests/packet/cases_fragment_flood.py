# SPDX-License-Identifier: BSD-3-Clause
"""A flood of fragments without a first one: bounded, and nobody else's business."""
from case import Step, Table, Want, drop, held, tunnel
from frames import frame_of, ip4, tcp, udp

table = Table("fragment flood")
table.reorders = True
HELD = 256  # lib/pipeline/fragment.h: FRAGMENT_HELD


def orphan(number):
    return frame_of(ip4(b"x" * 64, proto=17, frag=10, id=number))


table.story("so many wait", *[Step(orphan(number), held()) for number in range(HELD)])
table.story("and no more", *[Step(orphan(number), drop("fragment_full")) for number in range(HELD, HELD + 40)])

# Those that had waited the longest gave way: what comes newest still meets its first one
data = bytes(udp(53, data=b"x" * 96))
first, last = [ip4(data[at:at + 80], proto=17, id=5000, frag=at // 8, flags="MF" if at == 0 else 0) for at in (0, 80)]
table.story("the newest wait", Step(frame_of(last), drop("fragment_full")),
            Step(frame_of(first), Want("forwarded", [tunnel(f, "one/a").frames[0] for f in (first, last)], in_pieces=True,
                                       counters={"received": 1, "forwarded": 2, "held": -1})))

# A flood of what is refused: each set of the table (FRAGMENT_SETS of FRAGMENT_WAYS) gets many more
# than it has places for
data = bytes(udp(53, data=b"x" * 96))
good = [[ip4(data[at:at + 80], proto=17, id=6000 + n, frag=at // 8, flags="MF" if at == 0 else 0) for at in (0, 80)]
        for n in range(100)]
table.story("100 datagrams begin", *[Step(frame_of(first), tunnel(first, "one/a")) for first, _ in good])
refused = bytes(udp(54, data=b"x" * 72))
table.story("8192 are refused", *[Step(frame_of(ip4(refused, proto=17, id=10000 + n, flags="MF")), drop("no_service"))
                                   for n in range(8192)])
more = [ip4(data[:80], proto=17, id=6500 + n, flags="MF") for n in range(300)]
table.story("300 more begin, in places of what was refused", *[Step(frame_of(p), tunnel(p, "one/a")) for p in more])
table.story("the 100 go on", *[Step(frame_of(last), tunnel(last, "one/a")) for _, last in good])
p = ip4(tcp())
table.add("whole packets go on", frame_of(p), tunnel(p, "one/a"))
data = bytes(udp(53, data=b"x" * 2000))
table.story("datagrams in order go on", *[
    Step(frame_of(p), tunnel(p, "one/a")) for p in
    [ip4(data[at:at + 800], proto=17, id=9999, frag=at // 8, flags="MF" if at < 1600 else 0) for at in (0, 800, 1600)]])
table.at_end = {"dropped:fragment_unknown": HELD - 1, "held": 1 - HELD}
