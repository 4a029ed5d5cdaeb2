#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# IPv6 clients, IPv6 backends, and each with the other family: four tunnels, DSR, probes, the
# kernel's NDP.
. "$(dirname "$0")/lib.sh"

lab_begin
lab_backends 2
lab_backends 1 dsr 3
for k in 1 2 3; do
	lab_nginx b$k "listen [::]:8443 ssl; listen [::]:9443 ssl; listen 8443 ssl;"
done
lab_agent b1
lab_agent b2
lab_fulcrumd
lab_check "the balancer's own address is pinged" in_ns client ping -q -c 3 -i 0.02 -W 2 fd00:10::2
lab_check "the router has the port's address by NDP" \
	sh -c "ip -n router neigh show fd00:10::2 | grep -q $(lab_port_mac)"

cat >$LAB/pool.yaml <<-YAML
	services:
	  - {name: 6-in-6, vip: "$VIP6", protocol: tcp, port: 443, pool: six}
	  - {name: 4-in-6, vip: $VIP, protocol: tcp, port: 443, pool: six}
	  - {name: 6-in-4, vip: "$VIP6", protocol: tcp, port: 8443, pool: four}
	  - {name: 4-in-4, vip: $VIP, protocol: tcp, port: 8443, pool: four}
	  - {name: dsr, vip: "$VIP6", protocol: tcp, port: 9443, pool: near, forwarding: dsr}
	pools:
	  - name: six
	    health: &probe {port: 443, interval: 1s, timeout: 1s, rise: 1}
	    backends: [{name: six-1, address: "fd00:11::11"}, {name: six-2, address: "fd00:11::12"}]
	  - {name: four, health: *probe, backends: [{name: four-1, address: 10.0.1.11}, {name: four-2, address: 10.0.1.12}]}
	  - {name: near, health: *probe, backends: [{name: near-3, address: "fd00:10::13"}]}
YAML
lab_check "the pool is applied" ctl apply -f $LAB/pool.yaml
lab_wait_up six-1 six-2 four-1 four-2 near-3

head -c 2M /dev/urandom >$LAB/www/big
get() {
	in_ns client curl -sf --max-time 10 --cacert $LAB/tls.crt "$@"
}

# serves HOST:PORT 'backends, as a pattern' 'what tcpdump shows on b1 or b3'
serves() {
	local at=$1 among=$2 outer=$3 i
	lab_capture capture "${4:-b1}" eth0 "ip proto 4 or ip proto 41 or ip6 proto 4 or ip6 proto 41 or tcp port 9443"
	for i in {1..24}; do
		get "https://$at/" || echo failed
	done >$LAB/answers
	lab_check "24 of 24 requests to $at are answered" test "$(lab_count "^$among$" $LAB/answers)" -eq 24
	lab_check "a download from $at arrives" get -o $LAB/got "https://$at/files/big"
	lab_check "byte for byte" cmp $LAB/www/big $LAB/got
	lab_wait_for "grep -q '$outer' $LAB/capture.log" 5 "packets as they should be"
	lab_stop capture
}

serves "[$VIP6]:443" 'b[12]' "IP6 fd00:10::2 > fd00:11::11: IP6 fd00:100::7"
serves "$VIP:443" 'b[12]' "IP6 fd00:10::2 > fd00:11::11: IP $CLIENT"
serves "[$VIP6]:8443" 'b[12]' "IP $BALANCER > 10.0.1.11: IP6 fd00:100::7"
serves "$VIP:8443" 'b[12]' "IP $BALANCER > 10.0.1.11: IP $CLIENT"
serves "[$VIP6]:9443" b3 "IP6 fd00:100::7.*> $VIP6.9443" b3

lab_stop nginx-b1
lab_wait_for "lab_backend_is six-1 health down" 20 "the probes over IPv6 find b1 down"
for i in {1..12}; do
	get "https://[$VIP6]/" || echo failed
done >$LAB/answers
lab_check "b2 has all of it" test "$(lab_count '^b2$' $LAB/answers)" -eq 12
lab_end
