# SPDX-License-Identifier: BSD-3-Clause
"""Flows while the pool changes under them: the table of the design's 'select'.

Each pool has two backends, a up and b down at first, so that every choice is known without the hash.
"""
from case import Step, Table, answer, drop, tunnel
from frames import Ether, TCP, VIP6, frame_of, hops, ip4, ip6, pool_file, reset_for, tcp, udp

table = Table("reload")
POOLS = {"keep": 1011, "rehash": 1012, "reset": 1013}


def to(packet, backend):
    return Step(frame_of(packet), tunnel(packet, backend))


def dropped(packet, reason):
    return Step(frame_of(packet), drop(reason))


def refused(packet):
    frame = frame_of(packet)
    return Step(frame, answer(reset_for(frame)))


def client(pool, port, flags="A", data=b"", **fields):
    return ip4(tcp(POOLS[pool], flags=flags, sport=port, data=data, **fields))


# --- a is up, b is down: flows begin on a ---

for pool in POOLS:
    table.story(f"{pool}: flows begin on a", *[
        to(client(pool, port, flags), f"{pool}/a") for port in range(1, 10) for flags in ("S", "A")])
table.story("reset: a UDP flow begins on a", to(ip4(udp(1013, sport=9)), "reset/a"))
table.story("reset: an IPv6 flow begins on a", *[
    to(ip6(tcp(1013, flags=f, sport=1)), "reset6/a") for f in ("S", "A")])

# --- a goes down, b comes up ---

A_DOWN = hops(keep_a="down", keep_b="up", rehash_a="down", rehash_b="up", reset_a="down", reset_b="up",
              reset6_a="down", reset6_b="up")
table.publish(pool_file(), A_DOWN)
table.story("keep: a flow stays with the backend that is down", to(client("keep", 1), "keep/a"),
            to(client("keep", 1, "FA"), "keep/a"))
table.story("keep: a SYN on a known tuple chooses anew", to(client("keep", 2, "S"), "keep/b"),
            to(client("keep", 2), "keep/b"))
table.story("keep: a flow that nobody knows goes where it began, as one with a row does", to(client("keep", 100), "keep/a"))
table.story("rehash: a flow moves, and stays where it moved", to(client("rehash", 1), "rehash/b"),
            to(client("rehash", 1), "rehash/b"))
table.story("rehash: a SYN chooses anew", to(client("rehash", 2, "S"), "rehash/b"))
table.story("reset: an ACK is answered by a RST with its sequence number", refused(client("reset", 1)))
table.story("reset: what comes after it is answered alike, by what the tables remember", refused(client("reset", 1)))
table.story("reset: the next connection of its port goes elsewhere", to(client("reset", 1, "S"), "reset/b"))
table.story("reset: data is answered by a RST", refused(client("reset", 2, "PA", b"hello")))
table.story("reset: a FIN is answered by a RST", refused(client("reset", 3, "FA")))
table.story("reset: data without ACK is acknowledged", refused(client("reset", 4, "P", b"hello")))
table.story("reset: a FIN without ACK is acknowledged", refused(client("reset", 5, "F", b"abc")))
table.story("reset: a SYN chooses anew, with no RST", to(client("reset", 6, "S"), "reset/b"))
table.story("reset: TCP options and data do not come back",
            refused(client("reset", 7, "PA", b"x" * 100, options=[("NOP", None)] * 8)))
table.story("reset: UDP has none, and moves", to(ip4(udp(1013, sport=9)), "reset/b"))
table.story("reset: IPv6", refused(ip6(tcp(1013, sport=1, data=b"abc"))))

# --- b takes new flows, a drains ---

table.publish(pool_file(), hops(keep_a="up", keep_b="up"))
table.publish(pool_file(), hops(keep_a="draining", keep_b="up"))
table.story("draining: a flow stays to its end", to(client("keep", 3), "keep/a"), to(client("keep", 3, "FA"), "keep/a"),
            to(client("keep", 3), "keep/a"))
table.story("draining: nothing new goes there", *[to(client("keep", port, "S"), "keep/b") for port in range(200, 220)])
table.story("draining: a SYN on a known tuple goes to its backend, which tells a forgery from a new connection",
            to(client("keep", 4, "S"), "keep/a"), to(client("keep", 4), "keep/a"))
table.story("draining: where the client then sends a RST, its next SYN goes elsewhere",
            to(client("keep", 4, "R"), "keep/a"), to(client("keep", 4, "S"), "keep/b"), to(client("keep", 4), "keep/b"))
table.story("draining: a port that is used again after a FIN goes elsewhere",
            to(client("keep", 5, "FA"), "keep/a"), to(client("keep", 5, "S"), "keep/b"), to(client("keep", 5), "keep/b"))
table.story("draining: a RST, and what comes after it", to(client("keep", 8, "R"), "keep/a"), to(client("keep", 8), "keep/a"),
            to(client("keep", 8, "S"), "keep/a"))
table.story("draining: a half closed connection, a SYN, and what comes after it", to(client("keep", 9, "FA"), "keep/a"),
            to(client("keep", 9), "keep/a"), to(client("keep", 9, "S"), "keep/a"), to(client("keep", 9), "keep/a"))

# --- a is disabled: its flows are chosen anew ---

table.publish(pool_file(), hops(keep_a="disabled", keep_b="up"))
table.story("disabled: a flow moves", to(client("keep", 9), "keep/b"), to(client("keep", 9), "keep/b"))

# --- a has lost its next hop ---

table.publish(pool_file(), hops(keep_a="up", keep_b="down"))
table.story("a is back: a flow that stayed with it is still there", to(client("keep", 6), "keep/a"))
table.publish(pool_file(), hops(keep_a="unresolved", keep_b="up"))
table.story("without a next hop: a flow cannot be sent", dropped(client("keep", 6), "no_next_hop"))
table.story("without a next hop: a new flow goes elsewhere", to(client("keep", 300, "S"), "keep/b"))

# --- a is taken out of the file ---

table.publish(pool_file(without=("keep/a",)), hops(keep_b="up"))
table.story("gone: its flow is chosen anew", to(client("keep", 6), "keep/b"), to(client("keep", 7), "keep/b"))

# --- everybody is down ---

table.publish(pool_file(), hops(keep_a="down", keep_b="down"))
table.story("all down: spread over all, and a flow keeps its own", to(client("keep", 6), "keep/b"))

# --- the previous table: flows that no entry remembers ---

table.publish(pool_file(), hops(rehash_a="up", rehash_b="down"))
table.publish(pool_file(), hops(rehash_a="draining", rehash_b="up"))
table.story("a packet in mid-flow without an entry goes to the previous table's backend, which drains",
            to(client("rehash", 400), "rehash/a"), to(client("rehash", 400), "rehash/a"))
table.story("a SYN does not", to(client("rehash", 401, "S"), "rehash/b"))
table.publish(pool_file(), hops(rehash_a="down", rehash_b="up"))
table.story("nor anything when that backend is down", to(client("rehash", 402), "rehash/b"))
