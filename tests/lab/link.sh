#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A cable that comes and goes: two daemons' ports, joined by shared memory (memif), which is up
# while both are there. The kernel's side has a carrier while the port has its link, and what needs
# the port knows.
. "$(dirname "$0")/lib.sh"

wire="net_memif0,socket=$LAB/memif.sock,socket-abstract=no"

has_carrier() {
	ip -n lb link show fulcrum0 | grep -q 'LOWER_UP'
}

start() {
	lab_daemon
	ip -n lb link set fulcrum0 up
	ip -n lb addr add 10.0.0.2/24 dev fulcrum0
}

# The daemon at the other end.
plug() {
	: >$LAB/peer.log
	lab_start peer peer "$fulcrumd" -c $LAB/peer.yaml
	lab_wait_for 'grep -q "fulcrumd: ready" $LAB/peer.log' 60 "the other end is ready"
	ip -n peer link set fulcrum0 up
	ip -n peer addr add 10.0.0.3/24 dev fulcrum0
}

lab_begin
lab_namespace peer
lab_config 'eal: {hugepages: "off", memory: 128MiB, prefix: fulcrum}' \
	"ports: [{name: wan, device: \"$wire,role=server\", kernel_interface: fulcrum0}]"
mkdir -p $LAB/peer-state
sed "s|role=server|role=client|; s|/run/fulcrum/|/run/fulcrum/peer-|; s|$LAB/state|$LAB/peer-state|; s|prefix: fulcrum}|prefix: peer}|" \
	$LAB/fulcrumd.yaml >$LAB/peer.yaml

start
lab_wait_for "grep -q 'port wan: its link is down' $LAB/fulcrumd.log" 10 "without the other end there is no link"
lab_wait_for "! has_carrier" 5 "nor a carrier for the kernel"
ctl apply -f - <<-YAML
	services: [{name: web, vip: $VIP, protocol: tcp, port: 443, pool: web}]
	pools: [{name: web, health: {type: none}, backends: [{name: web-1, address: 10.0.0.3}]}]
YAML
lab_check "show backends says why the backend is not reached" grep -q 'has no link' <(ctl show backends)
plug
lab_wait_for has_carrier 10 "the link is there, and the kernel knows"
lab_check "so do the events, each once" test "$(ctl events wan --kind link -o json | grep -c '"after": "up"')" -eq 1
lab_check "the log has it" grep -q 'port wan: its link is up' $LAB/fulcrumd.log
lab_check "the kernels at both ends reach each other" in_ns lb ping -q -c 3 -i 0.05 -W 5 10.0.0.3
lab_wait_for "! ctl show backends | grep -q 'has no link'" 10 "the backend has its next hop"

lab_stop peer
lab_wait_for "! has_carrier" 10 "the other end goes, and the carrier with it"
lab_check "the route stays, and leads nowhere" grep -q linkdown <(ip -n lb route show 10.0.0.0/24)
plug
lab_wait_for has_carrier 10 "it comes back"
lab_wait_for "in_ns lb ping -q -c 1 -W 1 10.0.0.3" 10 "and the kernels reach each other again"
lab_end
