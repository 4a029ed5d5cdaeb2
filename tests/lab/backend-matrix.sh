#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Every form in which data can cross the agent: {TCP, UDP} x {segments cut by the kernel or not} x
# {checksums by the NIC or not} x {4in4, 6in4, 4in6, 6in6, no tunnel} x {port mapped or not}, both
# ways. Every byte must come back.
. "$(dirname "$0")/lib.sh"
. "$lab_root/tests/lab/backend-host.sh"
command -v clang >/dev/null && command -v ethtool >/dev/null || {
	echo "skipped: needs clang and ethtool"
	exit 77
}

lab_backend_host
ip -n peer route add $VIP/32 via 10.9.0.2
ip -n peer -6 route add $VIP6/128 via fd00:9::2
for family in 4 6; do
	clang -DOUTER=$family -O2 -g -target bpf -mcpu=v3 -idirafter "/usr/include/$(uname -m)-linux-gnu" \
		-c "$lab_root/tests/lab/backend_encap.bpf.c" -o $LAB/encap$family.o
done
cat >$LAB/backend.yaml <<-YAML
	interfaces: [eth0]
	balancers: [10.9.0.1, "fd00:9::1"]
	pin: $LAB/bpf/host
	vips:
	  - {address: $VIP, protocol: tcp, port: 443, target_port: 3080}
	  - {address: $VIP, protocol: udp, port: 53, target_port: 5353}
	  - {address: $VIP, protocol: tcp, port: 81}
	  - {address: $VIP, protocol: udp, port: 54}
	  - {address: $VIP6, protocol: tcp, port: 443, target_port: 3080}
	  - {address: $VIP6, protocol: udp, port: 53, target_port: 5353}
	  - {address: $VIP6, protocol: tcp, port: 81}
	  - {address: $VIP6, protocol: udp, port: 54}
YAML
lab_start agent-host host "$fulcrum_backend" -c $LAB/backend.yaml
lab_wait_for "grep -q ready $LAB/agent-host.log" 10 "the agent"
lab_start server host python3 "$lab_root/tests/lab/backend_matrix.py" serve $VIP $VIP6
lab_wait_for "grep -q listening $LAB/server.log" 10 "the server"

# balance [FAMILY]: the outer header from now on; none: direct server return
balance() {
	in_ns peer tc qdisc del dev eth0 clsact 2>/dev/null || true
	[ -n "$1" ] || return 0
	in_ns peer tc qdisc add dev eth0 clsact
	in_ns peer tc filter add dev eth0 egress bpf da obj $LAB/encap$1.o sec tc
}

for checksum in on off; do
	for segments in gso plain; do
		gso=on
		[ $segments = gso ] || gso=off
		for namespace in peer host; do
			in_ns $namespace ethtool -K eth0 tx $checksum >/dev/null 2>&1
			in_ns $namespace ethtool -K eth0 tso $gso gso $gso gro $gso >/dev/null 2>&1 || true
		done
		for outer in 4 6 ""; do
			balance "$outer"
			status=0
			in_ns peer python3 "$lab_root/tests/lab/backend_matrix.py" ask $segments $VIP $VIP6 >$LAB/said || status=$?
			sed "s/: \([46]\) /: \1in${outer:-nothing}, $segments, checksums by the NIC $checksum, /" $LAB/said
			[ $status -eq 0 ] || failed=yes
		done
	done
done
in_ns host "$fulcrum_backend" --status -c $LAB/backend.yaml >$LAB/status
lab_check "every case" test -z "${failed:-}"
lab_check "the kernel refused nothing" grep -q '^failed  *0 ' $LAB/status
lab_end
