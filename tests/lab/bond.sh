#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Two taps as one port, by DPDK's bonding driver: one works, the other stands by and takes over. Two
# queues of the bond are two queues of each.
. "$(dirname "$0")/lib.sh"

member() { echo "--vdev=net_tap$1,iface=ftap$1"; }

# Two cables to a switch, which are taken out there where net_tap looks for them: in the daemon's
# own namespace.
lab_wire() {
	lab_cable lb uplink router uplink
	ip -n router link set uplink master br-lb
	ip -n lb link add switch address 02:00:00:00:0f:00 type bridge forward_delay 0
	ip -n lb link set switch up
	ip -n lb link set uplink master switch
	ip -n lb link set ftap0 master switch
	ip -n lb link set ftap1 master switch
	separate_ends
}

# The wires' other ends get addresses of their own: net_tap gives them the port's or the member's,
# which the switch would then take for its own.
separate_ends() {
	ip -n lb link set ftap0 address 02:00:00:00:0f:10
	ip -n lb link set ftap1 address 02:00:00:00:0f:11
}

# serves 'words'
serves() {
	lab_requests 30 >$LAB/answers
	lab_check "$1: 30 of 30 requests are answered" test "$(lab_count '^b[123]$' $LAB/answers)" -eq 30
}

# says 'what': in the log
says() {
	lab_wait_for "grep -q 'port wan: $1' $LAB/fulcrumd.log" 10 "the log says '$1'"
}

# takes_over TO FROM: the one cable is out; the other member works from when it has the bond's
# address.
takes_over() {
	ip -n lb link set ftap$2 down
	lab_wait_for "in_ns lb grep -q $(lab_port_mac) /sys/class/net/ftap$1/address" 10 "net_tap$1 takes over"
	separate_ends
	lab_wait_for "LAB_TIMEOUT=2 lab_get" 10 "an answer by net_tap$1"
	serves "by net_tap$1"
	lab_check "the port has a link" grep -q '"link_up": true' <(ctl show ports -o json)
}

lab_begin
lab_web_backends 3
lab_config "eal: {hugepages: auto, memory: 256MiB, prefix: fulcrum, arguments: [\"$(member 0)\", \"$(member 1)\"]}" \
	'workers: {cores: [0, 1], idle: sleep}' \
	'ports: [{name: wan, device: "net_bonding0,mode=1,slave=net_tap0,slave=net_tap1", kernel_interface: fulcrum0}]'
[ "$(nproc)" -gt 1 ] || sed -i 's|cores: \[0, 1\]|cores: [0]|' $LAB/fulcrumd.yaml
lab_fulcrumd
lab_say "$(ctl show ports | tail -n 1)"
lab_check "the bond is the port" grep -q '"device": "net_bonding0,mode=1' <(ctl show ports -o json)
lab_check "every worker has a queue" grep -q "\"queues\": $(nproc | awk '{print ($1 > 1) ? 2 : 1}')" <(ctl show ports -o json)
lab_check "the pool is applied" ctl apply -f $lab_pool
lab_wait_up web-1 web-2 web-3
serves "by net_tap0"

takes_over 1 0
says "the link of its member net_tap0 is down"
ip -n lb link set ftap0 up
says "the link of its member net_tap0 is up"
takes_over 0 1
ip -n lb link set ftap0 down
says "its link is down"
lab_check "the port has no link" grep -q '"link_up": false' <(ctl show ports -o json)
lab_wait_for "ctl show backends | grep -q 'has no link'" 10 "show backends says why"
ip -n lb link set ftap1 up
says "its link is up"
separate_ends
serves "by net_tap1 again"
lab_end
