#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What the balancer answers for the VIP, not without limit: ping, traceroute, and, where a pool says
# so, who asks while nobody serves.
. "$(dirname "$0")/lib.sh"
command -v traceroute >/dev/null || {
	echo "skipped: needs traceroute"
	exit 77
}

lab_quickstart
lab_start udp b1 python3 "$lab_root/tests/lab/udp.py" serve $VIP 5353 b1
cat >$LAB/pool.yaml <<-YAML
	services:
	  - {name: web, vip: $VIP, protocol: tcp, port: 443, pool: web}
	  - {name: web6, vip: "$VIP6", protocol: tcp, port: 443, pool: web}
	  - {name: talk, vip: $VIP, protocol: udp, port: 5353, pool: talk}
	pools:
	  - name: web
	    health: {interval: 1s, timeout: 1s, rise: 1}
	    on_all_down: drop
	    backends: [{name: web-1, address: 10.0.1.11}, {name: web-2, address: 10.0.1.12}]
	  - {name: talk, health: {type: none}, backends: [{name: talk-1, address: 10.0.1.11}]}
YAML
lab_check "the pool is applied" ctl apply -f $LAB/pool.yaml
lab_wait_up web-1 web-2

pings() {
	lab_check "$2 is pinged, $1" in_ns client ping -q -c 5 -i 0.02 -W 2 $2
}
pings "as it is" $VIP
pings "as it is" $VIP6
lab_check "with 1400 bytes" in_ns client ping -q -c 3 -i 0.02 -s 1400 -W 2 $VIP
for vip in $VIP $VIP6; do
	lab_check "$vip with 3000 bytes, in fragments" in_ns client ping -q -c 5 -i 0.02 -s 3000 -W 2 $vip
	lab_check "and with 20000" in_ns client ping -q -c 2 -i 0.1 -s 20000 -W 2 $vip
done
lab_check "none of them was without its first one" test "$(lab_dropped fragment_unknown)" -eq 0

in_ns client ping -q -f -l 600 -c 3000 -W 1 $VIP >$LAB/flood || true
lab_check "a flood of pings is answered in part: $(grep received $LAB/flood)" grep -q ' 0 received' -v <(grep received $LAB/flood)
lab_check "the rest is dropped by its name: $(lab_dropped icmp_rate)" test "$(lab_dropped icmp_rate)" -gt 100
lab_wait_for "in_ns client ping -q -c 1 -W 1 $VIP" 5 "soon it is pinged again"

# hops [options]: the last line's and the first hop's addresses
hops() {
	in_ns client traceroute -n -q 1 -w 5 -m 5 "$@" >$LAB/hops 2>&1 || true
	awk 'NR > 1 {printf "%s ", $2}' $LAB/hops
}
lab_check "traceroute by ICMP ends at the VIP" test "$(hops -I $VIP)" = "198.51.100.1 $VIP "
lab_check "by TCP to the service" test "$(hops -T -p 443 $VIP)" = "198.51.100.1 $VIP "
lab_check "by TCP over IPv6" test "$(hops -6 -T -p 443 $VIP6)" = "fd00:100::1 $VIP6 "
lab_check "by ICMP over IPv6" test "$(hops -6 -I $VIP6)" = "fd00:100::1 $VIP6 "
lab_check "by UDP to the service" test "$(hops -U -p 5353 $VIP)" = "198.51.100.1 $VIP "
lab_check "by UDP to ports without one" test "$(hops $VIP)" = "198.51.100.1 $VIP "
lab_check "by UDP over IPv6 to ports without one" test "$(hops -6 $VIP6)" = "fd00:100::1 $VIP6 "
lab_check "by TCP to a port without one" test "$(hops -T -p 81 $VIP)" = "198.51.100.1 $VIP "
lab_check "by TCP over IPv6 to a port without one" test "$(hops -6 -T -p 81 $VIP6)" = "fd00:100::1 $VIP6 "
ctl explain udp 198.51.100.2:40000 $VIP:33434 --ttl 1 >$LAB/why
lab_check "explain tells the last packet's answer" grep -q 'answered by port unreachable' $LAB/why
ctl explain tcp "[fd00:100::2]:40000" "[$VIP6]:81" --syn --ttl 1 >$LAB/why
lab_check "by TCP over IPv6, too" grep -q 'answered by a RST' $LAB/why
before=$(lab_dropped no_service)
lab_check "what comes with hops to spare gets no answer" sh -c "! ip netns exec client traceroute -n -q 1 -w 1 -f 30 -m 30 $VIP | grep -q '30  $VIP'"
lab_check "and is counted" test "$(lab_dropped no_service)" -gt "$before"

for k in 1 2; do
	lab_stop nginx-b$k
done
lab_wait_for "lab_backend_is web-1 health down && lab_backend_is web-2 health down" 20 "both backends down"
pings "without any backend" $VIP
pings "without any backend" $VIP6

# refused PROTOCOL ADDRESS PORT: how long until the client's kernel says "connection refused".
refused() {
	in_ns client python3 - "$@" <<-'PYTHON'
		import socket, sys, time
		protocol, address, port = sys.argv[1:]
		kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
		s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)
		s.settimeout(30)
		begun = time.monotonic()
		try:
		    s.connect((address, int(port)))
		    s.send(b"anybody?")
		    s.recv(64)
		except ConnectionRefusedError:
		    print(f"{protocol} to {address}: refused after {1e3 * (time.monotonic() - begun):.0f} ms")
		    sys.exit(0)
		except OSError as error:
		    sys.exit(f"{protocol} to {address}: {error}")
		sys.exit(f"{protocol} to {address}: answered")
	PYTHON
}

lab_say "on_all_down: reject"
sed -e 's/on_all_down: drop/on_all_down: reject/' -e 's/{type: none}, /{type: none}, on_all_down: reject, /' \
	-e '/name: talk, vip/{p;s/talk, vip: [^,]*/talk6, vip: "'$VIP6'"/}' $LAB/pool.yaml >$LAB/reject.yaml
lab_check "it is applied" ctl apply --force -f $LAB/reject.yaml
lab_check "nobody serves the UDP service any more" ctl backend disable talk-1
for vip in $VIP $VIP6; do
	lab_check "a client of TCP is refused" refused tcp $vip 443
	lab_check "one of UDP, too" refused udp $vip 5353
done
ctl explain tcp 198.51.100.2:40000 $VIP:443 --syn >$LAB/why
lab_check "explain tells it" grep -q 'sent a RST: no backend can serve' $LAB/why
ctl explain udp 198.51.100.2:40000 $VIP:5353 >$LAB/why
lab_check "of UDP, too" grep -q 'sent port unreachable: no backend can serve' $LAB/why
lab_check "the answers are counted" test "$(lab_worker_sum rejects)" -ge 4
lab_end
