#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# VIPs announced by ARP and NDP: the router learns where they are, and at once when another balancer
# takes them over.
. "$(dirname "$0")/lib.sh"

# write_pool MODE
write_pool() {
	sed "/^pools:/,\$d; s|    pool: web|&\n    announce: \&announce {mode: $1}|" $lab_pool
	printf '  - {name: web6, vip: "%s", protocol: tcp, port: 443, pool: web, announce: *announce}\n\n' $VIP6
	sed -n '/^pools:/,$p' $lab_pool
}

# A second balancer beside the first, with another address on the same network.
start_second() {
	lab_namespace lb2
	mkdir -p /run/fulcrum2 $LAB/state2
	sed "s|/run/fulcrum/|/run/fulcrum2/|; s|^state:.*|state: $LAB/state2|; s|prefix: fulcrum|prefix: second|
		s|ftap0|ftap1|" $LAB/fulcrumd.yaml >$LAB/second.yaml
	lab_start second lb2 "$fulcrumd" -c $LAB/second.yaml
	lab_wait_for 'grep -q "fulcrumd: ready" $LAB/second.log' 60 "the second balancer is ready"
	ip -n lb2 link set ftap1 down
	ip -n lb2 link set ftap1 address 02:00:00:00:0f:02
	ip -n lb2 link set ftap1 netns router
	ip -n router link set ftap1 master br-lb up
	ip -n lb2 link set fulcrum0 up
	ip -n lb2 addr add 10.0.0.3/24 dev fulcrum0
	ip -n lb2 addr add fd00:10::3/64 dev fulcrum0 nodad
	ip -n lb2 route add default via 10.0.0.1
	ip -n lb2 -6 route add default via fd00:10::1
}
second() {
	FULCRUM_CHANNEL=/run/fulcrum2/channel ctl "$@"
}
# router_has MAC: for both VIPs.
router_has() {
	ip -n router neigh show $VIP dev br-lb | grep -q "$1" && ip -n router neigh show $VIP6 dev br-lb | grep -q "$1"
}
router_confirms() {
	ip -n router neigh show "$1" dev br-lb | grep -q REACHABLE
}
usable() {
	second show services -o json | python3 -c 'import json, sys
sys.exit(any(row["backends_usable"] < 2 for row in json.load(sys.stdin)))'
}
# An ARP request and an unsolicited advertisement of both VIPs.
announcements() {
	echo $(($(lab_count "Request who-has $VIP .*tell $VIP" $LAB/arp.log) +
		$(lab_count "neighbor advertisement, tgt is $VIP6" $LAB/arp.log)))
}

lab_begin
lab_web_backends 2
ip -n router route replace $VIP/32 dev br-lb # both are on the link: their owner is asked for
ip -n router -6 route replace $VIP6/128 dev br-lb
lab_config
echo 'shutdown_grace: 60s' >>$LAB/fulcrumd.yaml
lab_fulcrumd
start_second
mac=$(lab_port_mac)
second_mac=$(in_ns lb2 cat /sys/class/net/fulcrum0/address)

lab_check "the standby takes the pool, and announces nothing" second apply -f <(write_pool none)
lab_check "the first balancer takes it, and announces" ctl apply -f <(write_pool arp)
lab_wait_for "lab_get && lab_get [$VIP6]" 20 "the client is answered, by IPv4 and IPv6"
lab_check "the router has the VIPs at the first balancer" router_has "$mac"
lab_check "show vips tells of the interface" grep -q "arp .*announced .*fulcrum0" <(ctl show vips)

lab_nginx lb
lab_check "a server of the balancer's own is reached at its own address" \
	in_ns client curl -sf -o $LAB/got http://$BALANCER/
lab_check "and not at a VIP, though the kernel has that" \
	sh -c "! ip netns exec client curl -s --max-time 1 http://$VIP/"
lab_check "not even by a reset: the packet is not the kernel's" test "$(lab_dropped no_service)" -gt 0
lab_check "Fulcrum answers its ping" in_ns client ping -q -c 1 -W 2 $VIP
lab_check "the balancer connects from its own address" \
	grep -q "src $BALANCER " <(ip -n lb route get 10.0.0.1)
for vip in $VIP $VIP6; do
	ip -n router neigh replace $vip dev br-lb lladdr "$mac" nud probe
	lab_wait_for "router_confirms $vip" 10 "the router's unicast question for $vip is answered"
done

ip -n lb addr del $VIP/32 dev fulcrum0
lab_wait_for 'ip -n lb -o addr show dev fulcrum0 | grep -q "$VIP/32"' 10 "an address that somebody deleted is put back"

lab_wait_for usable 20 "the standby has usable backends"
lab_capture arp router br-lb "arp or icmp6"
lab_requests 200 >$LAB/answers &
requests=$!
lab_wait_for 'lab_count . $LAB/answers | grep -q "[1-9]"' 20 "requests are on their way"
begun=$(now_ms)
second apply -f <(write_pool arp) >$LAB/apply.log
lab_wait_for "router_has $second_mac" 10 "the router has the VIPs at the second balancer"
lab_say "the router's table points to the second balancer $(($(now_ms) - begun)) ms after the command"
kill -TERM ${lab_pids[fulcrumd]} # it withdraws, and goes on forwarding
lab_wait_for '! ip -n lb -o addr show dev fulcrum0 | grep -q "$VIP/32"' 10 "SIGTERM takes the address away"
wait $requests
lab_check "no request failed meanwhile" test "$(lab_count '^b[12]$' $LAB/answers)" -eq 200
lab_wait_for '[ $(announcements) -ge 6 ]' 10 "three announcements of each VIP, a second apart"
lab_check "the new one answers" lab_get
lab_check "by IPv6, too" lab_get "[$VIP6]"
kill -TERM ${lab_pids[second]} # the first of two, as for the other one
lab_wait_for '! ip -n lb2 -o addr show dev fulcrum0 | grep -q "$VIP/32"' 10 "the end"
lab_end
