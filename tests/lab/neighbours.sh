#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Neighbours that the workers alone use: one that gets another MAC and tells nobody is found again,
# as the kernel would find it for packets of its own. A DSR backend without probes, one that is
# probed through the path, and the gateway.
. "$(dirname "$0")/lib.sh"

# moves NAMESPACE INTERFACE MAC: and says nothing, not even to ask where its own neighbours are.
moves() {
	in_ns "$1" ip -batch - <<-BATCH
		link set dev $2 address $3
		neighbour replace 10.0.0.1 dev $2 lladdr 02:00:00:00:0a:00 nud permanent
		neighbour replace $BALANCER dev $2 lladdr $(lab_port_mac) nud permanent
		neighbour replace fd00:10::1 dev $2 lladdr 02:00:00:00:0a:00 nud permanent
		neighbour replace fd00:10::2 dev $2 lladdr $(lab_port_mac) nud permanent
		route replace default via 10.0.0.1 dev $2
		route replace ::/0 via fd00:10::1 dev $2
	BATCH
}
# ages ADDRESS...: what the balancer's kernel knows of them was last confirmed a while ago, and no
# packet of its own asked since.
ages() {
	local address mac
	for address; do
		mac=$(ip -n lb neighbour show "$address" dev fulcrum0 | sed 's/.*lladdr \([^ ]*\) .*/\1/')
		ip -n lb neighbour replace "$address" dev fulcrum0 lladdr "$mac" nud stale
	done
}
lb_has() { # ADDRESS MAC
	grep -q "lladdr $2 " <(ip -n lb neighbour show "$1" dev fulcrum0)
}
served() { # PORT
	LAB_TIMEOUT=2 in_ns client curl -sf --max-time 2 --cacert $LAB/tls.crt -o /dev/null "https://$VIP:$1/" &&
		in_ns client curl -sf --max-time 2 --cacert $LAB/tls.crt -o /dev/null "https://[$VIP6]:$1/"
}

lab_begin
lab_backends 2 dsr
lab_backends 1 ipip 3
lab_nginx b1
lab_nginx b2 "listen 7443 ssl; listen [::]:7443 ssl;"
lab_nginx b3 "listen 8443 ssl; listen [::]:8443 ssl;"
lab_agent b3
lab_fulcrumd
# The kernel goes by these for all of its neighbours: 30 s, and 3 times 1 s, where nobody changes
# it.
for family in ipv4 ipv6; do
	in_ns lb sysctl -q net.$family.neigh.fulcrum0.base_reachable_time_ms=1000 net.$family.neigh.fulcrum0.retrans_time_ms=100
done
cat >$LAB/pool.yaml <<-YAML
	services:
	  - {name: near, vip: $VIP, protocol: tcp, port: 443, pool: near, forwarding: dsr}
	  - {name: near6, vip: "$VIP6", protocol: tcp, port: 443, pool: near6, forwarding: dsr}
	  - {name: path, vip: $VIP, protocol: tcp, port: 7443, pool: path, forwarding: dsr}
	  - {name: path6, vip: "$VIP6", protocol: tcp, port: 7443, pool: path6, forwarding: dsr}
	  - {name: far, vip: $VIP, protocol: tcp, port: 8443, pool: far}
	  - {name: far6, vip: "$VIP6", protocol: tcp, port: 8443, pool: far6}
	pools:
	  - {name: near, health: {type: none}, backends: [{name: near-1, address: 10.0.0.11}]}
	  - {name: near6, health: {type: none}, backends: [{name: near6-1, address: "fd00:10::11"}]}
	  - name: path
	    health: &path {type: none, port: 7443, via: forwarding, interval: 500ms, timeout: 500ms, rise: 1, fall: 2, flap_limit: 0}
	    backends: [{name: path-2, address: 10.0.0.12}]
	  - {name: path6, health: *path, backends: [{name: path6-2, address: "fd00:10::12"}]}
	  - {name: far, health: {type: none}, backends: [{name: far-3, address: 10.0.1.13}]}
	  - {name: far6, health: {type: none}, backends: [{name: far6-3, address: "fd00:11::13"}]}
YAML
lab_check "the pool is applied" ctl apply -f $LAB/pool.yaml
for port in 443 7443 8443; do
	lab_wait_for "served $port" 10 "both families are served at $port"
done

moves b1 eth0 02:00:00:00:b1:01
ages 10.0.0.11 fd00:10::11
lab_wait_for "lb_has 10.0.0.11 02:00:00:00:b1:01 && lb_has fd00:10::11 02:00:00:00:b1:01" 10 \
	"a backend without probes is found at its new MAC"
lab_wait_for "served 443" 5 "and serves again"

moves b2 eth0 02:00:00:00:b2:02
ages 10.0.0.12 fd00:10::12
lab_wait_for "lb_has 10.0.0.12 02:00:00:00:b2:02 && lb_has fd00:10::12 02:00:00:00:b2:02" 10 \
	"one that is probed through the path as well"
lab_wait_for "served 7443" 10 "it is up, and serves"

# The router: what it knows of its own link stays as it was.
in_ns router ip -batch - <<-BATCH
	link set dev br-lb address 02:00:00:00:0a:99
	neighbour replace $BALANCER dev br-lb lladdr $(lab_port_mac) nud permanent
	neighbour replace fd00:10::2 dev br-lb lladdr $(lab_port_mac) nud permanent
	route replace $VIP/32 via $BALANCER
	route replace $VIP6/128 via fd00:10::2
BATCH
ages 10.0.0.1 fd00:10::1
lab_wait_for "lb_has 10.0.0.1 02:00:00:00:0a:99 && lb_has fd00:10::1 02:00:00:00:0a:99" 10 \
	"the gateway is found at its new MAC"
lab_wait_for "served 8443" 5 "and what is behind it is served"

ip -n b1 link set eth0 down
lab_wait_for "ctl show backends | grep 'near-1 .*does not answer ARP or NDP'" 10 "one that answers no more has no next hop"
lab_end
