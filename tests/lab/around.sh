#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What changes around the balancer while it runs: names of interfaces, policy routing, addresses of
# its own, and what the kernel refuses. Traffic goes on, and what happened is told.
. "$(dirname "$0")/lib.sh"

logged() { # PATTERN
	grep -q -- "$1" $LAB/fulcrumd.log
}
vip_is() { # STATE [REASON]
	grep -q "^$VIP6 .* $1 .*${2:-}" <(ctl show vips --wide 2>/dev/null || ctl show vips)
}
sample() { # NAME{...
	in_ns lb curl -sf --max-time 20 http://127.0.0.1:9110/metrics | grep -F "$1" | grep -F "$VIP6" | sed 's/.* //'
}
doctor_says() { # PATTERN
	grep -q -- "$1" <(in_ns lb "$fulcrumctl" doctor -c $LAB/fulcrumd.yaml)
}
announced() {
	sed '/^pools:/,$d' $lab_pool
	printf '  - {name: web6, vip: "%s", protocol: tcp, port: 443, pool: web, announce: {mode: arp}}\n\n' $VIP6
	sed -n '/^pools:/,$p' $lab_pool
}

lab_quickstart

# The kernel-side interface gets another name, and its own back.
ip -n lb link set dev fulcrum0 down
ip -n lb link set dev fulcrum0 name lbwan
ip -n lb link set dev lbwan up
ip -n lb route replace default via 10.0.0.1
lab_wait_for "logged 'its kernel-side interface fulcrum0 is called lbwan now'" 5 "a rename is told"
lab_wait_for "grep -q ' lbwan ' <(ctl show ports)" 5 "show ports has the name"
lab_wait_up web-1 web-2 web-3
lab_requests 40 >$LAB/answers
lab_check "40 of 40 are served under the new name" test "$(lab_count '^b[123]$' $LAB/answers)" -eq 40
lab_check "doctor tells of it" doctor_says "fulcrum0 is called lbwan"
ip -n lb link set dev lbwan down
ip -n lb link set dev lbwan name fulcrum0
ip -n lb link set dev fulcrum0 up
ip -n lb addr replace fd00:10::2/64 dev fulcrum0 nodad
ip -n lb route replace default via 10.0.0.1
ip -n lb -6 route replace default via fd00:10::1
lab_wait_for "logged 'is called fulcrum0 again'" 5 "and back"
lab_wait_up web-1 web-2 web-3

# The wire gets another name: what holds it is a descriptor.
ip -n router link set dev ftap0 down
ip -n router link set dev ftap0 name cable7
ip -n router link set dev cable7 up
lab_wait_up web-1 web-2 web-3
lab_requests 40 >$LAB/answers
lab_check "40 of 40 are served over the renamed wire" test "$(lab_count '^b[123]$' $LAB/answers)" -eq 40

# Policy routing: the main table's way is a dead end, the rule's is right, and the workers' packets
# take it, too.
ip -n lb route add default via 10.0.0.1 table 100
ip -n lb rule add from $BALANCER table 100
ip -n lb route replace 10.0.1.0/24 via 10.0.0.77
lab_check "traffic takes the way that its source's rule has" lab_get
ip -n lb route del 10.0.1.0/24
ip -n lb rule del from $BALANCER table 100

# Addresses of the machine's own.
for where in "$BALANCER fulcrum0" "192.0.2.9 lo"; do
	set -- $where
	[ "$2" = fulcrum0 ] || ip -n lb addr add $1/32 dev $2
	lab_check "a VIP that is an address on $2 is refused" sh -c \
		"! '$fulcrumctl' apply -f - 2>$LAB/refused.log" < <(sed "s/$VIP/$1/" $lab_pool)
	lab_check "by its name" grep -q "VIP $1 is this balancer's own address on $2" $LAB/refused.log
done
ip -n lb addr add $VIP/32 dev lo
lab_wait_for "logged 'VIP $VIP was given to lo'" 5 "a VIP that becomes an address later is told"
lab_check "show vips says so" grep -q "own address on lo" <(ctl show vips)
ip -n lb addr del $VIP/32 dev lo
lab_wait_for "logged 'VIP $VIP is no address of this machine'" 5 "and that it is gone"

# What the kernel refuses is not announced.
in_ns lb sysctl -q net.ipv6.conf.fulcrum0.disable_ipv6=1
ctl apply -f <(announced)
lab_wait_for "vip_is failed 'IPv6 is disabled'" 10 "with IPv6 disabled the VIP is not announced"
lab_wait_for "logged 'VIP $VIP6 is not announced: .*IPv6 is disabled'" 5 "the log says so"
lab_check "and not that it was" sh -c "! grep -q 'VIP $VIP6 is announced' $LAB/fulcrumd.log"
lab_check "the metrics, too" test "$(sample fulcrum_vip_announced)$(sample fulcrum_vip_failed)" = 01
in_ns lb sysctl -q net.ipv6.conf.fulcrum0.disable_ipv6=0
lab_wait_for "vip_is announced" 10 "it is announced once the kernel takes it"
lab_check "the kernel has it" grep -q $VIP6 <(ip -n lb -6 addr show dev fulcrum0)
lab_wait_for "logged 'VIP $VIP6 is announced by'" 5 "and the log has it"
in_ns lb sysctl -q net.ipv6.conf.fulcrum0.disable_ipv6=1
lab_wait_for "vip_is failed" 10 "taken away later it has failed"
in_ns lb sysctl -q net.ipv6.conf.fulcrum0.disable_ipv6=0
lab_wait_for "vip_is announced" 10 "and is back"
ctl apply -f $lab_pool
lab_wait_for "! ip -n lb -6 addr show dev fulcrum0 | grep -q $VIP6" 5 "withdrawn"
ip -n lb addr add $VIP6/128 dev fulcrum0 nodad preferred_lft 0
ctl apply -f <(announced)
lab_wait_for "vip_is failed 'somebody else'" 10 "what somebody else put there is not ours to announce"
ip -n lb addr del $VIP6/128 dev fulcrum0
lab_wait_for "vip_is announced" 10 "until it is gone"

ip -n lb link del fulcrum0
lab_wait_for "logged 'its kernel-side interface fulcrum0 is gone'" 5 "a kernel side that is deleted is told by name"
lab_wait_for "logged 'its kernel-side interface fulcrum0 is there'" 5 "it is made again"
! doctor_says "fulcrum0 is gone" || lab_fail "doctor says that it is gone"
lab_end
