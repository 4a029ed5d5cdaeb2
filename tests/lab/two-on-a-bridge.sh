#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Two DSR balancers on one bridge, and a backend whose cable is out: the bridge floods what goes to
# it, so each balancer hears what the other one sends. Neither takes it for its own. And what is a
# balancer's own changes while it runs.
. "$(dirname "$0")/lib.sh"

lab_begin
lab_backends 1 dsr
lab_fulcrumd
mac=$(in_ns b1 cat /sys/class/net/eth0/address)
cat >$LAB/pool.yaml <<-YAML
	services:
	  - {name: dns, vip: $VIP, protocol: udp, port: 5353, forwarding: dsr, pool: servers}
	pools:
	  - {name: servers, health: {type: none}, backends: [{name: b1, address: 10.0.0.11}]}
YAML

# The second one: files, names and an address of its own
sed "s|/run/fulcrum/channel|/run/fulcrum/second|; s|$LAB/state|$LAB/second|; s|prefix: fulcrum|prefix: second|
	s|ftap0|ftap1|; s|net_tap0|net_tap7|" $LAB/fulcrumd.yaml >$LAB/second.yaml
mkdir $LAB/second
lab_namespace lb2
lab_start second lb2 "$fulcrumd" -c $LAB/second.yaml
lab_wait_for 'grep -q "fulcrumd: ready" $LAB/second.log' 60 "the second balancer is ready"
ip -n lb2 link set ftap1 down
ip -n lb2 link set ftap1 address 02:00:00:00:0f:02
ip -n lb2 link set ftap1 netns router
ip -n router link set ftap1 master br-lb up
ip -n lb2 link set fulcrum0 up
ip -n lb2 addr add 10.0.0.3/24 dev fulcrum0

second() {
	FULCRUM_CHANNEL=/run/fulcrum/second "$fulcrumctl" "$@"
}

# total SHOW... KEY [NAME]: a number that one of them tells
total() {
	"$1" show "$2" -o json | python3 -c 'import json, sys
key, name = sys.argv[1], sys.argv[2:]
print(sum(row[key] for row in json.load(sys.stdin) if not name or row["name"] == name[0]))' "${@:3}"
}

for lb in lb lb2; do
	ip -n $lb neigh replace 10.0.0.11 lladdr "$mac" dev fulcrum0 nud permanent
done
lab_check "the first one takes the pool" ctl apply -f $LAB/pool.yaml
lab_check "the second one takes it" second apply -f $LAB/pool.yaml
# The bridge forgets where b1 is when its cable is out, and floods
ip -n router link set b1 down
lab_wait_for "! ip netns exec router bridge fdb show br br-lb | grep -q '^$mac .*master'" 5 "the bridge forgets b1"
foreign=$(total second drops packets mac_foreign)
in_ns client python3 -c 'import socket, sys
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"once", (sys.argv[1], 5353))' $VIP
lab_wait_for "[ \$(total second drops packets mac_foreign) -gt $foreign ]" 5 "the second one hears the flooded frame"
# Had either sent it on, the other one would have got it back before this second datagram's turn.
in_ns client python3 -c 'import socket, sys
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"twice", (sys.argv[1], 5353))' $VIP
lab_wait_for "[ \$(total second drops packets mac_foreign) -gt $((foreign + 1)) ]" 5 "and the next one"
lab_check "the first one sent two datagrams" test "$(total ctl workers forwarded)" -eq 2
lab_check "the second one none" test "$(total second workers forwarded)" -eq 0
lab_check "nothing came back to the first one" test "$(total ctl drops packets mac_foreign)" -eq 0

# An address that the balancer is given later is no client's from then on
send() {
	in_ns client python3 -c 'import socket, sys
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"again", (sys.argv[1], 5353))' $VIP
}
sends_until() {
	lab_wait_for "send && [ \$(total ctl drops packets $1) -gt $(total ctl drops packets $1) ]" 5 "$2"
}
forwards_until() {
	lab_wait_for "send && [ \$(total ctl workers forwarded) -gt $(total ctl workers forwarded) ]" 5 "$1"
}
ip -n lb addr add $CLIENT/32 dev lo
sends_until source_own "an address that lo got is the balancer's own"
ip -n lb addr del $CLIENT/32 dev lo
forwards_until "and is a client's again when it is gone"

# VRRP's virtual MAC is the port's while the kernel has an interface with it
vrrp=00:00:5e:00:01:33
ip -n router neigh replace 10.0.0.2 lladdr $vrrp dev br-lb nud permanent
sends_until mac_foreign "without it, a frame to VRRP's MAC is another machine's"
if ip -n lb link add vrrp51 link fulcrum0 address $vrrp type macvlan mode private 2>/dev/null; then
	ip -n lb link set vrrp51 up
	forwards_until "with it, the port takes it for its own"
	ip -n lb link set vrrp51 down
	sends_until mac_foreign "and no longer when the interface is down"
else
	lab_say "this kernel has no macvlan: VRRP's MAC is not tried"
fi
lab_end
