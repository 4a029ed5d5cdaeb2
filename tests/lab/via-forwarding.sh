#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Probes through the path: what a backend lacks beside its server is found, told, and found back;
# all tunnels and DSR.
. "$(dirname "$0")/lib.sh"

interval=${PROBE_INTERVAL:-800} timeout=${PROBE_TIMEOUT:-800} # milliseconds: a busy machine wants more than a quiet one
promise=$((2 * interval + timeout)) # fall x interval + timeout

# agent bK [KEYS]: decapsulation; port 8443 mapped to 3080, or what KEYS say.
agent() {
	local keys=${2-", target_port: 3080"}
	cat >$LAB/backend-$1.yaml <<-YAML
		interfaces: [eth0]
		balancers: [$BALANCER, "fd00:10::2"]
		pin: $LAB/bpf/$1
		manage_addresses: false
		vips:
		  - {address: $VIP, protocol: tcp, port: 443}
		  - {address: "$VIP6", protocol: tcp, port: 443}
		  - {address: $VIP, protocol: tcp, port: 8443$keys}
		  - {address: "$VIP6", protocol: tcp, port: 8443$keys}
	YAML
	: >$LAB/agent-$1.log
	lab_start agent-$1 $1 "$fulcrum_backend" -c $LAB/backend-$1.yaml
	lab_wait_for "grep -q ready $LAB/agent-$1.log" 10 "the agent on $1"
}

agent_again() {
	lab_stop agent-$1
	agent "$@"
}

reason() {
	ctl show backends -o json | python3 -c 'import json, sys
print(next(b["reason"] for b in json.load(sys.stdin) if b["name"] == sys.argv[1]))' "$1"
}

# tells NAME PATTERN: its reason
tells() {
	reason "$1" | grep -q -- "$2"
}

# fails NAME 'what happened' 'what the reason says' command...
fails() {
	local name=$1 what=$2 says=$3 began took line before
	shift 3
	line="/$name is down:" # in the log, which takes no program's start to look at
	before=$(lab_count "$line" $LAB/fulcrumd.log)
	began=$(now_ms)
	"$@"
	lab_wait_for "[ \$(lab_count '$line' $LAB/fulcrumd.log) -gt $before ]" 10 "$what: $name down"
	took=$(($(now_ms) - began))
	lab_say "ok: $what: down after $took ms, promised are $promise"
	lab_wait_for "tells $name '$says'" 10 "$what: '$says' is told"
	lab_say "ok: $what: $says"
}

# recovers NAME command...
recovers() {
	local name=$1
	shift
	"$@"
	lab_wait_for "lab_backend_is $name health up" 10 "$name up again"
}

# Connections that a probe opened and nobody ended, on bK.
half_open() {
	in_ns $1 ss -Htan state syn-recv "dport >= :64512" | wc -l
}

lab_begin
lab_backends 2
lab_backends 1 dsr 3
for k in 1 2 3; do
	lab_nginx b$k "listen 3080 ssl; listen [::]:3080 ssl; listen 7443 ssl; listen [::]:7443 ssl;"
done
agent b1
agent b2
lab_fulcrumd
cat >$LAB/pool.yaml <<-YAML
	services:
	  - {name: 4-in-4, vip: $VIP, protocol: tcp, port: 8443, target_port: 3080, pool: four}
	  - {name: 6-in-4, vip: "$VIP6", protocol: tcp, port: 8443, target_port: 3080, pool: four}
	  - {name: 4-in-6, vip: $VIP, protocol: tcp, port: 443, pool: six}
	  - {name: 6-in-6, vip: "$VIP6", protocol: tcp, port: 443, pool: six}
	  - {name: dsr, vip: $VIP, protocol: tcp, port: 7443, pool: near, forwarding: dsr}
	  - {name: dsr6, vip: "$VIP6", protocol: tcp, port: 7443, pool: near6, forwarding: dsr}
	pools:
	  - name: four
	    health: &probe {port: 3080, via: forwarding, interval: ${interval}ms, timeout: ${timeout}ms, rise: 1, fall: 2, flap_limit: 0}
	    backends: [{name: four-1, address: 10.0.1.11}, {name: four-2, address: 10.0.1.12}]
	  - {name: six, health: *probe, backends: [{name: six-1, address: "fd00:11::11"}, {name: six-2, address: "fd00:11::12"}]}
	  - {name: near, health: *probe, backends: [{name: near-3, address: 10.0.0.13}]}
	  - {name: near6, health: *probe, backends: [{name: near6-3, address: "fd00:10::13"}]}
YAML
lab_capture capture b1 eth0 "ip proto 4 or ip proto 41 or ip6 proto 4 or ip6 proto 41"
lab_check "the pool is applied" ctl apply -f $LAB/pool.yaml
lab_wait_up four-1 four-2 six-1 six-2 near-3 near6-3
for shape in "IP $BALANCER > 10.0.1.11: IP $BALANCER.* > $VIP.8443: Flags \[S\]" \
	"IP $BALANCER > 10.0.1.11: IP6 fd00:10::2.* > $VIP6.8443: Flags \[S\]" \
	"IP6 fd00:10::2 > fd00:11::11: IP $BALANCER.* > $VIP.443: Flags \[S\]" \
	"IP6 fd00:10::2 > fd00:11::11: IP6 fd00:10::2.* > $VIP6.443: Flags \[S\]"; do
	lab_wait_for "grep -q '$shape' $LAB/capture.log" 5 "SYNs as they should be: $shape"
	lab_wait_for "grep -q '${shape/\[S\]/\[R\]}' $LAB/capture.log" 5 "and a RST after them"
done
lab_stop capture
for at in $VIP:8443 "[$VIP6]:8443" $VIP:443 "[$VIP6]:443" $VIP:7443 "[$VIP6]:7443"; do
	lab_check "a client is served at $at" \
		in_ns client curl -sf -o /dev/null --max-time 20 --cacert $LAB/tls.crt "https://$at/"
done

# Tunnels.
path="through the path to $VIP:8443"
fails four-1 "the VIP is not on the host" "$path: no answer within ${timeout}ms: is decapsulation set up, the VIP on the host" \
	ip -n b1 addr del $VIP/32 dev lo
lab_wait_up four-2
recovers four-1 ip -n b1 addr add $VIP/32 dev lo
in_ns b1 sysctl -q net.ipv4.ip_forward=1 net.ipv4.icmp_ratelimit=0 # else one ICMP error a second
fails four-1 "nor on a host that forwards" "$path: .*would send it on (ICMP): is the VIP on the host" \
	ip -n b1 addr del $VIP/32 dev lo
in_ns b1 sysctl -q net.ipv4.ip_forward=0
recovers four-1 ip -n b1 addr add $VIP/32 dev lo
fails four-1 "the IPv6 VIP is not on the host" "through the path to \[$VIP6\]:8443: no answer within ${timeout}ms" \
	ip -n b1 addr del $VIP6/128 dev lo
lab_wait_for "lab_backend_is six-1 health down" 10 "six-1 down as well"
recovers six-1 ip -n b1 addr add $VIP6/128 dev lo nodad
lab_wait_up four-1
fails four-1 "decapsulation is missing" "takes no tunnel (ICMP): set up decapsulation\|no answer within ${timeout}ms: is decapsulation" \
	lab_stop agent-b1
lab_wait_for "lab_backend_is six-1 health down" 10 "and for IPv6"
recovers four-1 agent b1
recovers six-1 true
fails four-1 "the port is not mapped" "$path: refused (RST): .*is the port to be mapped" agent_again b1 ""
lab_wait_up six-1
recovers four-1 agent_again b1

# Direct server return.
fails near-3 "DSR, the VIP is not on the host" "through the path to $VIP:7443: no answer within ${timeout}ms: is the VIP on the host, and" \
	ip -n b3 addr del $VIP/32 dev lo
recovers near-3 ip -n b3 addr add $VIP/32 dev lo
fails near6-3 "DSR in IPv6, likewise" "through the path to \[$VIP6\]:7443: no answer within ${timeout}ms" \
	ip -n b3 addr del $VIP6/128 dev lo
recovers near6-3 ip -n b3 addr add $VIP6/128 dev lo nodad

# The server's own failure is told by the ordinary probe.
fails near-3 "the server is stopped" "connect to 10.0.0.13:3080: connection refused" lab_stop nginx-b3
recovers near-3 lab_start nginx-b3 b3 nginx -e stderr -c $LAB/nginx-b3/conf

# Segments that do not fit into the tunnel.
agent_again b1 ", target_port: 3080, mss: off"
lab_wait_for "tells four-1 'advertises 1460, needs at most 1440'" 10 "the warning of an MSS that is too large"
lab_wait_up four-1
page() { # NAME: four-1's number on the page of metrics
	in_ns lb curl -sf --max-time 20 http://127.0.0.1:9110/metrics | sed -n "s/^fulcrum_backend_path_$1{.*backend=\"four-1\"} //p"
}
lab_check "the metrics have both" test "$(page mss_bytes) $(page mss_limit_bytes)" = "1460 1440"
lab_wait_for "[ \"\$(page up)\" = 1 ]" 10 "and that its path is fine"
lab_check "and how often it was not" test "$(page failures_total)" -gt 0 -a "$(page duration_seconds_count)" -gt 0
agent_again b1
lab_wait_for "! tells four-1 advertises" 10 "the warning goes"
ip -n lb route add 10.0.1.0/24 via 10.0.0.1 mtu 1400
lab_wait_for "tells four-2 'advertises 1440, needs at most 1340'" 10 "a narrower way to the backends"
ip -n lb route del 10.0.1.0/24
lab_wait_for "! tells four-2 advertises" 10 "and a wide one again"

# Answers that nobody asked for, from a VIP to a probe's port.
strays=$(lab_dropped probe_stray)
in_ns b3 python3 - $VIP $BALANCER <<-'PY'
	import socket, sys
	for port in range(64512, 64522):
	    with socket.socket() as one:
	        one.setblocking(False)
	        one.bind((sys.argv[1], 0))
	        one.connect_ex((sys.argv[2], port))
PY
lab_wait_for "[ \$(lab_dropped probe_stray) -ge $((strays + 10)) ]" 5 "10 strays are counted"

# Without an address of the VIP's family the balancer cannot ask, which is nobody's fault.
ip -n lb addr del fd00:10::2/64 dev fulcrum0
lab_wait_for "tells four-1 'this machine has no IPv6 address of its own to ask from'" 10 "no address to ask from"
for name in four-1 four-2 near-3; do
	lab_wait_up $name
done
ip -n lb addr add fd00:10::2/64 dev fulcrum0 nodad
ip -n lb -6 route replace default via fd00:10::1
lab_wait_for "! tells four-1 address" 10 "it asks again"
lab_wait_up six-1 six-2 near6-3

# Answers that get lost leave nothing behind either: the RST comes after the timeout.
ip -n b1 route add blackhole $BALANCER
lab_wait_for "lab_backend_is four-1 health down" 10 "the answers of four-1 are lost"
lab_wait_for "[ \$(half_open b1) -gt 0 ]" 10 "a connection waits half open"
ip -n b1 route del blackhole $BALANCER
lab_wait_up four-1

# 100 looks later there is none that was opened and not closed, beyond those on their way.
most=0
for ((look = 0; look < 100; look++)); do
	for k in 1 2 3; do
		now=$(half_open b$k)
		[ "$now" -le $most ] || most=$now
	done
done
lab_check "at most $most connections half open at once" test $most -le 4
lab_check "without probes through the path" ctl apply -f <(sed 's/via: forwarding, //' $LAB/pool.yaml)
for k in 1 2 3; do
	lab_wait_for "[ \$(half_open b$k) -eq 0 ]" 10 "b$k has no connection half open"
done
lab_end
