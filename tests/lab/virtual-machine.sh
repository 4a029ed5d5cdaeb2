#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A machine with one interface and no NIC for DPDK: eth0 is lent to the daemon, which serves TLS
# clients by it, and has its addresses back however the daemon ends.
. "$(dirname "$0")/lib.sh"

device=${lab_device:-net_af_packet0,iface=eth0}
export FULCRUM_INTERFACE_STATE=$LAB/lent
interface() {
	in_ns lb "$lab_root/tools/fulcrum-interface" "$@"
}
lb_has() { # INTERFACE: all of what eth0 had
	grep -q "inet $BALANCER/24 " <(ip -n lb -4 address show dev "$1") &&
		grep -q "inet6 fd00:10::2/64 " <(ip -n lb -6 address show dev "$1") &&
		grep -q "via 10.0.0.1 dev $1 metric 7" <(ip -n lb -4 route show default) &&
		grep -q "via fd00:10::1 dev $1 " <(ip -n lb -6 route show default) &&
		grep -q "192.0.2.0/24 via 10.0.0.1 dev $1" <(ip -n lb route show table 100)
}
completed() {
	ctl show ports -o json | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["rx_checksum_partial"])'
}
doctor_says() { # PATTERN
	grep -q -- "$1" <(in_ns lb "$fulcrumctl" doctor -c $LAB/fulcrumd.yaml)
}

lab_begin
# What a sanitizer reads at the end must be where the daemon may read.
mkdir -p $LAB/state
cp "$lab_root/tests/lab/af_xdp.lsan" $LAB/state
lab_web_backends 2
lab_cable lb eth0 router lb
ip -n router link set lb master br-lb
ip -n lb address add $BALANCER/24 brd + dev eth0
ip -n lb address add fd00:10::2/64 dev eth0 nodad
ip -n lb route add default via 10.0.0.1 metric 7
ip -n lb -6 route add default via fd00:10::1
ip -n lb route add 192.0.2.0/24 via 10.0.0.1 table 100
lab_check "eth0 is set up" lb_has eth0

lab_config "ports: [{name: wan, device: \"${device/eth0/eth7}\", kernel_interface: fulcrum0}]"
lab_check "a wrong interface is told by its name" sh -c \
	"! ip netns exec lb '$fulcrumd' -c $LAB/fulcrumd.yaml 2>&1 | tee $LAB/wrong.log | grep -q 'ready' &&
	grep -q \"port wan: there is no interface 'eth7'\" $LAB/wrong.log"
lab_check "by doctor, too" doctor_says "there is no interface eth7"

lab_config "ports: [{name: wan, device: \"$device\"}]"
lab_daemon
lab_check "the pool is applied" ctl apply -f <(sed /web-3/d $lab_pool)
lab_wait_for "ctl show backends | grep -q \"leaves by eth0, which is the wire of port wan.*kernel_interface\"" 10 \
	"a port without a kernel side is told, and what to do"
lab_stop fulcrumd

lab_config "ports: [{name: wan, device: \"$device\", kernel_interface: fulcrum0}]"
lab_daemon
lab_wait_for "ctl show backends | grep -q \"leaves by eth0, the wire of port wan, and not by fulcrum0\"" 10 \
	"an address that is still on the wire is told"
lab_check "doctor says how to lend it" doctor_says "fulcrum-interface lend eth0 fulcrum0"
lab_check "eth0 is lent" interface lend eth0 fulcrum0
lab_check "fulcrum0 has what eth0 had" lb_has fulcrum0
lab_check "and eth0 nothing" test -z "$(ip -n lb -o address show dev eth0 scope global)"
lab_check "to lend it twice changes nothing" interface lend eth0 fulcrum0
lab_check "fulcrum0 has all of it" lb_has fulcrum0
lab_wait_up web-1 web-2
lab_check "a ping is answered once" sh -c \
	"ip netns exec client ping -c 3 -i 0.2 -W 5 $BALANCER >$LAB/ping.log && ! grep -q DUP $LAB/ping.log"

# Clients and backends on veth hand over sums that are begun only.
lab_requests 40 >$LAB/answers
lab_check "40 of 40 clients are served" test "$(lab_count '^b[12]$' $LAB/answers)" -eq 40
lab_check "partial sums were completed and counted: $(completed)" test "$(completed)" -gt 40
lab_check "doctor names the command" doctor_says "ethtool -K .* tx off"
head -c 2097152 /dev/urandom >$LAB/www/large
in_ns client curl -sf --max-time 60 --cacert $LAB/tls.crt -o $LAB/got https://$VIP/files/large
lab_check "2 MiB arrive as they were" cmp $LAB/got $LAB/www/large
in_ns router ethtool -K lb tx off >/dev/null
before=$(completed)
lab_requests 40 >$LAB/answers
lab_check "40 of 40 with whole sums" test "$(lab_count '^b[12]$' $LAB/answers)" -eq 40
lab_check "and none was completed" test "$(completed)" -eq "$before"

lab_stop fulcrumd KILL
lab_wait_for '! ip -n lb link show fulcrum0' 5 "the kernel side went with the daemon"
lab_check "the interface is given back after a kill" interface return eth0
lab_check "eth0 has what it had" lb_has eth0
lab_check "and reaches the router" in_ns lb ping -q -c 1 -W 5 10.0.0.1
lab_check "to give it back twice changes nothing" interface return eth0
lab_check "eth0 has all of it" lb_has eth0

lab_daemon
lab_check "it is lent again" interface lend eth0 fulcrum0
lab_wait_up web-1 web-2
lab_check "a client is served" lab_get
lab_check "given back while the daemon lives" interface return eth0
lab_check "eth0 has it" lb_has eth0
lab_check "and fulcrum0 nothing" test -z "$(ip -n lb -o -4 address show dev fulcrum0)"
lab_stop fulcrumd
lab_check "the daemon ends well" test $lab_status -eq 0
lab_check "and leaves no program on eth0" eval '! ip -n lb link show eth0 | grep -q xdp'
lab_end
