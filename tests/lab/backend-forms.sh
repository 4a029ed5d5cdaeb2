#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A backend host alone on a cable: every form in which a packet can reach it is answered from the
# VIP and its public port, with an MSS that fits the tunnel and checksums that scapy agrees with.
. "$(dirname "$0")/lib.sh"
. "$lab_root/tests/lab/backend-host.sh"
/usr/bin/python3 -c 'import scapy' 2>/dev/null && command -v ethtool >/dev/null || {
	echo "skipped: needs scapy and ethtool"
	exit 77
}

lab_backend_host
ip -n host route add default via 10.9.0.1
ip -n host -6 route add default via fd00:9::1
ip -n peer addr add 10.9.0.40/24 dev eth0 # a client in the host's own network
# A checksum that is left to the NIC would be finished by nobody here.
in_ns host ethtool -K eth0 tx off >/dev/null

cat >$LAB/backend.yaml <<-YAML
	interfaces: [eth0]
	pin: $LAB/bpf/host
	balancers: [10.9.0.1, "fd00:9::1"]
	allow_sources: [10.9.0.40]
	vips:
	  - {address: $VIP, protocol: tcp, port: 443, target_port: 3080}
	  - {address: $VIP, protocol: tcp, port: 444, target_port: 3081, mss: 1300}
	  - {address: $VIP, protocol: tcp, port: 8080}
	  - {address: $VIP6, protocol: tcp, port: 8080}
	  - {address: $VIP, protocol: udp, port: 53, target_port: 5353}
	  - {address: $VIP, protocol: udp, port: 54, target_port: 5454}
	  - {address: $VIP6, protocol: tcp, port: 443, target_port: 3080}
	  - {address: $VIP6, protocol: tcp, port: 444, target_port: 3081, mss: 1300}
	  - {address: $VIP6, protocol: udp, port: 53, target_port: 5353}
	  - {address: $VIP6, protocol: udp, port: 54, target_port: 5454}
YAML
lab_backend_serve 3080 3081 8080 udp:5353

mac=$(in_ns host cat /sys/class/net/eth0/address)
in_ns peer /usr/bin/python3 "$lab_root/tests/lab/backend_forms.py" "$mac"

lab_check "the server's socket learned of the smaller path (IPv4)" \
	grep -q 'mtu 1300' <(ip -n host route get 198.51.100.7 from $VIP)
lab_check "the server's socket learned of the smaller path (IPv6)" \
	grep -q 'mtu 1300' <(ip -n host -6 route get fd00:100::7 from $VIP6)

in_ns host "$fulcrum_backend" --status -c $LAB/backend.yaml >$LAB/status
counted() {
	grep -Eq "$1" $LAB/status
}
lab_check "status: what is no VIP's is counted" counted '^not_vip +1 '
lab_check "status: a cut inner packet is counted" counted '^malformed +2 '
lab_check "status: an outer fragment is counted" counted '^fragment +1 '
lab_check "status: congestion that cannot be told is dropped and counted" counted '^congested +4 '
lab_check "status: a stranger's tunnel packet is dropped and counted" counted '^stranger +1 '
# 4 tunnels: 2 ports, UDP and TCP; a redirect and a neighbour's advertisement.
lab_check "status: ports that the file does not name" counted '^no_port +18 '
# 4 tunnels: 7 sources that are no client's.
lab_check "status: sources that can be no client's" counted '^own_source +28 '
lab_check "status: the kernel refused nothing" counted '^failed +0 '
lab_check "status: packets by VIP and port" counted "^$VIP +tcp +443 +3080 +14[0-9]0 +[1-9]"
lab_check "status: the MSS was lowered" counted "^$VIP +tcp +444 +3081 +1300 .* 5 +0$"
lab_check "status: quoted ports were mapped" counted "^$VIP6 +.* [1-9][0-9]*$"
lab_end
