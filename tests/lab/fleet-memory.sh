#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Three balancers behind a router that spreads connections over them (ECMP), and one of them is
# killed: after a hiccup of a backend's probes, after a change and such a hiccup, and after a change
# by a slow start. The two others lead each of 200 talking connections to its backend, whatever
# tables were in force for a moment since it began.
. "$(dirname "$0")/lib.sh"
. "$lab_root/tests/lab/streams.sh"

CONNECTIONS=${CONNECTIONS:-200}
lab_stream_health="interval: 500ms, timeout: 500ms, rise: 1, fall: 2"

lab_begin
# By addresses and ports: a flow that only moves with its socket's hash tells nothing.
in_ns router sysctl -qw net.ipv4.fib_multipath_hash_policy=3 net.ipv4.fib_multipath_hash_fields=0x37 2>/dev/null || {
	echo "skipped: this kernel spreads no flows by chosen fields"
	exit 77
}
in_ns client sysctl -qw net.core.txrehash=0 2>/dev/null || true
lab_stream_backends 4
lab_config

# on K COMMAND...: asks balancer K.
on() {
	FULCRUM_CHANNEL=/run/fulcrum/lb$1 "${@:2}"
}

# each COMMAND...: of all three.
each() {
	local k
	for k in 1 2 3; do on $k "$@"; done
}

# route K...: the router's next hops.
route() {
	local k hops=()
	for k; do hops+=(nexthop via 10.0.0.$((k + 1))); done
	ip -n router route replace $VIP/32 "${hops[@]}"
}

wire() {
	ip -n lb$1 link set lbtap$1 down
	ip -n lb$1 link set lbtap$1 address 02:00:00:00:0f:0$1
	ip -n lb$1 link set lbtap$1 netns router
	ip -n router link set lbtap$1 master br-lb up
	# Else it hears what is for one that is gone.
	ip -n router link set lbtap$1 type bridge_slave flood off
	ip -n lb$1 link set fulcrum0 up
	ip -n lb$1 addr replace 10.0.0.$(($1 + 1))/24 dev fulcrum0
	ip -n lb$1 route replace default via 10.0.0.1
}

begin() {
	local k
	for k in 1 2 3; do
		rm -rf $LAB/state-$k
		mkdir $LAB/state-$k
		: >$LAB/fulcrumd-$k.log
		sed "s|/run/fulcrum/channel|/run/fulcrum/lb$k|; s|$LAB/state|$LAB/state-$k|; s|prefix: fulcrum|prefix: lb$k|
			s|ftap0|lbtap$k|; s|net_tap0|net_tap$k|; s|256MiB|128MiB|" $LAB/fulcrumd.yaml >$LAB/lb$k.yaml
		lab_start fulcrumd-$k lb$k "$fulcrumd" -c $LAB/lb$k.yaml
	done
	for k in 1 2 3; do
		lab_wait_for "grep -q 'fulcrumd: ready' $LAB/fulcrumd-$k.log || ! lab_alive fulcrumd-$k" 60 "balancer $k"
		lab_alive fulcrumd-$k || lab_fail "balancer $k ended before it was ready"
		wire $k
	done
	route 1 2 3
	each lab_stream_apply 3
}

finish() {
	lab_stop fulcrumd-1
	lab_stop fulcrumd-2
}

# hiccup bK: its probes fail, as its answers to balancers are lost; what it sends to clients is not.
hiccup() {
	ip -n $1 route add blackhole 10.0.0.0/24
	each lab_wait_for "lab_backend_is $1 health down" 20 "$1 is down"
	ip -n $1 route del blackhole 10.0.0.0/24
	each lab_wait_for "lab_backend_is $1 health up" 20 "$1 is up again"
}

# both KEY: what the two that live counted.
both() {
	echo $(($(on 1 lab_worker_sum $1) + $(on 2 lab_worker_sum $1)))
}

# lose NAME: the third balancer dies, the router sees it; whether NAME's connections go on.
lose() {
	local hits misses
	misses=$(both flow_misses)
	lab_stop fulcrumd-3 KILL
	route 1 2
	hits=$(both flow_hits)
	lab_wait_for "[ \$(both flow_hits) -ge $((hits + 8 * CONNECTIONS)) ]" 30 "the connections talk on"
	misses=$(($(both flow_misses) - misses))
	lab_hold_end $1
	lab_check "$1: the two took over connections that they did not know ($misses)" test $misses -gt 0
	lab_check "$1: each of $CONNECTIONS connections was kept" test "$(lab_held $1 kept)" -eq $CONNECTIONS
}

for k in 1 2 3; do lab_namespace lb$k; done

begin
lab_hold hiccup $CONNECTIONS
hiccup b1
lose hiccup
finish

begin
lab_hold change-and-hiccup $CONNECTIONS
each lab_stream_apply 4
hiccup b2
lose change-and-hiccup
finish

begin
lab_hold slow-start $CONNECTIONS
each lab_stream_apply 4 "slow_start: 5s"
has_its_share() {
	ctl show backends -o json | python3 -c 'import json, sys
sys.exit(min(b["share_ppm"] for b in json.load(sys.stdin)) < 240000)'
}
each lab_wait_for has_its_share 20 "b4 has its whole share"
lose slow-start
finish
lab_end
