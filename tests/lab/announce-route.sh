#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# VIPs announced by routes: BIRD on the balancer, as config/bird.conf stands, tells a BIRD on the
# router by BGP.
. "$(dirname "$0")/lib.sh"
. "$lab_root/tests/lab/bgp.sh"

hold_ms=4000 # a busy machine must be quick enough to see it

# The quickstart's service and its twin in IPv6, which want two backends of the three.
write_pool() {
	sed "/^pools:/,\$d; s|    pool: web|&\n    announce: \&announce {mode: route, quorum: 2, hold: ${hold_ms}ms}|" \
		$lab_pool
	printf '  - {name: web6, vip: "%s", protocol: tcp, port: 443, pool: web, announce: *announce}\n\n' $VIP6
	sed -n '/^pools:/,$p' $lab_pool
}

# timed COMMAND...: runs it; the time since then is what took_ms says.
timed() {
	begun=$(now_ms)
	"$@"
}
took_ms() {
	echo $(($(now_ms) - begun))
}
vip_is() {
	[ "$(ctl show vips -o json | python3 -c 'import json, sys
print(*{row["state"] for row in json.load(sys.stdin)})')" = "$1" ]
}

lab_begin
lab_web_backends 3
router_beyond_a_switch
lab_config
echo 'shutdown_grace: 60s' >>$LAB/fulcrumd.yaml
lab_fulcrumd
write_pool >$LAB/pools.yaml
write_router
lab_check "bird.conf is right" bird -p -c "$lab_root/config/bird.conf"
start_bird bird-lb lb "$lab_root/config/bird.conf"
start_bird bird-router router $LAB/bird-router.conf
lab_check "the pool is applied" ctl apply -f $LAB/pools.yaml
lab_wait_for router_has 60 "the router has a route to both VIPs"
lab_wait_up web-1 web-2 web-3
lab_wait_for "lab_get && lab_get [$VIP6]" 10 "the client is answered, by IPv4 and IPv6"

lab_check "and without a metric no community" tells ""
sed "s/mode: route, /&metric: 200, /" $LAB/pools.yaml >$LAB/metric.yaml
lab_check "a metric is applied" ctl apply -f $LAB/metric.yaml
lab_wait_for "tells 200" 20 "the router has it as MED and as a community"
lab_check "there is one route each" test "$(ip -n lb route show proto 70 | wc -l)$(ip -n lb -6 route show proto 70 | wc -l)" = 11
lab_check "and taken out again" ctl apply -f $LAB/pools.yaml
lab_wait_for 'tells ""' 20 "the router has neither"

ctl backend disable web-1
lab_check "two of three backends are a quorum" vip_is announced
timed ctl backend disable web-2
lab_wait_for router_has_none 10 "the router has no route"
lost_ms=$(took_ms)
lab_say "quorum lost: the router has no route $lost_ms ms after the command"
# Promised is a second; the rest is for the commands that ask, on a busy machine.
lab_check "which is within a second" test "$lost_ms" -lt 5000
lab_check "show vips says so" vip_is suppressed
lab_check "and why" grep -q "service 'web': quorum 2, 1 usable" <(ctl show vips)
lab_check "and the log, once a VIP" test "$(lab_count 'is withdrawn: service' $LAB/fulcrumd.log)" -eq 2

timed ctl backend enable web-2
lab_wait_for 'vip_is holding' 10 "the quorum is back, and must hold"
lab_check "nothing is announced meanwhile" router_has_none
lab_wait_for router_has 20 "the router has its routes again"
back_ms=$(took_ms)
lab_say "quorum back: announced again $back_ms ms after the command, held for $hold_ms ms"
lab_check "not before it has held" test "$back_ms" -ge $hold_ms
lab_get >$LAB/answer
ctl backend enable web-1

lab_stop nginx-b2
timed lab_stop nginx-b3
lab_wait_for router_has_none 10 "two servers stopped: the router has no route"
lab_say "two of three servers stopped: no route after $(took_ms) ms, of which probes take most"
lab_nginx b2
lab_nginx b3
lab_wait_for router_has 20 "they are back, and so is the route"

ip -n lb route del $VIP proto 70
lab_wait_for 'ip -n lb route show $VIP proto 70 | grep -q fulcrum0' 10 "a route that somebody deleted is put back"
lab_check "the log tells of it" grep -q "VIP $VIP was taken away by somebody" $LAB/fulcrumd.log

timed kill -TERM ${lab_pids[fulcrumd]}
lab_wait_for router_has_none 10 "SIGTERM withdraws"
lab_say "SIGTERM: the router has no route after $(took_ms) ms"
lab_check "show vips says why" grep -q "about to stop" <(ctl show vips)
ip -n router route add $VIP/32 via $BALANCER # as a router that has not heard of it yet
lab_check "and forwarding goes on" lab_get
ip -n router route del $VIP/32 via $BALANCER
timed lab_stop fulcrumd
lab_check "a second SIGTERM ends it at once, long before its grace is over" test "$lab_status" -eq 0 -a "$(took_ms)" -lt 30000

timed lab_fulcrumd
lab_wait_for router_has 60 "started again, it announces again"
lab_say "announced $(took_ms) ms after the start, the session and ARP included"
lab_get >$LAB/answer
timed lab_stop fulcrumd KILL
lab_wait_for router_has_none 20 "after SIGKILL the router has no route"
lab_say "SIGKILL: the router has no route after $(took_ms) ms, by BFD"
lab_fulcrumd
lab_wait_for router_has 60 "and after the next start it has"
lab_get >$LAB/answer
kill -TERM ${lab_pids[fulcrumd]} # the first of two: the next one is lab_end's
lab_wait_for router_has_none 10 "the end"
lab_end
