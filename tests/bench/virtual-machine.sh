#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What a machine without a NIC of its own costs: one TCP upload through the balancer by net_tap,
# net_af_packet and net_af_xdp, and by the kernel's own forwarding in its place. By DSR, one after
# the other, ROUNDS times. Prints the medians, and those of each round's ratio to the kernel. Usage:
# virtual-machine.sh [ROUNDS [MIB]]
rounds=${1:-5} mib=${2:-64}
. "$(dirname "$0")/../lab/lib.sh"
export FULCRUM_INTERFACE_STATE=$LAB/lent
interface="$lab_root/tools/fulcrum-interface"

upload() { # prints the milliseconds
	in_ns client python3 - $VIP "$mib" <<-'PY'
		import socket, sys, time
		address, mib = sys.argv[1], int(sys.argv[2])
		begun = time.monotonic()
		with socket.create_connection((address, 9000), timeout=60) as s:
		    block = bytes(1 << 20)
		    for _ in range(mib):
		        s.sendall(block)
		    s.shutdown(socket.SHUT_WR)
		    assert int(s.makefile().readline()) == mib << 20
		print(round((time.monotonic() - begun) * 1000))
	PY
}

wired() { # eth0 with its address
	ip -n lb link set eth0 up
	ip -n lb address replace $BALANCER/24 dev eth0
	ip -n lb route replace default via 10.0.0.1
}

by_kernel() {
	wired
	in_ns lb sysctl -q net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.eth0.send_redirects=0
	ip -n lb route replace $VIP/32 via 10.0.0.11
}
after_kernel() {
	ip -n lb route del $VIP/32
	in_ns lb sysctl -q net.ipv4.ip_forward=0
}

by_tap() {
	ip -n lb link set eth0 down
	lab_config
	lab_fulcrumd
}
by_device() {
	wired
	lab_config "ports: [{name: wan, device: \"$1\", kernel_interface: fulcrum0}]"
	lab_daemon
	in_ns lb "$interface" lend eth0 fulcrum0 >/dev/null
}
by_af_packet() { by_device net_af_packet0,iface=eth0; }
by_af_xdp() { by_device net_af_xdp0,iface=eth0; }
after_daemon() {
	lab_stop fulcrumd
	in_ns lb "$interface" return eth0 >/dev/null
}

measure() { # WAY
	"by_$1"
	ip -n router neigh flush dev br-lb
	if [ "$1" != kernel ]; then
		ctl apply -f $LAB/dsr.yaml >/dev/null 2>&1
		lab_wait_up web-1
	fi
	in_ns client ping -q -c 1 -W 10 $BALANCER >/dev/null
	upload >>"$LAB/$1.ms"
	if [ "$1" = kernel ]; then after_kernel; else after_daemon; fi
}

lab_begin
lab_backends 1 dsr
lab_cable lb eth0 router lb
in_ns router ethtool -K lb tx off >/dev/null
ip -n router link set lb master br-lb
cat >$LAB/dsr.yaml <<-YAML
	services: [{name: sink, vip: $VIP, protocol: tcp, port: 9000, pool: sink, forwarding: dsr}]
	pools: [{name: sink, health: {type: none}, backends: [{name: web-1, address: 10.0.0.11}]}]
YAML
lab_start sink b1 python3 -c '
import socket
with socket.create_server(("0.0.0.0", 9000)) as server:
    while True:
        with server.accept()[0] as s:
            size = 0
            while data := s.recv(1 << 20):
                size += len(data)
            s.sendall(b"%d\n" % size)'
for ((round = 0; round < rounds; round++)); do
	for way in kernel tap af_packet af_xdp; do
		measure $way
	done
done
python3 - $LAB "$mib" kernel tap af_packet af_xdp <<-'PY'
	import statistics, sys
	folder, mib, *ways = sys.argv[1:]
	times = {way: [int(line) for line in open(f"{folder}/{way}.ms")] for way in ways}
	for way in ways:
	    ratio = statistics.median(a / b for a, b in zip(times[way], times["kernel"]))
	    print(f"{way:10} {statistics.median(times[way]):6.0f} ms for {mib} MiB, {ratio:5.2f} times the kernel's")
PY
lab_end
