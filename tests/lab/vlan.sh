#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 802.1Q on the wire: a port of one VLAN, where the kernel sees none, and a port whose packets keep
# their tag.
. "$(dirname "$0")/lib.sh"
command -v clang >/dev/null || {
	echo "skipped: needs clang"
	exit 77
}

lab_begin
lab_web_backends 2
clang -O2 -g -target bpf -mcpu=v3 -idirafter "/usr/include/$(uname -m)-linux-gnu" \
	-c "$lab_root/tests/lab/vlan_tag.bpf.c" -o $LAB/tag.o

# start VLAN: the daemon with such a port
start() {
	lab_config "ports: [{name: wan, device: 'net_tap0,iface=ftap0', kernel_interface: fulcrum0, mtu: 1500, $1}]"
	lab_fulcrumd
	in_ns router tc qdisc add dev ftap0 clsact
	in_ns router tc filter add dev ftap0 ingress bpf da obj $LAB/tag.o sec tc/pop
}

# Frames to the balancer get their tags by that section; without one they get none.
switch_port() {
	in_ns router tc filter del dev ftap0 egress
	[ $# -eq 0 ] || in_ns router tc filter add dev ftap0 egress bpf da obj $LAB/tag.o sec "tc/$1"
}

# serves 'words': 30 requests, with what goes over the wire meanwhile in $LAB/wire.log
serves() {
	[ -z "${lab_pids[wire]:-}" ] || lab_stop wire
	lab_capture wire router ftap0 "-e"
	lab_requests 30 >$LAB/answers
	lab_check "$1: 30 of 30 requests are answered" test "$(lab_count '^b[12]$' $LAB/answers)" -eq 30
	lab_wait_for "[ \$(lab_count '$tunnels' $LAB/wire.log) -gt 100 ]" 5 "their packets on the wire"
}
tunnels="$BALANCER > 10.0.1.1[12]: "
tagged="vlan 100,.*$tunnels"

start "vlan: set, vlan_id: 100"
switch_port push
lab_check "the balancer is pinged" in_ns client ping -q -c 3 -i 0.02 -W 2 $BALANCER
lab_check "a full frame passes" in_ns client ping -q -c 1 -s 1472 -M do -W 2 $BALANCER
ctl apply -f $lab_pool
lab_wait_up web-1 web-2
serves "in VLAN 100"
lab_check "tagged, every packet" test "$(lab_count "$tagged" $LAB/wire.log)" -eq "$(lab_count "$tunnels" $LAB/wire.log)"
lab_check "the VIP is pinged" in_ns client ping -q -c 3 -i 0.02 -W 2 $VIP
switch_port
lab_check "without a tag nothing comes in" sh -c "! ip netns exec client ping -q -c 2 -i 0.1 -W 1 $VIP"
lab_check "which is counted" test "$(lab_dropped vlan_foreign)" -ge 2
lab_stop fulcrumd

start "vlan: keep"
lab_wait_up web-1 web-2
serves "untagged"
lab_check "no packet has a tag" test "$(lab_count "$tagged" $LAB/wire.log)" -eq 0
switch_port push_vip
serves "with a tag"
lab_check "every packet has it yet, with its priority" \
	test "$(lab_count "vlan 100, p 3,.*$tunnels" $LAB/wire.log)" -eq "$(lab_count "$tunnels" $LAB/wire.log)"
lab_check "the VIP is pinged" in_ns client ping -q -c 3 -i 0.02 -W 2 $VIP
lab_end
