// SPDX-License-Identifier: BSD-3-Clause
#include "config_bad.h"

static void a_pool_needs_its_keys(void **state)
{
	static const struct bad_config cases[] = {
		{POOLS(""), "2:5: pool 1: name is missing: its name, which no other pool has\n"
			    "2:5: pool 1: backends is missing: its servers"},
		{"pools:\n"
		 "  - backends: []\n",
			"2:5: pool 1: name is missing: its name, which no other pool has"},
		{"pools:\n"
		 "  - name: p\n",
			"2:5: pool 'p': backends is missing: its servers"},
		{POOLS("name: a b, backends: []"),
			"2:12: pool 'a b': name must be " NAME_RULE ", not 'a b'"},
		{POOLS("name: p, backends: {a: b}"),
			"2:25: pool 'p': backends must be a list, not a mapping (key: value)"},
		{POOLS("name: p, backends: a"),
			"2:25: pool 'p': backends must be a list, not text"},
		{POOLS("name: p, backend: []"),
			"2:5: pool 'p': backends is missing: its servers\n"
			"2:15: pool 'p': unknown key 'backend': did you mean 'backends'?"},
		{POOLS("name: p, backends:"),
			"2:23: not YAML: found unexpected ':': a space follows the ':' of a key"},
		{POOLS("name: p, backends: [], on_down: drop"),
			"2:38: pool 'p': on_down must be auto, keep, rehash or reset, not 'drop'"},
		{POOLS("name: p, backends: [], on_all_down: keep"),
			"2:42: pool 'p': on_all_down must be spread or drop, not 'keep'"},
		{POOLS("name: p, backends: [], outer_source: 10.0.0.1/8"),
			"2:43: pool 'p': outer_source must be " PREFIX_RULE ", not '10.0.0.1/8'"},
		{POOLS("name: p, backends: [], outer_source: 224.1.0.0/16"),
			"2:43: pool 'p': outer_source must be " PREFIX_RULE ", not '224.1.0.0/16'"},
		{POOLS("name: p, backends: [], outer_source: 169.254.8.0/24"),
			"2:43: pool 'p': outer_source must be " PREFIX_RULE
			", not '169.254.8.0/24'"},
		{POOLS("name: p, backends: [], outer_source: \"fe80::/96\""),
			"2:43: pool 'p': outer_source must be " PREFIX_RULE ", not 'fe80::/96'"},
		{POOLS("name: p, backends: [], outer_source: 10.0.0.4/32"),
			"2:43: pool 'p': outer_source must be of 8 to 31 bits, not 32"},
		{POOLS("name: p, backends: [], outer_source: \"2001:db8::/64\""),
			"2:43: pool 'p': outer_source must be of 96 to 127 bits, not 64"},
		{POOLS("name: p, outer_source: \"2001:db8::/96\", backends: [{name: a, address: 10.0.1.1}]"),
			"2:29: pool 'p': outer_source must be of the backends' family, which 'a' (line 2) is not"},
		// Nothing of the environment is put in.
		{POOLS("name: \"${HOME}\", backends: []"),
			"2:12: pool '${HOME}': name must be " NAME_RULE ", not '${HOME}'"},
		{POOLS("name: p, backends: [], table_size: 65536"),
			"2:41: pool 'p': table_size must be 65537 or 655373, not '65536'"},
		{POOLS("name: p, backends: [], table_size: big"),
			"2:41: pool 'p': table_size must be 65537 or 655373, not 'big'"},
	};

	bad_check(cases, COUNT(cases));
}

static void the_health_of_a_pool_is_checked(void **state)
{
	static const struct bad_config cases[] = {
		{POOLS("name: p, backends: [], health: tcp"),
			"2:37: pool 'p': health must be a mapping (key: value), not text"},
		{POOLS("name: p, backends: [], health: [tcp]"),
			"2:37: pool 'p': health must be a mapping (key: value), not a list"},
		{POOLS("name: p, backends: [], health: "),
			"2:37: pool 'p': health is empty: it must be a mapping (key: value)"},
		{POOLS("name: p, backends: [], health: {type: icmp}"),
			"2:44: pool 'p': health: type must be tcp, tls, http, https, grpc, grpcs, udp or none, not 'icmp'"},
		{POOLS("name: p, backends: [], health: {type: TCP}"),
			"2:44: pool 'p': health: type must be tcp, tls, http, https, grpc, grpcs, udp or none, not 'TCP'"},
		{POOLS("name: p, backends: [], health: {port: 0}"),
			"2:44: pool 'p': health: port must be 1 to 65535, not '0'"},
		{POOLS("name: p, backends: [], health: {port: any}"),
			"2:44: pool 'p': health: port must be 1 to 65535, not 'any'"},
		{POOLS("name: p, backends: [], health: {interval: 2}"),
			"2:48: pool 'p': health: interval must be a whole number of ms, s, m, h or d, from 100ms to 1h, not '2'"},
		{POOLS("name: p, backends: [], health: {interval: 2 s}"),
			"2:48: pool 'p': health: interval must be a whole number of ms, s, m, h or d, from 100ms to 1h, not '2 s'"},
		{POOLS("name: p, backends: [], health: {interval: 50ms}"),
			"2:48: pool 'p': health: interval must be a whole number of ms, s, m, h or d, from 100ms to 1h, not '50ms'"},
		{POOLS("name: p, backends: [], health: {interval: 2h}"),
			"2:48: pool 'p': health: interval must be a whole number of ms, s, m, h or d, from 100ms to 1h, not '2h'"},
		{POOLS("name: p, backends: [], health: {interval: 1.5s}"),
			"2:48: pool 'p': health: interval must be a whole number of ms, s, m, h or d, from 100ms to 1h, not '1.5s'"},
		{POOLS("name: p, backends: [], health: {interval: 2sec}"),
			"2:48: pool 'p': health: interval must be a whole number of ms, s, m, h or d, from 100ms to 1h, not '2sec'"},
		{POOLS("name: p, backends: [], health: {timeout: 5ms}"),
			"2:47: pool 'p': health: timeout must be a whole number of ms, s, m, h or d, from 10ms to 1m, not '5ms'"},
		{POOLS("name: p, backends: [], health: {timeout: 2m}"),
			"2:47: pool 'p': health: timeout must be a whole number of ms, s, m, h or d, from 10ms to 1m, not '2m'"},
		{POOLS("name: p, backends: [], health: {timeout: none}"),
			"2:47: pool 'p': health: timeout must be a whole number of ms, s, m, h or d, from 10ms to 1m, not 'none'"},
		{POOLS("name: p, backends: [], health: {host: x}"),
			"2:44: pool 'p': health: a probe of type tcp has no use for host"},
		{POOLS("name: p, backends: [], health: {type: tls, path: /x}"),
			"2:55: pool 'p': health: a probe of type tls has no use for path"},
		{POOLS("name: p, backends: [], health: {type: tls, status: 200}"),
			"2:57: pool 'p': health: a probe of type tls has no use for status"},
		{POOLS("name: p, backends: [], health: {type: http, alpn: h2}"),
			"2:56: pool 'p': health: a probe of type http has no use for alpn"},
		{POOLS("name: p, backends: [], health: {type: tcp, certificate: /x}"),
			"2:62: pool 'p': health: a probe of type tcp has no use for certificate"},
		{POOLS("name: p, backends: [], health: {type: tls, key: /x}"),
			"2:54: pool 'p': health: a key without its certificate: name the file of that, too"},
		{POOLS("name: p, backends: [], health: {type: http, ca: /x}"),
			"2:54: pool 'p': health: a probe of type http has no use for ca"},
		{POOLS("name: p, backends: [], health: {type: none, method: HEAD}"),
			"2:58: pool 'p': health: a probe of type none has no use for method"},
		{POOLS("name: p, backends: [], health: {type: http, path: x}"),
			"2:56: pool 'p': health: path must begin with / and have only ASCII and no space, not 'x'"},
		{POOLS("name: p, backends: [], health: {type: http, path: /a b}"),
			"2:56: pool 'p': health: path must begin with / and have only ASCII and no space, not '/a b'"},
		{POOLS("name: p, backends: [], health: {type: http, method: HEAD, body: x}"),
			"2:70: pool 'p': health: an answer to HEAD has no body to look for 'x' in"},
		{POOLS("name: p, backends: [], health: {type: http, method: POST}"),
			"2:58: pool 'p': health: method must be GET or HEAD, not 'POST'"},
		{POOLS("name: p, backends: [], health: {type: http, status: 100}"),
			"2:58: pool 'p': health: status must be 200 to 599, not '100'"},
		{POOLS("name: p, backends: [], health: {type: tls, alpn: a b}"),
			"2:55: pool 'p': health: alpn must be ASCII without a space, such as h2, not 'a b'"},
		{POOLS("name: p, backends: [], health: {type: http, service: x}"),
			"2:59: pool 'p': health: a probe of type http has no use for service"},
		{POOLS("name: p, backends: [], health: {type: grpc, service: a b}"),
			"2:59: pool 'p': health: service must be ASCII without a space, such as my.package.Service, not 'a b'"},
		{POOLS("name: p, backends: [], health: {type: grpcs, alpn: h2}"),
			"2:57: pool 'p': health: a probe of type grpcs has no use for alpn"},
		{POOLS("name: p, backends: [], health: {payload: x}"),
			"2:47: pool 'p': health: a probe of type tcp has no use for payload"},
		{POOLS("name: p, backends: [], health: {type: udp, payload: 0xabc}"),
			"2:58: pool 'p': health: payload must have two hexadecimal digits a byte behind 0x, not '0xabc'"},
		{POOLS("name: p, backends: [], health: {expect: 0xzz}"),
			"2:46: pool 'p': health: expect must have two hexadecimal digits a byte behind 0x, not '0xzz'"},
		{POOLS("name: p, backends: [], health: {type: https, expect: x}"),
			"2:59: pool 'p': health: a probe of type https has no use for expect"},
		{POOLS("name: p, backends: [], health: {rise: 0}"),
			"2:44: pool 'p': health: rise must be 1 to 1000, not '0'"},
		{POOLS("name: p, backends: [], health: {rise: 1001}"),
			"2:44: pool 'p': health: rise must be 1 to 1000, not '1001'"},
		{POOLS("name: p, backends: [], health: {rise: two}"),
			"2:44: pool 'p': health: rise must be 1 to 1000, not 'two'"},
		{POOLS("name: p, backends: [], health: {fall: 0}"),
			"2:44: pool 'p': health: fall must be 1 to 1000, not '0'"},
		{POOLS("name: p, backends: [], health: {fall: -3}"),
			"2:44: pool 'p': health: fall must be 1 to 1000, not '-3'"},
		{POOLS("name: p, backends: [], health: {fall: 3.0}"),
			"2:44: pool 'p': health: fall must be 1 to 1000, not '3.0'"},
		{POOLS("name: p, backends: [], health: {flap_limit: 16}"),
			"2:50: pool 'p': health: flap_limit must be 0 to 15, not '16'"},
		{POOLS("name: p, backends: [], health: {flap_window: 10ms}"),
			"2:51: pool 'p': health: flap_window must be a whole number of ms, s, m, h or d, from 1s to 1d, not '10ms'"},
		{POOLS("name: p, backends: [], health: {flap_hold: 2h}"),
			"2:49: pool 'p': health: flap_hold must be a whole number of ms, s, m, h or d, from 1s to 1h, not '2h'"},
		{POOLS("name: p, backends: [], health: {intervall: 3s}"),
			"2:38: pool 'p': health: unknown key 'intervall': did you mean 'interval'?"},
		{POOLS("name: p, backends: [], health: {command: /}"),
			"2:38: pool 'p': health: unknown key 'command': the keys here are type, port, via, interval, timeout, rise, fall, flap_limit, flap_window, flap_hold, host, alpn, ca, certificate, key, method, path, status, body, service, payload, expect"},
		{POOLS("name: p, backends: [], health: {rise: 2, rise: 3}"),
			"2:47: pool 'p': health: key 'rise' is given twice (first at line 2)"},
		{POOLS("name: p, backends: [], health: {timeout: 3s}"),
			"2:47: pool 'p': health: timeout 3s is longer than interval 2s: probes would overlap"},
		{POOLS("name: p, backends: [], health: {interval: 500ms}"),
			"2:37: pool 'p': health: timeout 1s is longer than interval 500ms: probes would overlap"},
	};

	bad_check(cases, COUNT(cases));
}

static void a_backend_needs_its_keys(void **state)
{
	static const struct bad_config cases[] = {
		{BACKEND("address: 10.0.0.1"),
			"4:9: pool 'p': backend 1: name is missing: its name, which no other backend of the pool has"},
		{BACKEND("name: a"),
			"4:9: pool 'p': backend 'a': address is missing: its own address, IPv4 or IPv6, which no other backend of the pool has"},
		{BACKEND("name: a, address: host"),
			"4:28: pool 'p': backend 'a': address must be " ADDRESS_RULE
			", not 'host'"},
		{BACKEND("name: a, address: 'fe80::5'"),
			"4:28: pool 'p': backend 'a': address must be " ADDRESS_RULE
			", not 'fe80::5'"},
		{BACKEND("name: a, address: 'febf::5'"),
			"4:28: pool 'p': backend 'a': address must be " ADDRESS_RULE
			", not 'febf::5'"},
		{BACKEND("name: a, address: 169.254.0.5"),
			"4:28: pool 'p': backend 'a': address must be " ADDRESS_RULE
			", not '169.254.0.5'"},
		{BACKEND("name: a, address: 240.0.0.5"),
			"4:28: pool 'p': backend 'a': address must be " ADDRESS_RULE
			", not '240.0.0.5'"},
		{BACKEND("name: a, address: 'ff02::5'"),
			"4:28: pool 'p': backend 'a': address must be " ADDRESS_RULE
			", not 'ff02::5'"},
		{BACKEND("name: a, address: 255.255.255.255"),
			"4:28: pool 'p': backend 'a': address must be " ADDRESS_RULE
			", not '255.255.255.255'"},
		{BACKEND("name: a, address: 10.0.0.1, zone: ''"),
			"4:44: pool 'p': backend 'a': zone must be " NAME_RULE ", not ''"},
		{BACKEND("name: a, address: 10.0.0.1, zone: zone 1"),
			"4:44: pool 'p': backend 'a': zone must be " NAME_RULE ", not 'zone 1'"},
		{BACKEND("name: a, address: 10.0.0.1, zone: ~"),
			"4:44: pool 'p': backend 'a': zone is empty: it must be " NAME_RULE},
		{BACKEND("name: a, address: 10.0.0.1, weight: 65536"),
			"4:46: pool 'p': backend 'a': weight must be 0 to 65535, not '65536'"},
		{BACKEND("name: a, address: 10.0.0.1, weight: -1"),
			"4:46: pool 'p': backend 'a': weight must be 0 to 65535, not '-1'"},
		{BACKEND("name: a, address: 10.0.0.1, weight: 50%"),
			"4:46: pool 'p': backend 'a': weight must be 0 to 65535, not '50%'"},
		{BACKEND("name: a, address: 10.0.0.1, weight: 1e2"),
			"4:46: pool 'p': backend 'a': weight must be 0 to 65535, not '1e2'"},
		{BACKEND("name: a, address: 10.0.0.1, state: up"),
			"4:45: pool 'p': backend 'a': state must be active, draining or disabled, not 'up'"},
		{BACKEND("name: a, address: 10.0.0.1, state: drained"),
			"4:45: pool 'p': backend 'a': state must be active, draining or disabled, not 'drained'"},
		{BACKEND("name: a, address: 10.0.0.1, port: 80"),
			"4:38: pool 'p': backend 'a': unknown key 'port': the keys here are name, address, zone, weight, state"},
		{BACKEND("name: a, address: 10.0.0.1, adress: 10.0.0.1"),
			"4:38: pool 'p': backend 'a': unknown key 'adress': did you mean 'address'?"},
		{BACKEND("name: a, address: 10.0.0.1, pool: q"),
			"4:38: pool 'p': backend 'a': unknown key 'pool': the keys here are name, address, zone, weight, state"},
		{BACKEND("name: a/b, address: 10.0.0.1"),
			"4:16: pool 'p': backend 'a/b': name must be " NAME_RULE ", not 'a/b'"},
		{BACKEND("name: a, address: 10.0.0.1, name: b"),
			"4:38: pool 'p': backend 'a': key 'name' is given twice (first at line 4)"},
	};

	bad_check(cases, COUNT(cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pool_needs_its_keys),
		cmocka_unit_test(the_health_of_a_pool_is_checked),
		cmocka_unit_test(a_backend_needs_its_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
