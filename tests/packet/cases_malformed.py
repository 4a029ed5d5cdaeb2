# SPDX-License-Identifier: BSD-3-Clause
"""Malformed in every way that the parser knows, and good neighbours right before and behind each."""
import struct

from case import IN_PIECES, NO_HEADROOM, TOO_MANY_PIECES, Table, drop, punt, tunnel
from frames import (CLIENT, OWN, VIP, eth, frame_of, ip4, ip6, patched, tcp, udp)

table = Table("malformed")


def bad(name, frame, reason):
    """The frame, and a good one behind it, which must not suffer."""
    table.add(name, frame, drop(reason))
    good = ip4(tcp())
    table.add(f"a good packet after: {name}", frame_of(good), tunnel(good, "one/a"))


# --- Ethernet and its tags ---

for size in (1, 6, 12, 13):
    bad(f"a frame of {size} bytes", frame_of(ip4(tcp()))[:size], "eth_short")
for size in (14, 15, 17):
    bad(f"a tagged frame of {size} bytes", frame_of(ip4(tcp()), tags=(5,))[:size], "vlan_short")
for size in (18, 21):
    bad(f"a frame of {size} bytes with two tags", frame_of(ip4(tcp()), tags=(5, 6))[:size], "vlan_short")

# --- IPv4: RFC 791 3.1 ---

v4 = ip4(tcp(data=b"x" * 20))
for size in (0, 1, 10, 19):
    bad(f"{size} bytes of an IPv4 header", frame_of(v4)[:14 + size], "ipv4_short")
bad("a tagged frame that ends in its IPv4 header", frame_of(v4, tags=(1,))[:18 + 19], "ipv4_short")
bad("IPv4 options past the frame", frame_of(patched(v4, {0: 0x4f, 2: struct.pack("!H", 60)}, fix=False)[:40]),
    "ipv4_short")
for version in (0, 5, 6, 15):
    bad(f"EtherType IPv4 and version {version}", frame_of(patched(v4, {0: version << 4 | 5}, fix=False), kind=0x800),
        "ipv4_version")
for ihl in range(5):
    bad(f"IHL {ihl}", frame_of(patched(v4, {0: 0x40 | ihl}), kind=0x800), "ipv4_header")
for total, what in [(0, "0"), (19, "below the header"), (len(v4) + 1, "a byte past the frame"), (65535, "65535")]:
    bad(f"total length {what}", frame_of(patched(v4, {2: struct.pack("!H", total)})), "ipv4_length")
bad("total length inside the options", frame_of(patched(v4, {0: 0x46, 2: struct.pack("!H", 20)})), "ipv4_length")
bad("a frame cut by a byte", frame_of(v4)[:-1], "ipv4_length")
for at in (1, 5, 8, 10, 12, 19):
    bad(f"a bit flipped in byte {at} of the IPv4 header", frame_of(patched(v4, {at: v4[at] ^ 0x10}, fix=False)),
        "ipv4_checksum")
bad("an IPv4 checksum of zero", frame_of(patched(v4, {10: b"\0\0"}, fix=False)), "ipv4_checksum")
bad("an IPv4 checksum that leaves the options out",
    frame_of(patched(patched(ip4(tcp()), {0: 0x46}), {20: 0xab}, fix=False)), "ipv4_checksum")

# --- TCP and UDP: RFC 9293 3.1, RFC 768 ---

for size in (0, 1, 4, 13, 19):
    bad(f"{size} bytes of a TCP header", frame_of(ip4(bytes(tcp())[:size], proto=6)), "tcp_short")
    bad(f"{size} bytes of a TCP header over IPv6", frame_of(ip6(bytes(tcp())[:size], nh=6)), "tcp_short")
for offset in (0, 1, 4):
    bad(f"TCP data offset {offset}", frame_of(patched(ip4(tcp()), {32: offset << 4})), "tcp_header")
bad("TCP data offset past the packet", frame_of(patched(ip4(tcp(data=b"x" * 39)), {32: 0xf0})), "tcp_header")
bad("TCP data offset past the packet, into the padding", frame_of(patched(ip4(tcp()), {32: 0x60}), pad=b"\0" * 6),
    "tcp_header")
bad("TCP data offset past the packet over IPv6", frame_of(patched(ip6(tcp()), {52: 0x60})), "tcp_header")
for size in (0, 1, 7):
    bad(f"{size} bytes of a UDP header", frame_of(ip4(bytes(udp())[:size], proto=17)), "udp_short")
    bad(f"{size} bytes of a UDP header over IPv6", frame_of(ip6(bytes(udp())[:size], nh=17)), "udp_short")
for length in (0, 7, 13, 65535):
    bad(f"UDP length {length} of 12", frame_of(ip4(udp(data=b"data", len=length))), "udp_length")
    bad(f"UDP length {length} of 12 over IPv6", frame_of(ip6(udp(data=b"data", len=length))), "udp_length")
bad("UDP length that reaches into the padding", frame_of(ip4(udp(data=b"data", len=14)), pad=b"\0" * 10),
    "udp_length")
bad("a malformed packet to the balancer itself", frame_of(ip4(udp(data=b"data", len=0), dst=OWN)), "udp_length")

# --- ICMP: RFC 792, RFC 4443 ---

for size in (0, 1, 4, 7):
    bad(f"{size} bytes of an ICMP header", frame_of(ip4(b"\3\4\0\0\0\0\0\0"[:size], proto=1)), "icmp_short")
    bad(f"{size} bytes of an ICMPv6 header", frame_of(ip6(b"\2\0\0\0\0\0\5\0"[:size], nh=58)), "icmp_short")

# --- IPv6: RFC 8200 ---

v6 = ip6(tcp(data=b"x" * 20))
for size in (0, 1, 39):
    bad(f"{size} bytes of an IPv6 header", frame_of(v6)[:14 + size], "ipv6_short")
for version in (0, 4, 5, 7):
    bad(f"EtherType IPv6 and version {version}", frame_of(patched(v6, {0: version << 4}, fix=False), kind=0x86dd),
        "ipv6_version")
bad("IPv6 payload length a byte past the frame", frame_of(v6)[:-1], "ipv6_length")
bad("IPv6 payload length 65535", frame_of(patched(v6, {4: b"\xff\xff"})), "ipv6_length")
bad("a jumbogram", frame_of(patched(ip6(b"\6\0\xc2\4\0\1\0\0" + bytes(tcp()), nh=0), {4: b"\0\0"})), "ipv6_extension")

OPTIONS = b"\0\1\4\0\0\0\0"  # an extension header of 8 bytes, less its first: PadN of 4


def chain(types, last):
    """Extension headers of 8 bytes, one of each type, and what follows them."""
    return b"".join(bytes([after]) + OPTIONS for after in [*types[1:], last])


bad("an extension header of 7 bytes", frame_of(ip6(b"\6" + OPTIONS[:6], nh=60)), "ipv6_extension")
bad("an extension header longer than its packet", frame_of(ip6(b"\6\5" + b"\0" * 30, nh=60)), "ipv6_extension")
bad("the second extension header is cut", frame_of(ip6(b"\x3c" + OPTIONS + b"\6\1\0\0", nh=0)), "ipv6_extension")
bad("an authentication header longer than its packet", frame_of(ip6(b"\6\x0a" + b"\0" * 30, nh=51)), "ipv6_extension")
bad("a fragment header of 4 bytes", frame_of(ip6(b"\6\0\0\0", nh=44)), "ipv6_extension")
bad("a fragment inside a fragment", frame_of(ip6(b"\x2c\0\0\1\0\0\0\1" b"\x11\0\0\1\0\0\0\2" + bytes(udp()), nh=44)),
    "ipv6_extension")
for count in (9, 12):
    bad(f"{count} extension headers", frame_of(ip6(chain([60] * count, 6) + bytes(tcp()), nh=60)), "ipv6_extensions")
bad("every kind of extension header, and one more",
    frame_of(ip6(chain([0, 60, 43, 135, 139, 140, 60, 60, 60], 17) + bytes(udp()), nh=0)), "ipv6_extensions")

# --- Fragments that no datagram can have, and tiny ones: RFC 791, 1858, 3128, 8200 4.5 ---


def fragment4(payload, offset, more, protocol=17, dst=VIP):
    return frame_of(ip4(payload, dst=dst, proto=protocol, flags="MF" if more else 0, frag=offset // 8, id=77))


def fragment6(payload, offset, more, protocol=17):
    return frame_of(ip6(struct.pack("!BBHI", protocol, 0, offset | more, 77) + payload, nh=44))


for number, what in ((6, "tcp"), (17, "udp")):
    full = bytes(tcp() if number == 6 else udp())
    for fragment, family in ((fragment4, ""), (fragment6, " over IPv6")):
        for size in (0, len(full) - 1 & ~7 if number == 6 else 0):
            bad(f"a first fragment with {size} bytes of {what}{family}", fragment(full[:size], 0, True, number),
                "fragment_short")
for offset in (8, 16):
    bad(f"a TCP fragment at {offset}, over the first one's header", fragment4(b"\0" * 8, offset, False, 6),
        "fragment_overlap")
for fragment, family in ((fragment4, ""), (fragment6, " over IPv6")):
    bad(f"a first fragment of 12 bytes{family}", fragment(bytes(udp(data=b"abcd", len=2000)), 0, True),
        "fragment_length")
    bad(f"a fragment in the middle, of 33 bytes{family}", fragment(b"\0" * 33, 800, True), "fragment_length")
    bad(f"a fragment that ends past 65535: ping of death{family}", fragment(b"\0" * 100, 65528, False),
        "fragment_length")
# RFC 791 3.1: the total length has the header in it; RFC 8200 4.5: the payload length has the
# headers before the fragment's
bad("a fragment that ends at 65535 without its header", fragment4(b"\0" * 7, 65528, False), "fragment_length")
bad("a fragment that ends a byte past 65535 with its header", fragment4(b"\0" * 12, 65504, False), "fragment_length")
for option, most in ((b"", 65515), (b"\1" * 4, 65511), (b"\1" * 40, 65475)):
    offset = (most - 8) & ~7
    head = {0: 0x45 + len(option) // 4, 2: struct.pack("!H", 20 + len(option) + most + 1 - offset)}
    p = ip4(option + b"\0" * (most + 1 - offset), proto=17, frag=offset // 8, id=78)
    bad(f"a fragment a byte too long behind {20 + len(option)} bytes of header", frame_of(patched(p, head)), "fragment_length")
bad("an IPv6 fragment that ends past 65535 with the options before it",
    frame_of(ip6(b"\x2c" + OPTIONS + struct.pack("!BBHI", 17, 0, 65520, 79) + b"\0" * 8, nh=60)), "fragment_length")

# --- IPv4 options: RFC 791 3.1 ---

for options, what in ((b"\x07\x00\x04\x00", "length 0"), (b"\x07\x01\x04\x00", "length 1"), (b"\x07\x05\x04\x00", "a length past the header"),
                      (b"\x01\x01\x01\x07", "a type alone at the end"), (b"\x83\x02\x00\x00", "a source route without a pointer"),
                      (b"\x83\x03\x03\x00", "a source route whose pointer is 3"), (b"\x89\x03\x00\x00", "a strict one whose pointer is 0")):
    p = patched(ip4(options + bytes(tcp()), proto=6), {0: 0x46})
    bad(f"an IPv4 option with {what}", frame_of(p), "ipv4_options")
    bad(f"to the balancer itself: an IPv4 option with {what}", frame_of(patched(p, {16: bytes(map(int, OWN.split(".")))})),
        "ipv4_options")

bad("a bad fragment to the balancer itself", fragment4(b"\0" * 100, 65528, False, 1, OWN), "fragment_length")

# --- Buffers ---

p = ip4(tcp(data=b"in pieces" * 50))
table.add("a frame in several buffers", frame_of(p), tunnel(p, "one/a"), how=IN_PIECES)
p = ip4(tcp(22, data=b"in pieces" * 50), dst=OWN)
table.add("a frame in several buffers, for the kernel", frame_of(p), punt(frame_of(p)), how=IN_PIECES)
table.add("a frame in more than one buffer can take", frame_of(ip4(tcp(data=b"x" * 1000))), drop("segments"),
          how=TOO_MANY_PIECES)
table.add("no room in front of the packet", frame_of(ip4(tcp())), drop("headroom"), how=NO_HEADROOM)
