// SPDX-License-Identifier: BSD-3-Clause
#include "config_bad.h"

static void a_service_needs_its_keys_and_a_name(void **state)
{
	static const struct bad_config cases[] = {
		{SERVICES("  - {}\n"),
			"2:5: service 1: name is missing: its name, which no other service has\n"
			"2:5: service 1: vip is missing: the address that clients connect to, IPv4 or IPv6\n"
			"2:5: service 1: protocol is missing: the transport protocol, tcp or udp\n"
			"2:5: service 1: port is missing: the port that clients connect to\n"
			"2:5: service 1: pool is missing: the name of the pool that serves it"},
		{SERVICES("  - {vip: 192.0.2.1, protocol: tcp, port: 80, pool: p}\n"),
			"2:5: service 1: name is missing: its name, which no other service has"},
		{SERVICES("  - {name: s, protocol: tcp, port: 80, pool: p}\n"),
			"2:5: service 's': vip is missing: the address that clients connect to, IPv4 or IPv6"},
		{SERVICES("  - {name: s, vip: 192.0.2.1, port: 80, pool: p}\n"),
			"2:5: service 's': protocol is missing: the transport protocol, tcp or udp"},
		{SERVICES("  - {name: s, vip: 192.0.2.1, protocol: tcp, pool: p}\n"),
			"2:5: service 's': port is missing: the port that clients connect to"},
		{SERVICES("  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80}\n"),
			"2:5: service 's': pool is missing: the name of the pool that serves it"},
		{SERVICES("  - {name: '', vip: 192.0.2.1, protocol: tcp, port: 80, pool: p}\n"),
			"2:12: service '': name must be " NAME_RULE ", not ''"},
		{SERVICES("  - {name: -web, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p}\n"),
			"2:12: service '-web': name must be " NAME_RULE ", not '-web'"},
		{SERVICES(
			 "  - {name: web one, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p}\n"),
			"2:12: service 'web one': name must be " NAME_RULE ", not 'web one'"},
		{SERVICES("  - {name: w/1, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p}\n"),
			"2:12: service 'w/1': name must be " NAME_RULE ", not 'w/1'"},
		{SERVICES(
			 "  - {name: nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p}\n"),
			"2:12: service 'nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn': name must be " NAME_RULE
			", not 'nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn'"},
		{SERVICES("  - {name: [a], vip: 192.0.2.1, protocol: tcp, port: 80, pool: p}\n"),
			"2:12: service 1: name must be " NAME_RULE ", not a list"},
		{SERVICES("  - {name: null, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p}\n"),
			"2:12: service 1: name is empty: it must be " NAME_RULE},
		{SERVICES("  - {name: w\xc3\xa9"
			  "b, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p}\n"),
			"2:12: service 'w\xc3\xa9"
			"b': name must be " NAME_RULE ", not 'w\xc3\xa9"
			"b'"},
	};

	bad_check(cases, COUNT(cases));
}

static void a_service_needs_an_address_and_a_protocol(void **state)
{
	static const struct bad_config cases[] = {
		{SERVICES("  - {name: s, vip: 10.0.0, protocol: tcp, port: 80, pool: p}\n"),
			"2:20: service 's': vip must be " ADDRESS_RULE ", not '10.0.0'"},
		{SERVICES("  - {name: s, vip: 10.0.0.256, protocol: tcp, port: 80, pool: p}\n"),
			"2:20: service 's': vip must be " ADDRESS_RULE ", not '10.0.0.256'"},
		{SERVICES("  - {name: s, vip: example.com, protocol: tcp, port: 80, pool: p}\n"),
			"2:20: service 's': vip must be " ADDRESS_RULE ", not 'example.com'"},
		{SERVICES("  - {name: s, vip: 0.0.0.0, protocol: tcp, port: 80, pool: p}\n"),
			"2:20: service 's': vip must be " ADDRESS_RULE ", not '0.0.0.0'"},
		{SERVICES("  - {name: s, vip: 127.0.0.1, protocol: tcp, port: 80, pool: p}\n"),
			"2:20: service 's': vip must be " ADDRESS_RULE ", not '127.0.0.1'"},
		{SERVICES("  - {name: s, vip: 224.0.0.1, protocol: tcp, port: 80, pool: p}\n"),
			"2:20: service 's': vip must be " ADDRESS_RULE ", not '224.0.0.1'"},
		{SERVICES("  - {name: s, vip: '::1', protocol: tcp, port: 80, pool: p}\n"),
			"2:20: service 's': vip must be " ADDRESS_RULE ", not '::1'"},
		{SERVICES("  - {name: s, vip: 'fe80::1', protocol: tcp, port: 80, pool: p}\n"),
			"2:20: service 's': vip must be " ADDRESS_RULE ", not 'fe80::1'"},
		{SERVICES("  - {name: s, vip: 169.254.0.1, protocol: tcp, port: 80, pool: p}\n"),
			"2:20: service 's': vip must be " ADDRESS_RULE ", not '169.254.0.1'"},
		{SERVICES("  - {name: s, vip: 'fe80::1%eth0', protocol: tcp, port: 80, pool: p}\n"),
			"2:20: service 's': vip must be " ADDRESS_RULE ", not 'fe80::1%eth0'"},
		{SERVICES(
			 "  - {name: s, vip: '::ffff:10.0.0.9', protocol: tcp, port: 80, pool: p}\n"),
			"2:20: service 's': vip must be " ADDRESS_RULE ", not '::ffff:10.0.0.9'"},
		{SERVICES("  - {name: s, vip: 192.0.2.0/24, protocol: tcp, port: 80, pool: p}\n"),
			"2:20: service 's': vip must be " ADDRESS_RULE ", not '192.0.2.0/24'"},
		{SERVICES("  - {name: s, vip: '2001:db8::g', protocol: tcp, port: 80, pool: p}\n"),
			"2:20: service 's': vip must be " ADDRESS_RULE ", not '2001:db8::g'"},
		{SERVICES("  - {name: s, vip: {a: b}, protocol: tcp, port: 80, pool: p}\n"),
			"2:20: service 's': vip must be " ADDRESS_RULE
			", not a mapping (key: value)"},
		{SERVICES("  - {name: s, vip: 192.0.2.1, protocol: sctp, port: 80, pool: p}\n"),
			"2:41: service 's': protocol must be tcp or udp, not 'sctp'"},
		{SERVICES("  - {name: s, vip: 192.0.2.1, protocol: TCP, port: 80, pool: p}\n"),
			"2:41: service 's': protocol must be tcp or udp, not 'TCP'"},
		{SERVICES("  - {name: s, vip: 192.0.2.1, protocol: 6, port: 80, pool: p}\n"),
			"2:41: service 's': protocol must be tcp or udp, not '6'"},
		{SERVICES(
			 "  - {name: s, vip: 192.0.2.1, protocol: [tcp, icmp], port: 80, pool: p}\n"),
			"2:47: service 's': protocol must be tcp or udp, not 'icmp'"},
		{SERVICES(
			 "  - {name: s, vip: 192.0.2.1, protocol: [tcp, tcp], port: 80, pool: p}\n"),
			"2:41: service 's': protocol: tcp is named twice"},
		{SERVICES(
			 "  - {name: s, vip: 192.0.2.1, protocol: [tcp, udp, tcp], port: 80, pool: p}\n"),
			"2:41: service 's': protocol must have 1 to 2 entries, not 3"},
		{SERVICES("  - {name: s, vip: 192.0.2.1, protocol: [], port: 80, pool: p}\n"),
			"2:41: service 's': protocol must have 1 to 2 entries, not 0"},
	};

	bad_check(cases, COUNT(cases));
}

static void a_service_needs_ports(void **state)
{
	static const struct bad_config cases[] = {
		{SERVICES("  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 0, pool: p}\n"),
			"2:52: service 's': port must be 1 to 65535, not '0'"},
		{SERVICES("  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 65536, pool: p}\n"),
			"2:52: service 's': port must be 1 to 65535, not '65536'"},
		{SERVICES("  - {name: s, vip: 192.0.2.1, protocol: tcp, port: -1, pool: p}\n"),
			"2:52: service 's': port must be 1 to 65535, not '-1'"},
		{SERVICES("  - {name: s, vip: 192.0.2.1, protocol: tcp, port: http, pool: p}\n"),
			"2:52: service 's': port must be 1 to 65535, not 'http'"},
		{SERVICES("  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80-90, pool: p}\n"),
			"2:52: service 's': port must be 1 to 65535, not '80-90'"},
		{SERVICES("  - {name: s, vip: 192.0.2.1, protocol: tcp, port: any, pool: p}\n"),
			"2:52: service 's': port must be 1 to 65535, not 'any'"},
		{SERVICES("  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 080, pool: p}\n"),
			"2:52: service 's': port must be 1 to 65535, not '080'"},
		{SERVICES("  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80.0, pool: p}\n"),
			"2:52: service 's': port must be 1 to 65535, not '80.0'"},
		{SERVICES(
			 "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 99999999999999999999999, pool: p}\n"),
			"2:52: service 's': port must be 1 to 65535, not '99999999999999999999999'"},
		{SERVICES("  - {name: s, vip: 192.0.2.1, protocol: tcp, port: [80], pool: p}\n"),
			"2:52: service 's': port must be 1 to 65535, not a list"},
		{SERVICES("  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 0x50, pool: p}\n"),
			"2:52: service 's': port must be 1 to 65535, not '0x50'"},
		{SERVICES("  - {name: s, vip: 192.0.2.1, protocol: tcp, pool: p, ports: 90-80}\n"),
			"2:62: service 's': ports must be a range such as 30000-30999, any, or one port, not '90-80'"},
		{SERVICES("  - {name: s, vip: 192.0.2.1, protocol: tcp, pool: p, ports: 0-80}\n"),
			"2:62: service 's': ports must be a range such as 30000-30999, any, or one port, not '0-80'"},
		{SERVICES("  - {name: s, vip: 192.0.2.1, protocol: tcp, pool: p, ports: 80-}\n"),
			"2:62: service 's': ports must be a range such as 30000-30999, any, or one port, not '80-'"},
		{SERVICES(
			 "  - {name: s, vip: 192.0.2.1, protocol: tcp, pool: p, ports: 80-70000}\n"),
			"2:62: service 's': ports must be a range such as 30000-30999, any, or one port, not '80-70000'"},
		{SERVICES("  - {name: s, vip: 192.0.2.1, protocol: tcp, pool: p, ports: all}\n"),
			"2:62: service 's': ports must be a range such as 30000-30999, any, or one port, not 'all'"},
		{SERVICES("  - {name: s, vip: 192.0.2.1, protocol: tcp, pool: p, ports: 1-2-3}\n"),
			"2:62: service 's': ports must be a range such as 30000-30999, any, or one port, not '1-2-3'"},
		{SERVICES(
			 "  - {name: s, vip: 192.0.2.1, protocol: tcp, pool: p, ports: [80, 90-81]}\n"),
			"2:67: service 's': ports must be a range such as 30000-30999, any, or one port, not '90-81'"},
		{SERVICES("  - {name: s, vip: 192.0.2.1, protocol: tcp, pool: p, ports: []}\n"),
			"2:62: service 's': ports must have 1 to 32 entries, not 0"},
		{SERVICES("  - {name: s, vip: 192.0.2.1, protocol: tcp, pool: p, port: [80]}\n"),
			"2:61: service 's': port must be 1 to 65535, not a list"},
		{SERVICES(
			 "  - {name: s, vip: 192.0.2.1, protocol: tcp, pool: p, ports: {80: 81}}\n"),
			"2:62: service 's': ports must be a range such as 30000-30999, any, or one port, not a mapping (key: value)"},
		{SERVICES(
			 "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p, ports: 80-90}\n"),
			"2:65: service 's': give either 'port' or 'ports' (first at line 2)"},
		{SERVICES(
			 "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p, port: 81}\n"),
			"2:65: service 's': key 'port' is given twice (first at line 2)"},
	};

	bad_check(cases, COUNT(cases));
}

static void the_other_keys_of_a_service_are_checked(void **state)
{
	static const struct bad_config cases[] = {
		{SERVICES(
			 "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p, target_port: 0}\n"),
			"2:78: service 's': target_port must be 1 to 65535, not '0'"},
		{SERVICES(
			 "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p, target_port: 65536}\n"),
			"2:78: service 's': target_port must be 1 to 65535, not '65536'"},
		{SERVICES(
			 "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p, target_port: https}\n"),
			"2:78: service 's': target_port must be 1 to 65535, not 'https'"},
		{SERVICES(
			 "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p, target_prot: 80}\n"),
			"2:65: service 's': unknown key 'target_prot': did you mean 'target_port'?"},
		{SERVICES("  - {name: s, vpi: 192.0.2.1, protocol: tcp, port: 80, pool: p}\n"),
			"2:5: service 's': vip is missing: the address that clients connect to, IPv4 or IPv6\n"
			"2:15: service 's': unknown key 'vpi': did you mean 'vip'?"},
		{SERVICES(
			 "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p, target: 80}\n"),
			"2:65: service 's': unknown key 'target': did you mean 'target_port'?"},
		{SERVICES(
			 "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p, forwarding: nat}\n"),
			"2:77: service 's': forwarding must be ipip or dsr, not 'nat'"},
		{SERVICES(
			 "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p, forwarding: IPIP}\n"),
			"2:77: service 's': forwarding must be ipip or dsr, not 'IPIP'"},
		{SERVICES(
			 "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p, affinity: cookie}\n"),
			"2:75: service 's': affinity must be five_tuple, source or source_service, not 'cookie'"},
		{SERVICES(
			 "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p, affinity: true}\n"),
			"2:75: service 's': affinity must be five_tuple, source or source_service, not 'true'"},
		{SERVICES(
			 "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p, flow_ttl: 30s}\n"),
			"2:75: service 's': flow_ttl must be a mapping (key: value), not text"},
		{SERVICES(
			 "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p, flow_ttl: {new: 0s}}\n"),
			"2:81: service 's': flow_ttl: new must be a whole number of s, m, h or d, from 1s to 9h, not '0s'"},
		{SERVICES(
			 "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p, flow_ttl: {new: 10h}}\n"),
			"2:81: service 's': flow_ttl: new must be a whole number of s, m, h or d, from 1s to 9h, not '10h'"},
		{SERVICES(
			 "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p, flow_ttl: {established: 60}}\n"),
			"2:89: service 's': flow_ttl: established must be a whole number of s, m, h or d, from 1s to 9h, not '60'"},
		{SERVICES(
			 "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p, flow_ttl: {closing: 1500ms}}\n"),
			"2:85: service 's': flow_ttl: closing must be a whole number of s, m, h or d, from 1s to 9h, not '1500ms'"},
		{SERVICES(
			 "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p, flow_ttl: {udp: fast}}\n"),
			"2:81: service 's': flow_ttl: udp must be a whole number of s, m, h or d, from 1s to 9h, not 'fast'"},
		{SERVICES(
			 "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p, flow_ttl: {old: 3s}}\n"),
			"2:76: service 's': flow_ttl: unknown key 'old': the keys here are new, established, half_closed, closing, udp"},
		{SERVICES(
			 "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p, flow_ttl: {new: 1s, new: 2s}}\n"),
			"2:85: service 's': flow_ttl: key 'new' is given twice (first at line 2)"},
		{SERVICES(
			 "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p, flow_ttl: []}\n"),
			"2:75: service 's': flow_ttl must be a mapping (key: value), not a list"},
		{SERVICES(
			 "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p, weight: 5}\n"),
			"2:65: service 's': unknown key 'weight': the keys here are name, vip, protocol, port, ports, target_port, forwarding, pool, affinity, prefer, prefer_floor, flow_ttl, announce"},
	};

	bad_check(cases, COUNT(cases));
}

#define ZONES                                                     \
	"pools:\n  - name: p\n    backends:\n"                    \
	"      - {name: a, address: 10.0.0.1, zone: frankfurt}\n" \
	"      - {name: b, address: 10.0.0.2, zone: paris}\n"
#define PREFERS(keys)                                                                      \
	"services:\n  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p, " keys \
	"}\n" ZONES

static void preferred_zones_must_be_there(void **state)
{
	static const struct bad_config cases[] = {
		{PREFERS("prefer: [frankfrut]"),
			"2:73: service 's': prefer: no backend of pool 'p' is in zone 'frankfrut': did you mean 'frankfurt'?"},
		{PREFERS("prefer: [paris, berlin]"),
			"2:73: service 's': prefer: no backend of pool 'p' is in zone 'berlin'"},
		{PREFERS("prefer: [paris, paris]"),
			"2:73: service 's': prefer: zone 'paris' is named twice"},
		{PREFERS("prefer: paris"), "2:73: service 's': prefer must be a list, not text"},
		{PREFERS("prefer: [a, b, c, d, e, f, g, h, i]"),
			"2:73: service 's': prefer must have 0 to 8 entries, not 9"},
		{PREFERS("prefer_floor: 70"),
			"2:79: service 's': prefer_floor must be 1% to 100%, not '70'"},
		{PREFERS("prefer_floor: 0%"),
			"2:79: service 's': prefer_floor must be 1% to 100%, not '0%'"},
		{PREFERS("prefer_floor: 101%"),
			"2:79: service 's': prefer_floor must be 1% to 100%, not '101%'"},
		{PREFERS("prefer_floor: 7.5%"),
			"2:79: service 's': prefer_floor must be 1% to 100%, not '7.5%'"},
		{PREFERS("prefer_floor: '%'"),
			"2:79: service 's': prefer_floor must be 1% to 100%, not '%'"},
	};

	bad_check(cases, COUNT(cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_service_needs_its_keys_and_a_name),
		cmocka_unit_test(a_service_needs_an_address_and_a_protocol),
		cmocka_unit_test(a_service_needs_ports),
		cmocka_unit_test(the_other_keys_of_a_service_are_checked),
		cmocka_unit_test(preferred_zones_must_be_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
