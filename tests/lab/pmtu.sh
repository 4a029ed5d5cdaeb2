#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Packets that fit the cable and not the tunnel: the client is told, from the VIP, and an upload
# completes. The agent leaves the MSS alone here, as a backend without it would.
. "$(dirname "$0")/lib.sh"

lab_begin
lab_upload_service

head -c 20M /dev/urandom >$LAB/big
sum=$(sha256sum <$LAB/big | cut -d ' ' -f 1)

# learns VIP MTU 'what tcpdump says of the message': the upload, and what it taught the client's
# kernel
learns() {
	local got
	ip -n client route flush cache
	ip -n client -6 route flush cache
	lab_capture capture client eth0 'icmp[0] == 3 or ip6[40] == 2'
	got=$(in_ns client curl -s --max-time 60 --cacert $LAB/tls.crt -T $LAB/big "https://$1/")
	lab_check "20 MB arrive at $1" test "$got" = "$sum"
	lab_check "the client's kernel knows of $2 bytes" sh -c "ip -n client route get ${1//[][]/} | grep -q 'mtu $2'"
	lab_wait_for "grep -q '$3' $LAB/capture.log" 5 "the message as it is meant"
	lab_check "and nobody else sent any" test "$(lab_count "> .*ICMP" $LAB/capture.log)" -eq "$(lab_count "$3" $LAB/capture.log)"
	lab_stop capture
}

learns $VIP 1480 "IP $VIP > $CLIENT: ICMP $VIP unreachable - need to frag (mtu 1480)"
learns "[$VIP6]" 1460 "IP6 $VIP6 > fd00:100::7: ICMP6, packet too big, mtu 1460"

# A narrower way to the backends: the kernel's route says so, and a new one says it anew.
ip -n router link set br-be mtu 1400
ip -n b1 link set eth0 mtu 1400
ip -n lb route add 10.0.1.0/24 via 10.0.0.1 mtu 1400
ip -n lb -6 route add fd00:11::/64 via fd00:10::1 mtu 1400
learns $VIP 1380 "IP $VIP > $CLIENT: ICMP $VIP unreachable - need to frag (mtu 1380)"
learns "[$VIP6]" 1360 "IP6 $VIP6 > fd00:100::7: ICMP6, packet too big, mtu 1360"

# Or the interface's, where the route has none; but never more than the port takes, whatever the
# route says.
ip -n lb route del 10.0.1.0/24
ip -n lb link set fulcrum0 mtu 1450
ip -n b1 link set eth0 mtu 1500
ip -n router link set br-be mtu 1500
learns $VIP 1430 "IP $VIP > $CLIENT: ICMP $VIP unreachable - need to frag (mtu 1430)"
ip -n lb link set fulcrum0 mtu 1500
ip -n lb route add 10.0.1.0/24 via 10.0.0.1 mtu 9000
learns $VIP 1480 "IP $VIP > $CLIENT: ICMP $VIP unreachable - need to frag (mtu 1480)"
lab_check "nothing was dropped for its size" test "$(lab_dropped too_big)" -eq 0

# A client that lets its packets be cut is told nothing: the backend puts them together. Even a
# route that is narrower than any network does not take the daemon with it.
ip -n client route flush cache
in_ns client sysctl -q net.ipv4.ip_no_pmtu_disc=1
lab_capture capture client eth0 'icmp[0] == 3'
got=$(in_ns client curl -s --max-time 60 --cacert $LAB/tls.crt -T $LAB/big "https://$VIP/")
lab_check "20 MB arrive in fragments" test "$got" = "$sum"
ip -n lb route replace 10.0.1.0/24 via 10.0.0.1 mtu 10
head -c 2M $LAB/big >$LAB/part
got=$(in_ns client curl -s --max-time 60 --cacert $LAB/tls.crt -T $LAB/part "https://$VIP/")
lab_check "2 MB arrive in small ones" test "$got" = "$(sha256sum <$LAB/part | cut -d ' ' -f 1)"
lab_check "and no message was sent" test "$(lab_count ICMP $LAB/capture.log)" -eq 0
lab_end
