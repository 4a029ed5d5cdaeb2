// SPDX-License-Identifier: BSD-3-Clause
#include "config_bad.h"

static void the_services_of_a_vip_are_announced_alike(void **state)
{
	static const struct bad_config cases[] = {
		{SERVICES(
			 "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p, announce: {mode: route}}\n"
			 "  - {name: t, vip: 192.0.2.1, protocol: udp, port: 80, pool: p, announce: {mode: arp}}\n"),
			"3:82: service 't': announce: mode is arp, but service 's' (line 2) announces the same VIP with mode route: give them the same"},
		{SERVICES(
			 "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p}\n"
			 "  - {name: u, vip: 192.0.2.2, protocol: tcp, port: 80, pool: p, announce: {mode: arp}}\n"
			 "  - {name: t, vip: 192.0.2.1, protocol: tcp, port: 81, pool: p, announce: {mode: arp}}\n"),
			"4:82: service 't': announce: mode is arp, but service 's' (line 2) announces the same VIP with mode none: give them the same"},
		{SERVICES(
			 "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p, announce: {mode: bgp}}\n"),
			"2:82: service 's': announce: mode must be none, arp or route, not 'bgp'"},
		{SERVICES(
			 "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p, announce: {mode: arp, quorum: 0}}\n"),
			"2:95: service 's': announce: quorum must be 1 to 65535, not '0'"},
		{SERVICES(
			 "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p, announce: {quorum_up: 2, quorum_down: 3}}\n"),
			"2:103: service 's': announce: quorum_down 3 is more than quorum_up 2: what brings a VIP must be enough to keep it"},
		{SERVICES(
			 "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p, announce: {quorum_down: 3}}\n"),
			"2:89: service 's': announce: quorum_down 3 is more than quorum 1: what brings a VIP must be enough to keep it"},
		{SERVICES(
			 "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p, announce: {quorum: 4, quorum_up: 3}}\n"),
			"2:98: service 's': announce: quorum 4 is more than quorum_up 3: what brings a VIP must be enough to keep it"},
	};

	bad_check(cases, COUNT(cases));
}

static void records_that_do_not_go_together_are_refused(void **state)
{
	static const struct bad_config cases[] = {
		{SERVICES("  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: q}\n"),
			"2:62: service 's': there is no pool 'q': add it under pools"},
		{"services:\n"
		 "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: proxies}\n"
		 "pools:\n"
		 "  - name: proxys\n"
		 "    backends:\n"
		 "      - {name: a, address: 10.0.0.1}\n",
			"2:62: service 's': there is no pool 'proxies': did you mean 'proxys'?"},
		{"services:\n"
		 "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p}\n",
			"2:62: service 's': there is no pool 'p': add it under pools"},
		{"services:\n"
		 "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p}\n"
		 "pools: []\n",
			"2:62: service 's': there is no pool 'p': add it under pools"},
		{"services:\n"
		 "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p}\n"
		 "pools: 3\n",
			"3:8: pools must be a list, not text"},
		{"services:\n"
		 "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p}\n"
		 "pools:\n"
		 "  - {name: p_, backends: []}\n"
		 "  - {nam: p, backends: []}\n",
			"5:5: pool 2: name is missing: its name, which no other pool has\n"
			"5:6: pool 2: unknown key 'nam': did you mean 'name'?"},
		{SERVICES("  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p}\n"
			  "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 81, pool: p}\n"),
			"3:12: service 's' is named twice (first at line 2)"},
		{SERVICES("  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p}\n"
			  "  - {name: t, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p}\n"),
			"3:52: service 't' on port 80 overlaps with service 's' (line 2) on port 80 of the same VIP and protocol"},
		{SERVICES("  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p}\n"
			  "  - {name: t, vip: 192.0.2.1, protocol: tcp, pool: p, ports: any}\n"),
			"3:62: service 't' on all ports overlaps with service 's' (line 2) on port 80 of the same VIP and protocol"},
		{SERVICES("  - {name: s, vip: 192.0.2.1, protocol: tcp, pool: p, ports: any}\n"
			  "  - {name: t, vip: 192.0.2.1, protocol: tcp, port: 1, pool: p}\n"),
			"3:52: service 't' on port 1 overlaps with service 's' (line 2) on all ports of the same VIP and protocol\n"
			"5:5: pool 'p': health: port is missing: service 's' (line 2) has several ports, so say which one to probe"},
		{SERVICES("  - {name: s, vip: 192.0.2.1, protocol: tcp, pool: p, ports: 70-80}\n"
			  "  - {name: t, vip: 192.0.2.1, protocol: tcp, pool: p, ports: 80-90}\n"),
			"3:62: service 't' on ports 80-90 overlaps with service 's' (line 2) on ports 70-80 of the same VIP and protocol\n"
			"5:5: pool 'p': health: port is missing: service 's' (line 2) has several ports, so say which one to probe"},
		{SERVICES(
			 "  - {name: s, vip: '2001:db8::1', protocol: tcp, port: 80, pool: p}\n"
			 "  - {name: t, vip: '2001:DB8:0::1', protocol: tcp, port: 80, pool: p}\n"),
			"3:58: service 't' on port 80 overlaps with service 's' (line 2) on port 80 of the same VIP and protocol"},
		{SERVICES("  - {name: s, vip: 192.0.2.1, protocol: tcp, pool: p, ports: 10-99}\n"
			  "  - {name: t, vip: 192.0.2.1, protocol: tcp, port: 20, pool: p}\n"
			  "  - {name: u, vip: 192.0.2.1, protocol: tcp, port: 30, pool: p}\n"),
			"3:52: service 't' on port 20 overlaps with service 's' (line 2) on ports 10-99 of the same VIP and protocol\n"
			"4:52: service 'u' on port 30 overlaps with service 's' (line 2) on ports 10-99 of the same VIP and protocol\n"
			"6:5: pool 'p': health: port is missing: service 's' (line 2) has several ports, so say which one to probe"},
		{"services:\n"
		 "  - {name: s, vip: 192.0.2.1, protocol: tcp, pool: p, ports: 80-90, target_port: 3080}\n"
		 "pools:\n"
		 "  - name: p\n"
		 "    health: {port: 1}\n"
		 "    backends:\n"
		 "      - {name: a, address: 10.0.0.1}\n",
			"2:82: service 's': target_port needs a single port, not ports 80-90"},
		{"services:\n"
		 "  - {name: s, vip: 192.0.2.1, protocol: tcp, pool: p, ports: any, target_port: 3080}\n"
		 "pools:\n"
		 "  - name: p\n"
		 "    health: {type: none}\n"
		 "    backends:\n"
		 "      - {name: a, address: 10.0.0.1}\n",
			"2:80: service 's': target_port needs a single port, not all ports"},
		{SERVICES(
			 "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p, announce: {mode: arp, metric: 5}}\n"),
			"2:95: service 's': announce: metric is a route's, and mode is arp: leave it out, or announce by mode: route"},
		{SERVICES(
			 "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p, announce: {mode: route, metric: 5}}\n"
			 "  - {name: t, vip: 192.0.2.1, protocol: tcp, port: 81, pool: p, announce: {mode: route}}\n"),
			"3:75: service 't': announce: metric is none, but service 's' (line 2) announces the same VIP with metric 5: give them the same"},
		{"services:\n"
		 "  - {name: s, vip: 192.0.2.1, protocol: tcp, pool: p, ports: [80, 81], target_port: 3080}\n"
		 "  - {name: t, vip: 192.0.2.2, protocol: tcp, pool: p, ports: [80, 70-90]}\n"
		 "  - {name: u, vip: 192.0.2.3, protocol: [tcp, udp], pool: p, ports: [80, 443]}\n"
		 "  - {name: v, vip: 192.0.2.3, protocol: udp, pool: p, ports: [1, 440-450]}\n"
		 "pools:\n"
		 "  - name: p\n"
		 "    health: {type: none}\n"
		 "    backends:\n"
		 "      - {name: a, address: 10.0.0.1}\n",
			"2:85: service 's': target_port needs a single port, not ports 80,81\n"
			"3:62: service 't': ports: port 80 overlaps with ports 70-90 of the same list: give each port once\n"
			"5:62: service 'v' on ports 440-450 overlaps with service 'u' (line 4) on port 443 of the same VIP and protocol"},
		{SERVICES("  - {name: s, vip: 192.0.2.1, protocol: tcp, pool: p, ports: any}\n"),
			"4:5: pool 'p': health: port is missing: service 's' (line 2) has several ports, so say which one to probe"},
		{POOL "services:\n"
		      "  - {name: s, vip: 192.0.2.1, protocol: tcp, pool: p, ports: 80-90}\n"
		      "  - {name: t, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p}\n",
			"2:5: pool 'p': health: port is missing: service 's' (line 4) has several ports, so say which one to probe\n"
			"5:52: service 't' on port 80 overlaps with service 's' (line 4) on ports 80-90 of the same VIP and protocol"},
		{SERVICES("  - {name: s, vip: 10.0.0.1, protocol: tcp, port: 80, pool: p}\n"),
			"4:45: pool 'p': backend 'a': 10.0.0.1 is the VIP of service 's' (line 2): give the backend's own address"},
		{POOL "services:\n"
		      "  - {name: s, vip: 10.0.0.1, protocol: tcp, port: 80, pool: p}\n",
			"2:45: pool 'p': backend 'a': 10.0.0.1 is the VIP of service 's' (line 4): give the backend's own address"},
		{SERVICES(
			 "  - {name: s, vip: '2001:db8::1', protocol: tcp, port: 80, pool: p, forwarding: dsr}\n"),
			"2:81: service 's': dsr needs backends of the VIP's family: the VIP is 2001:db8::1, and backend 'p/a' has 10.0.0.1 (line 4)"},
		{"services:\n"
		 "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p, forwarding: dsr}\n"
		 "pools:\n"
		 "  - name: p\n"
		 "    backends:\n"
		 "      - {name: a, address: 10.0.0.1}\n"
		 "      - {name: b, address: '2001:db8::b'}\n",
			"2:77: service 's': dsr needs backends of the VIP's family: the VIP is 192.0.2.1, and backend 'p/b' has 2001:db8::b (line 7)"},
		{POOL "  - {name: p, backends: []}\n",
			"3:12: pool 'p' is named twice (first at line 2)"},
		{POOL "  - {name: q, backends: []}\n"
		      "  - {name: p, backends: []}\n"
		      "  - {name: p, backends: []}\n",
			"4:12: pool 'p' is named twice (first at line 2)\n"
			"5:12: pool 'p' is named twice (first at line 2)"},
		{"pools:\n"
		 "  - name: p\n"
		 "    backends:\n"
		 "      - {name: a, address: 10.0.0.1}\n"
		 "      - {name: a, address: 10.0.0.2}\n",
			"5:16: pool 'p': backend 'a' is named twice (first at line 4)"},
		{"pools:\n"
		 "  - name: p\n"
		 "    backends:\n"
		 "      - {name: a, address: 10.0.0.1}\n"
		 "      - {name: b, address: 10.0.0.1}\n",
			"5:28: pool 'p': backend 'b': address 10.0.0.1 is that of backend 'a' (line 4): each needs its own"},
		{"pools:\n"
		 "  - name: p\n"
		 "    backends:\n"
		 "      - {name: a, address: 10.0.0.1}\n"
		 "      - {name: b, address: 10.0.0.2}\n"
		 "      - {name: b, address: 10.0.0.3}\n"
		 "      - {name: b, address: 10.0.0.4}\n",
			"6:16: pool 'p': backend 'b' is named twice (first at line 5)\n"
			"7:16: pool 'p': backend 'b' is named twice (first at line 5)"},
		{"services:\n"
		 "  - {name: s, vip: 192.0.2.1, protocol: udp, port: 53, pool: p}\n"
		 "pools:\n"
		 "  - name: p\n"
		 "    health: {port: 53, via: forwarding}\n"
		 "    backends: [{name: a, address: 10.0.0.1}]\n",
			"5:29: pool 'p': health: via: forwarding opens a TCP connection half, and no service of the pool has TCP: see 's' (line 2)"},
		{"services:\n"
		 "  - {name: s, vip: 192.0.2.1, protocol: tcp, ports: 80-90, pool: p}\n"
		 "pools:\n"
		 "  - name: p\n"
		 "    health: {type: none, port: 91, via: forwarding}\n"
		 "    backends: [{name: a, address: 10.0.0.1}]\n",
			"5:41: pool 'p': health: via: forwarding opens a TCP connection half, and no service of the pool has one TCP port or, among several, the one that health.port names: see 's' (line 2)"},
	};

	bad_check(cases, COUNT(cases));
}

static void every_fault_is_told_in_the_order_of_the_lines(void **state)
{
	static const struct bad_config cases[] = {
		{"services:\n"
		 "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 0, pool: p}\n"
		 "  - {name: t, vip: 192.0.2.1, protocol: tpc, port: 80, pool: p}\n"
		 "  - {name: u, vip: 192.0.2.1, protocol: tcp, port: 80, pool: q}\n"
		 "pools:\n"
		 "  - {name: p, on_down: kep, backends: [{name: a}, {address: 10.0.0.1}]}\n",
			"2:52: service 's': port must be 1 to 65535, not '0'\n"
			"3:41: service 't': protocol must be tcp or udp, not 'tpc'\n"
			"4:62: service 'u': there is no pool 'q': add it under pools\n"
			"6:24: pool 'p': on_down must be auto, keep, rehash or reset, not 'kep'\n"
			"6:40: pool 'p': backend 'a': address is missing: its own address, IPv4 or IPv6, which no other backend of the pool has\n"
			"6:51: pool 'p': backend 2: name is missing: its name, which no other backend of the pool has"},
		{"pools:\n"
		 "  - &p {name: p, backends: [{name: a, address: 10.0.0.1}]}\n"
		 "  - *p\n",
			"3:5: pool 'p' is named twice (first at line 2)"},
		{"pools:\n"
		 "  - {name: p, health: &h {interval: 1}, backends: []}\n"
		 "  - {name: q, health: *h, backends: []}\n",
			"2:37: pool 'p': health: interval must be a whole number of ms, s, m, h or d, from 100ms to 1h, not '1'\n"
			"2:37: pool 'q': health: interval must be a whole number of ms, s, m, h or d, from 100ms to 1h, not '1'"},
		{"services:\n"
		 "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p}\n"
		 "  - {name: s\n",
			"4:1: not YAML: did not find expected ',' or '}' in what began at line 3: a mapping in braces ends with '}'"},
	};

	bad_check(cases, COUNT(cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_services_of_a_vip_are_announced_alike),
		cmocka_unit_test(records_that_do_not_go_together_are_refused),
		cmocka_unit_test(every_fault_is_told_in_the_order_of_the_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
