# SPDX-License-Identifier: BSD-3-Clause
"""What goes to the kernel is policed; what goes to backends is not."""
from case import Step, Table, drop, punt, tunnel
from frames import OWN, frame_of, ip4, tcp

table = Table("policing")
table.options = ["--punt-rate", "1"]

own = frame_of(ip4(tcp(22), dst=OWN))
service = ip4(tcp())
table.story("one a second to the kernel, and any number to backends",
            Step(own, punt(own)), Step(own, drop("punt_rate")), Step(own, drop("punt_rate")),
            *[Step(frame_of(service), tunnel(service, "one/a")) for _ in range(100)])
