# SPDX-License-Identifier: BSD-3-Clause
"""What goes to the kernel is policed, and so are our own answers; what goes to backends is not."""
from scapy.all import ICMP, IP

from case import Step, Table, answer, drop, punt, tunnel
from frames import BALANCER, CLIENT, OWN, ROUTER, VIP, Ether, frame_of, ip4, tcp

table = Table("policing")
table.options, table.only_singly = ["--punt-rate", "1"], True

own = frame_of(ip4(tcp(22), dst=OWN))
service = ip4(tcp())
table.story("one a second to the kernel, and any number to backends",
            Step(own, punt(own)), Step(own, drop("punt_rate")), Step(own, drop("punt_rate")),
            *[Step(frame_of(service), tunnel(service, "one/a")) for _ in range(100)])

# 1000 a second, of which a tenth may come at once: of many, the first are answered, and the last
# are not
ping = frame_of(ip4(ICMP()))
pong = bytes(Ether(src=BALANCER, dst=ROUTER) / IP(src=VIP, dst=CLIENT, ttl=64, flags="DF", id=0) / ICMP(type=0))
table.story("a few pings are answered", *[Step(ping, answer(pong))] * 50)
