#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Services of many ports: a range, several of them by both protocols, and every port of an address.
# What is beside them is nobody's.
. "$(dirname "$0")/lib.sh"

ALL=203.0.113.20 # the VIP of which every port is a service
lab_begin
ip -n router route add $ALL/32 via $BALANCER
lab_backends 2
for k in 1 2; do
	ip -n b$k addr add $ALL/32 dev lo
	lab_start agent-b$k b$k "$fulcrum_backend" --interface eth0 --vip $VIP --vip $ALL --balancer $BALANCER --pin $LAB/bpf/b$k
	lab_wait_for "grep -q ready $LAB/agent-b$k.log" 10 "the agent on b$k"
	lab_nginx b$k "listen 29999-31000; listen 1; listen 8080; listen 65535;"
	lab_responder b$k
done
lab_fulcrumd
cat >$LAB/pool.yaml <<-YAML
	services:
	  - {name: media, vip: $VIP, protocol: [tcp, udp], ports: [30000-30999, 8080, 5353], pool: web}
	  - {name: web, vip: $VIP, protocol: tcp, port: 443, pool: web}
	  - {name: all, vip: $ALL, protocol: tcp, ports: any, pool: web}
	pools:
	  - name: web
	    health: {port: 443, interval: 1s, timeout: 1s, rise: 1}
	    backends: [{name: web-1, address: 10.0.1.11}, {name: web-2, address: 10.0.1.12}]
YAML
lab_check "the pool is applied" ctl apply -f $LAB/pool.yaml
lab_wait_up web-1 web-2

# answered ADDRESS PORT...: how many of the ports lead to a page
answered() {
	local address=$1
	shift
	printf '%s\n' "$@" | in_ns client xargs -P 8 -I{} curl -s --max-time 20 "http://$address:{}/" >$LAB/answers || true
	lab_count '^b[12]$' $LAB/answers
}

range=$(seq 30000 9 30999)
lab_check "112 ports of the range lead to a page" test "$(answered $VIP $range)" -eq 112
lab_check "so does a port beside it of the same service" test "$(answered $VIP 8080)" -eq 1
in_ns client python3 "$lab_root/tests/lab/udp.py" ask $VIP 5353 --ports 40 --each 2 >$LAB/datagrams
lab_check "and over UDP every datagram is answered" test "$(lab_count lost $LAB/datagrams)" -eq 0
lab_check "by both backends" sh -c "grep -q b1 $LAB/datagrams && grep -q b2 $LAB/datagrams"
ctl show services -o json >$LAB/services
lab_check "to the operator it is one service" python3 -c 'import json, sys
media, = (s for s in json.load(open(sys.argv[1])) if s["name"] == "media")
sys.exit((media["protocol"], media["ports"]) != ("tcp,udp", "30000-30999,8080,5353") or media["new_flows"] < 153)' $LAB/services
for protocol in tcp udp; do
	ctl explain $protocol 198.51.100.2:40000 $VIP:5353 >$LAB/why
	lab_check "explain names it for $protocol" grep -q '^service    media, pool web' $LAB/why
done
ctl show config >$LAB/shown.yaml
lab_check "what is shown is what was applied" sh -c "grep -qF 'protocol: [tcp, udp]' $LAB/shown.yaml && grep -qF 'ports: [30000-30999, 8080, 5353]' $LAB/shown.yaml"
answered $VIP $range >/dev/null
lab_check "on both backends" sh -c "grep -q b1 $LAB/answers && grep -q b2 $LAB/answers"
lab_check "its neighbours do not" test "$(answered $VIP 29999 31000 80)" -eq 0
lab_check "the three are counted under no_service" test "$(lab_dropped no_service)" -ge 3
lab_check "a port of its own beside the range works" test -n "$(lab_get)"
lab_check "any port leads to a page" test "$(answered $ALL 1 80 29999 30500 31000 65535)" -eq 6
lab_check "over UDP the range is nobody's" \
	sh -c "! ip netns exec client python3 '$lab_root/tests/lab/udp.py' ask $ALL 30000 --ports 1 --each 1 | grep -q b"
lab_end
