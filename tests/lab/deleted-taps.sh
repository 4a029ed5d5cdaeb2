#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Somebody deletes the tap interfaces of a virtual port. The kernel side is told by name and made
# again, with its addresses and routes, so that backends are up again without a restart. The wire is
# down for everybody who asks, and back when it is connected again. One that is set down has no
# link either.
. "$(dirname "$0")/lib.sh"

link_is() { # up|down, by 'show ports', by the metric
	local metric=0
	[ "$1" = down ] || metric=1
	ctl show ports -o json | python3 -c 'import json, sys
sys.exit(json.load(sys.stdin)[0]["link_up"] != (sys.argv[1] == "up"))' "$1" &&
		in_ns lb curl -sf --max-time 10 http://127.0.0.1:9110/metrics | grep -qx "fulcrum_port_up{port=\"wan\"} $metric"
}

serves() { # WHAT
	lab_wait_for '! lab_requests 8 | grep -q failed' 20 "$1: requests are answered"
	lab_requests 30 >$LAB/answers
	lab_check "$1: 30 of 30 requests are answered" test "$(lab_count '^b[123]$' $LAB/answers)" -eq 30
}

settings() {
	ip -n lb -4 -o addr show dev fulcrum0 scope global | sed 's/^[0-9]*: //; s/ valid_lft.*//'
	ip -n lb -6 -o addr show dev fulcrum0 scope global | sed 's/^[0-9]*: //; s/ valid_lft.*//'
	ip -n lb -4 route show dev fulcrum0 | sed 's/ *$//' | sort
	ip -n lb -6 route show dev fulcrum0 | grep -v ^fe80 | sed 's/ pref medium//' | sort
	ip -n lb link show fulcrum0 | grep -o 'mtu [0-9]*'
	in_ns lb cat /sys/class/net/fulcrum0/address
}

lab_quickstart
ip -n lb route add 192.0.2.0/24 via 10.0.0.1
ip -n lb route add 192.0.2.128/25 dev fulcrum0 metric 7 mtu 1400
lab_wait_for "link_is up" 10 "the link is up"
serves before

for round in 1 2; do
	# What it has is remembered at once: netlink's news are looked at before a later request.
	ip -n lb route replace 198.18.$round.0/24 via 10.0.0.1
	for turn in 1 2 3; do
		ctl show workers >/dev/null
	done
	settings >$LAB/before
	ip -n lb link del fulcrum0
	lab_wait_for "[ \$(grep -c 'somebody deleted its kernel-side interface fulcrum0, which is made again' $LAB/fulcrumd.log) -eq $round ]" 5 "the log names it, time $round"
	lab_wait_for "settings >$LAB/after 2>&1; cmp $LAB/before $LAB/after" 10 "it has what it had"
	lab_wait_for "in_ns router ping -q -c 1 -W 1 $BALANCER" 20 "the router pings the balancer"
	serves "after deletion $round of the kernel side"
	lab_wait_up web-1 web-2 web-3
done

lab_say "the wire"
ip -n router link del ftap0
lab_wait_for "link_is down" 5 "show ports and the metric say that the link is down"
lab_wait_for "grep -q 'somebody deleted its wire ftap0' $LAB/fulcrumd.log" 5 "the log names it"
lab_wait_for "grep -q 'port wan: its link is down' $LAB/fulcrumd.log" 5 "so does the link's line"
lab_wait_for "ctl show backends | grep -q 'has no link'" 5 "show backends says why nobody is reached"
lab_check "it is made again, and down" sh -c "ip -n lb link show ftap0 | grep -q 'state DOWN'"
lab_wire
lab_wait_for "link_is up" 10 "it is connected, and the link is up"
serves "after that of the wire"
ip -n router link set ftap0 down
lab_wait_for "link_is down" 5 "a wire that is set down: show ports and the metric say so"
in_ns lb "$fulcrumctl" doctor -c $LAB/fulcrumd.yaml >$LAB/doctor || true # it finds more
lab_check "doctor too" grep -q 'link .*wan: down' $LAB/doctor
lab_wait_for "ctl show backends | grep -q 'has no link'" 5 "show backends says why nobody is reached"
ip -n router link set ftap0 up
lab_wait_for "link_is up" 5 "and up"
serves "after that"
lab_accounts_hold || lab_fail "the accounts do not hold"
lab_stop fulcrumd
lab_check "the daemon ended well" test $lab_status -eq 0
lab_end
