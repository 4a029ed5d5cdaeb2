#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# ICMP errors about what a backend sent reach that backend, also through a balancer that never saw
# the flow; made-up ones reach nobody. So a path that narrows towards the client is found, with
# mapped ports too.
. "$(dirname "$0")/lib.sh"

error="$lab_root/tests/lab/icmp_error.py"
lab_begin
lab_backends 3
for k in 1 2 3; do
	lab_nginx b$k "listen 3443 ssl;"
	cat >$LAB/backend-b$k.yaml <<-YAML
		interfaces: [eth0]
		balancers: [$BALANCER, "fd00:10::2"]
		pin: $LAB/bpf/b$k
		vips:
		  - {address: $VIP, protocol: tcp, port: 443}
		  - {address: "$VIP6"}
		  - {address: $VIP, protocol: tcp, port: 8443, target_port: 3443}
	YAML
	lab_start agent-b$k b$k "$fulcrum_backend" -c $LAB/backend-b$k.yaml
	lab_wait_for "grep -q ready $LAB/agent-b$k.log" 10 "the agent on b$k"
	lab_capture seen-b$k b$k eth0 "(ip proto 4 and ip[29] == 1) or (ip proto 41 and ip[26] == 58)"
done
lab_fulcrumd
cat >$LAB/pool.yaml <<-YAML
	services:
	  - {name: web, vip: $VIP, protocol: tcp, port: 443, pool: web}
	  - {name: mapped, vip: $VIP, protocol: tcp, port: 8443, target_port: 3443, pool: web}
	  - {name: web6, vip: "$VIP6", protocol: tcp, port: 443, pool: web}
	pools:
	  - name: web
	    health: {port: 443, interval: 1s, timeout: 1s, rise: 1}
	    backends:
	      - {name: web-1, address: 10.0.1.11}
	      - {name: web-2, address: 10.0.1.12}
	      - {name: web-3, address: 10.0.1.13}
YAML
lab_check "the pool is applied" ctl apply -f $LAB/pool.yaml
lab_wait_up web-1 web-2 web-3

declare -A owner expected=([b1]=0 [b2]=0 [b3]=0)
for port in {40001..40006}; do
	owner[$VIP,$port]=$(in_ns client curl -sf --cacert $LAB/tls.crt --local-port $port https://$VIP/)
	owner[$VIP6,$((port + 10))]=$(in_ns client curl -sf --cacert $LAB/tls.crt --local-port $((port + 10)) "https://[$VIP6]/")
done

# Every error about every flow, to its backend and to no other.
report() {
	local flow what k
	for flow in "${!owner[@]}"; do
		for what in port size time; do
			echo $what ${flow%,*} 443 ${flow#*,}
			((expected[${owner[$flow]}] += 1))
		done
	done >$LAB/errors
	in_ns client "$error" <$LAB/errors
	for k in b1 b2 b3; do
		lab_wait_for "[ \$(lab_count '> .*ICMP' $LAB/seen-$k.log) -ge ${expected[$k]} ]" 5 "$k hears of its flows"
	done
	for k in b1 b2 b3; do
		lab_check "$1, $k hears of its own flows, ${expected[$k]} times" \
			test "$(lab_count '> .*ICMP' $LAB/seen-$k.log)" -eq ${expected[$k]}
	done
}
report "with the flows at hand"
lab_stop fulcrumd
lab_fulcrumd
lab_wait_up web-1 web-2 web-3
report "started anew"

for vip in $VIP $VIP6; do
	printf "%s $vip %s 40001\n" foreign 443 checksum 443 short 443 port 444
done >$LAB/errors
in_ns client "$error" <$LAB/errors
for reason in icmp_foreign icmp_checksum icmp_quote no_service; do
	lab_wait_for "[ \$(lab_dropped $reason) -eq 2 ]" 5 "two are dropped under $reason"
done
for k in b1 b2 b3; do
	lab_check "$k heard of none of those" test "$(lab_count '> .*ICMP' $LAB/seen-$k.log)" -eq ${expected[$k]}
done

# The client does not know how narrow its own link is: the router tells the backend, by way of the
# balancer.
head -c 2M /dev/urandom >$LAB/www/big
ip -n router link set client mtu 1300
for url in https://$VIP https://$VIP:8443 "https://[$VIP6]"; do
	for k in b1 b2 b3; do
		ip -n $k route flush cache
		ip -n $k -6 route flush cache
	done
	lab_check "a download from $url arrives" \
		in_ns client curl -sf --max-time 20 --cacert $LAB/tls.crt -D $LAB/headers -o $LAB/got "$url/files/big"
	lab_check "byte for byte" cmp $LAB/www/big $LAB/got
	name=$(sed -n 's/^X-Backend: \(b.\).*/\1/p' $LAB/headers)
	[[ $url == *\[* ]] && to="fd00:100::7 from $VIP6" || to="$CLIENT from $VIP"
	lab_check "$name knows of 1300 bytes" sh -c "ip -n $name route get $to | grep -q 'mtu 1300'"
done
lab_end
