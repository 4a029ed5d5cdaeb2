#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The golden packets again, through a started fulcrumd: frames are put on its wire, and what comes
# back on it, and on the kernel's side, has to be what scapy built.
. "$(dirname "$0")/lib.sh"

lab_begin
lab_config 'ports: [{name: wan, device: "net_tap0,iface=ftap0,mac=02:00:00:00:00:02", kernel_interface: fulcrum0, mtu: 1500}]'
lab_fulcrumd
ip -n router link set ftap0 nomaster up
in_ns router sysctl -q net.ipv6.conf.ftap0.disable_ipv6=1
ip -n lb addr flush dev fulcrum0
ip -n lb addr add 10.0.0.2/8 dev fulcrum0
ip -n lb addr add fd00::2/16 dev fulcrum0 nodad

# The next hops of that world, as its kernel would know them.
golden() {
	/usr/bin/python3 "$lab_root/tests/packet/end_to_end.py" "$@"
}
golden neighbours | while read -r address mac mtu; do
	ip -n lb neigh replace "$address" lladdr "$mac" nud permanent dev fulcrum0
	[ "$mtu" = 1500 ] || ip -n lb route add "$address" dev fulcrum0 mtu "$mtu"
done
golden pools >$LAB/pools.yaml
lab_check "the pool is applied" ctl apply -f $LAB/pools.yaml
backends_serve() {
	ctl show backends -o json | python3 -c 'import json, sys
sys.exit(not all(b["share_ppm"] > 0 for b in json.load(sys.stdin)))'
}
lab_wait_for backends_serve 10 "every backend serves"
export FULCRUMCTL=$fulcrumctl
lab_check "every packet's fate is the expected one" golden run
lab_end
