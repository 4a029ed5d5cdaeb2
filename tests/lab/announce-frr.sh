#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# VIPs announced by routes through FRR: zebra and bgpd on the balancer, as config/frr.conf stands,
# tell a BIRD on the router by BGP, with BFD beside it.
. "$(dirname "$0")/lib.sh"
. "$lab_root/tests/lab/bgp.sh"

frr=/usr/lib/frr
[ -x $frr/bgpd ] || {
	echo "frr is not installed"
	exit 77
}

# start_frr DAEMON [OPTION...]: in lb, with all of its sockets in the story's folder.
start_frr() {
	local daemon=$1
	shift
	lab_start $daemon lb $frr/$daemon -z $LAB/frr/zserv -i $LAB/frr/$daemon.pid \
		--vty_socket $LAB/frr -f /dev/null --log stdout "$@"
	lab_wait_for "[ -S $LAB/frr/$daemon.vty ]" 20 "$daemon"
}

has_session() {
	[ "$(in_ns lb vtysh --vty_socket $LAB/frr -c 'show bgp summary json' | grep -c '"state":"Established"')" -eq 2 ]
}

lab_begin
lab_web_backends 3
router_beyond_a_switch
lab_fulcrumd
# They give root away, to a user of their own.
chmod o+x $LAB
install -d -o frr -g frr $LAB/frr
start_frr zebra
start_frr bfdd --bfdctl $LAB/frr/bfdd.sock
start_frr bgpd -n -p 179
lab_check "frr.conf is right" vtysh -C -f "$lab_root/config/frr.conf"
lab_check "FRR takes it" in_ns lb vtysh --vty_socket $LAB/frr -f "$lab_root/config/frr.conf"
write_router
start_bird bird-router router $LAB/bird-router.conf
lab_wait_for has_session 60 "FRR and the router talk, by IPv4 and IPv6"
lab_check "nothing is announced yet, the balancer's default route included" test \
	-z "$(ip -n router route show proto bird)$(ip -n router -6 route show proto bird)"

sed "/^pools:/,\$d; s|    pool: web|&\n    announce: \&announce {mode: route, quorum: 2, hold: 1s}|" $lab_pool >$LAB/pools.yaml
printf '  - {name: web6, vip: "%s", protocol: tcp, port: 443, pool: web, announce: *announce}\n\n' $VIP6 >>$LAB/pools.yaml
sed -n '/^pools:/,$p' $lab_pool >>$LAB/pools.yaml
lab_check "the pool is applied" ctl apply -f $LAB/pools.yaml
lab_wait_for router_has 30 "the router has a route to both VIPs"
lab_check "and to nothing else" test \
	"$(ip -n router route show proto bird | wc -l)" -eq 1 -a "$(ip -n router -6 route show proto bird | wc -l)" -eq 1
lab_wait_up web-1 web-2 web-3
lab_wait_for "lab_get && lab_get [$VIP6]" 10 "the client is answered, by IPv4 and IPv6"

lab_check "without a metric there is no community" tells ""
sed "s/mode: route, /&metric: 200, /" $LAB/pools.yaml >$LAB/metric.yaml
lab_check "a metric is applied" ctl apply -f $LAB/metric.yaml
lab_wait_for "tells 200" 20 "the router has it as MED and as a community"
lab_check "and taken out again" ctl apply -f $LAB/pools.yaml
lab_wait_for 'tells ""' 20 "the router has neither"

begun=$(now_ms)
ctl backend disable web-1 web-2
lab_wait_for router_has_none 20 "the quorum fails: the router has no route"
lab_say "quorum lost: the router has no route $(($(now_ms) - begun)) ms after the command"
ctl backend enable web-1 web-2
lab_wait_for router_has 20 "the quorum is back, and so is the route"
lab_get >$LAB/answer

begun=$(now_ms)
lab_stop fulcrumd KILL
lab_wait_for router_has_none 20 "after SIGKILL the router has no route"
lab_say "SIGKILL: the router has no route after $(($(now_ms) - begun)) ms"
lab_fulcrumd
lab_wait_for router_has 60 "and after the next start it has"
lab_get >$LAB/answer
lab_end
