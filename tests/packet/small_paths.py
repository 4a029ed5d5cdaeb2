#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""IPv6 over tunnels whose path takes less than 1,280 bytes of it: the outer packet comes in pieces, and put together by
their identification they are what a larger path would have got. RFC 2473 7.1 b, RFC 4213 3.2.2, RFC 4443 3.2.

    small_paths.py RUN_STAGES
"""
import struct
import sys
import tempfile

from scapy.all import ICMPv6PacketTooBig, Raw
from scapy.utils import checksum

from case import FROM_WIRE
from frames import BACKENDS, CLIENT6, VIP6, IPv6, frame_of, hops, ip6, pool_file, tcp, udp, wrapped
from golden import check_account, run_stages


def put_together(frames, mtu):
    """The outer packet that these pieces are of; IPv4's header without what makes it a piece."""
    ids, data, last = set(), {}, None
    for frame in frames:
        ip = frame[14:]
        assert len(ip) <= mtu, f"a piece of {len(ip)} bytes over a path of {mtu}"
        if ip[0] >> 4 == 4:
            assert checksum(ip[:20]) == 0 and int.from_bytes(ip[2:4], "big") == len(ip)
            field = int.from_bytes(ip[6:8], "big")
            assert field & 0x4000 == 0, "a piece that must not be cut"
            head, number, offset, more, payload = ip[:20], ip[4:6], (field & 0x1fff) * 8, field & 0x2000, ip[20:]
        else:
            assert ip[6] == 44 and int.from_bytes(ip[4:6], "big") == len(ip) - 40
            following, _, field, number = struct.unpack("!BBH4s", ip[40:48])
            head, offset, more, payload = ip[:6] + bytes([following]) + ip[7:40], field & ~7, field & 1, ip[48:]
        assert len(payload) % 8 == 0 or not more, "a piece in the middle that is no multiple of 8 bytes"
        ids.add(number)
        data[offset] = payload
        last = last if more else offset
    assert len(ids) == 1 and last is not None and last == max(data), "not the pieces of one packet"
    whole = b"".join(data[offset] for offset in sorted(data))
    assert len(whole) == last + len(data[last]), "a hole, or an overlap"
    return ids.pop(), head, whole


# port, backend, the sizes that come in one piece, those that come in several, and those that are
# too big
WAYS = [(1020, "least/a", [556], [557, 800, 1279, 1280], [1281, 1400]),
        (1021, "least6/a", [60, 1240], [1241, 1279, 1280], [1281, 1460]),
        (1022, "near/a", [1279], [1280], [1281]), (1023, "near6/a", [1279], [1280], [1281]),
        (1024, "just/a", [1280], [], [1281]), (1025, "just6/a", [1280], [], [1281])]


def of_size(port, size):
    return ip6(tcp(port, data=bytes(i % 251 for i in range(size - 60))))


def main(program):
    steps = []
    for port, backend, whole, pieces, big in WAYS:
        steps += [(backend, of_size(port, size), "whole") for size in whole]
        steps += [(backend, of_size(port, size), "pieces") for size in pieces]
        steps += [(backend, of_size(port, size), "big") for size in big]
    # RFC 4443 3.2: a later fragment that is too big is told of as any other packet is; and one that
    # is not goes in pieces
    data = bytes(udp(1023, data=b"y" * 4000))

    def fragment(offset, size, more):
        return ip6(struct.pack("!BBHI", 17, 0, offset | more, 7) + data[offset:offset + size], nh=44)

    steps += [("near6/a", fragment(0, 1232, 1), "pieces"), ("near6/a", fragment(1232, 1400, 1), "big"),
              ("near6/a", fragment(2632, 1232, 1), "pieces"), ("near6/a", fragment(3864, 144, 0), "whole")]
    with tempfile.TemporaryDirectory(prefix="small-") as folder:
        frames, counters = run_stages(program, folder, [], [(n, FROM_WIRE, frame_of(p)) for n, (_, p, _) in enumerate(steps)],
                                      [(0, pool_file(), hops())])
    check_account(counters)
    seen = set()
    for number, (backend, packet, want) in enumerate(steps):
        out, mtu = [frame for _, frame in frames.get(number, [])], BACKENDS[backend].mtu
        where = f"{backend}, {len(packet)} bytes: "
        if want == "whole":
            assert out == [wrapped(backend, packet)], where + "not one packet as scapy builds it"
        elif want == "big":
            answer = IPv6(src=VIP6, dst=CLIENT6, hlim=64) / ICMPv6PacketTooBig(mtu=1280) / Raw(packet[:1280 - 48])
            assert len(out) == 1 and out[0][14:] == bytes(answer), where + "the sender is not told of 1280"
        else:
            number, head, whole = put_together(out, mtu)
            assert len(out) > 1 and whole == packet, where + "the pieces are not the packet"
            one = wrapped(backend, packet)[14:]
            assert head[8:10] + head[12:20] == one[8:10] + one[12:20] or head[6:40] == one[6:40], where + "another outer header"
            assert number not in seen, where + "two packets of one identification"
            seen.add(number)
    print(f"{len(steps)} packets, {len(seen)} of them in pieces")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
