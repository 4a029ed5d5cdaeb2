#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The way between router and backend is narrower than the balancer knows: the router's errors come
# about tunnel packets, which the kernel ignores. The backend's path gets narrower by them, and
# uploads complete. Errors that ask for nonsense change nothing.
. "$(dirname "$0")/lib.sh"

lab_begin
lab_upload_service
head -c 200K /dev/urandom >$LAB/big
sum=$(sha256sum <$LAB/big | cut -d ' ' -f 1)

# forged MTU SOURCE: a router's error about a tunnel packet of SOURCE's to the backend.
forged() {
	in_ns router /usr/bin/python3 -c 'import sys
from scapy.all import ICMP, IP, Raw, send
send(IP(src="10.0.1.1", dst="10.0.0.2") / ICMP(type=3, code=4, nexthopmtu=int(sys.argv[1]))
     / IP(src=sys.argv[2], dst="10.0.1.11", flags="DF", id=0, proto=4, len=1500) / Raw(b"x" * 8), verbose=0)' "$@"
}

if /usr/bin/python3 -c 'import scapy.all' 2>/dev/null; then
	lab_say "errors that nobody can have sent"
	taken=$(lab_dropped tunnel_error)
	forged 20 10.0.0.2
	forged 1400 192.0.2.1
	forged 9000 10.0.0.2
	lab_wait_for "[ \$(lab_dropped tunnel_error) -eq $((taken + 3)) ]" 5 "they are taken out of what goes to the kernel"
	in_ns router /usr/bin/python3 -c 'from scapy.all import ICMP, IP, Raw, send
send(IP(src="10.0.1.1", dst="10.0.0.2") / ICMP(type=3, code=4, nexthopmtu=1400, chksum=0x1234)
     / IP(src="10.0.0.2", dst="10.0.1.11", flags="DF", id=0, proto=4, len=1500) / Raw(b"x" * 8), verbose=0)'
	lab_wait_for "[ \$(lab_dropped icmp_checksum) -eq 1 ]" 5 "one whose checksum is wrong is dropped by name"
	lab_check "and change nothing" sh -c "! '$fulcrumctl' show backends | grep -q 'its path takes'"
fi

lab_say "a narrower way, which nobody tells the balancer of"
ip -n router link set br-be mtu 1400
ip -n b1 link set eth0 mtu 1400
for to in $VIP "[$VIP6]"; do
	got=$(in_ns client curl -s --max-time 60 --cacert $LAB/tls.crt -T $LAB/big "https://$to/")
	lab_check "200 KB arrive at $to" test "$got" = "$sum"
done
for name in web-1 web6-1; do
	lab_check "show backends tells it of $name" \
		sh -c "'$fulcrumctl' show backends | grep $name | grep -q 'its path takes 1400 bytes, as'"
done
lab_check "the log does" test "$(lab_count 'path: backend web.*takes 1400 bytes' $LAB/fulcrumd.log)" -eq 2
lab_check "the errors are counted by name" test "$(lab_dropped tunnel_error)" -ge 2
lab_check "the page of metrics has the path's MTU" sh -c \
	"ip netns exec lb curl -s http://127.0.0.1:9110/metrics | grep -q 'fulcrum_backend_path_mtu_bytes{.*backend=\"web-1\"} 1400'"

lab_say "the same for a tunnel whose source is drawn: the errors come to addresses that no interface has"
ip -n router route add 10.0.99.0/24 via $BALANCER
sed '0,/  - name: web$/s//&\n    outer_source: 10.0.99.0\/24/' $LAB/pool.yaml >$LAB/drawn.yaml
lab_check "a drawn source is applied" ctl apply -f $LAB/drawn.yaml
lab_capture errors router br-lb "dst net 10.0.99.0/24 and icmp[0] == 3 and icmp[1] == 4"
ip -n router link set br-be mtu 1300
ip -n b1 link set eth0 mtu 1300
got=$(in_ns client curl -s --max-time 60 --cacert $LAB/tls.crt -T $LAB/big "https://$VIP/")
lab_check "200 KB arrive" test "$got" = "$sum"
lab_wait_for "grep -q '> 10.0.99.*ICMP' $LAB/errors.log" 5 "an error came to a drawn source"
lab_check "show backends tells it" \
	sh -c "'$fulcrumctl' show backends | grep web-1 | grep -q 'its path takes 1300 bytes, as'"
lab_end
