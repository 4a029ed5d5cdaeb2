#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What is not for a VIP is the kernel's: ARP, ping and TCP to the balancer's own address.
. "$(dirname "$0")/lib.sh"

lab_begin
lab_backends 1
lab_fulcrumd
lab_nginx lb
mac=$(lab_port_mac)

lab_check "the router pings the balancer" in_ns router ping -q -c 3 -i 0.02 -W 2 $BALANCER
lab_check "the router has the port's address by ARP" sh -c "ip -n router neigh show $BALANCER | grep -q $mac"
lab_check "the client pings the balancer" in_ns client ping -q -c 3 -i 0.02 -W 2 $BALANCER
lab_check "by IPv6 too" in_ns client ping -q -c 3 -i 0.02 -W 2 fd00:10::2
lab_check "the balancer pings the client" in_ns lb ping -q -c 3 -i 0.02 -W 2 $CLIENT

# As udev does, where the daemon's new interface looks to it as if it had an address by chance.
ip -n lb link set fulcrum0 address 02:00:00:00:0f:02
lab_wait_for "[ \$(lab_port_mac) = $mac ]" 10 "an address that is not the port's is put back"
lab_wait_for "grep -q 'somebody gave fulcrum0 the address 02:00:00:00:0f:02' $LAB/fulcrumd.log" 5 "the log says so"
lab_wait_for "in_ns client ping -q -c 1 -W 1 $BALANCER" 30 "and the client pings the balancer again"
lab_check "a full frame passes" in_ns client ping -q -c 1 -s 1472 -M do -W 2 $BALANCER

head -c 4M /dev/urandom >$LAB/www/big
lab_check "TCP to the balancer's own address works" \
	in_ns client curl -sf -o $LAB/got http://$BALANCER/files/big
lab_check "byte for byte" cmp $LAB/www/big $LAB/got

ctl apply -f $lab_pool
lab_check "a ping to a VIP is answered" in_ns client ping -q -c 3 -i 0.02 -W 2 $VIP
answered() {
	ctl show workers -o json | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["answered"])'
}
lab_check "by Fulcrum and not by the kernel" test "$(answered)" -eq 3
lab_check "a VIP's port without a service is not the kernel's" \
	sh -c "! ip netns exec client curl -s --max-time 1 http://$VIP:80/"
lab_check "the balancer is still pinged" in_ns client ping -q -c 3 -i 0.02 -W 2 $BALANCER
lab_end
