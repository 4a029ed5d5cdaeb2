#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A backend with Debian's own kernel, set up by nothing but the script that 'fulcrumctl
# backend-setup' printed: tunnels of both families, ports and MSS as promised, and a look at the
# host that misses nothing. Then the same host with the agent.
. "$(dirname "$0")/../lab/lib.sh"
. "$lab_root/tests/appliance/machine.sh"

VIP_BY_SIX=203.0.113.11
VIP6_BY_SIX=2001:db8:1::11

# Four services, so that every pair of outer and inner family is there.
pools() {
	local family
	printf 'services:\n'
	printf '  - {name: %s, vip: "%s", protocol: tcp, port: 443, target_port: 3080, pool: %s}\n' \
		4-in-4 $VIP four 6-in-4 $VIP6 four 4-in-6 $VIP_BY_SIX six 6-in-6 $VIP6_BY_SIX six
	printf 'pools:\n'
	for family in four:10.0.1.11 six:fd00:11::11; do
		printf '  - name: %s\n    health: {type: tcp, port: 3080, interval: 2s, timeout: 2s}\n' "${family%%:*}"
		printf '    backends: [{name: b1, address: "%s"}]\n' "${family#*:}"
	done
}

# get VIP [curl arguments]: the page, by the public port.
get() {
	local host=$1
	shift
	[[ $host != *:* ]] || host="[$host]"
	in_ns client curl -gsf --max-time "${LAB_TIMEOUT:-10}" "$@" "http://$host:443/"
}

answers() {
	[ "$(get "$@")" = "this is b1" ]
}

# announces MSS VIP: what the client's SYN is answered with.
announces() {
	local family=ip
	[[ $2 != *:* ]] || family=ip6
	lab_capture synack client eth0 "$family and src host $2 and tcp"
	answers "$2"
	lab_wait_for "grep -q 'Flags \[S\.\]' $LAB/synack.log" 5 "a SYN-ACK of $2"
	lab_stop synack
	grep -q "\.443 > .*Flags \[S\.\].*mss $1," $LAB/synack.log
}

# A request of 30 KB: the client's packets are as large as the tunnel takes, and none is cut or
# refused.
large_requests_pass() {
	answers "$1" -H "X-Fill: $(head -c 30000 /dev/zero | tr '\0' x)"
}

check_all() {
	local row vip mss
	for row in $VIP,1440 $VIP6,1420 $VIP_BY_SIX,1420 $VIP6_BY_SIX,1400; do
		IFS=, read -r vip mss <<<"$row"
		lab_wait_for "LAB_TIMEOUT=3 answers $vip" 60 "$1: port 443 of $vip leads to the server's 3080"
		lab_check "$1: $vip announces $mss" announces "$mss" "$vip"
		lab_check "$1: a large request to $vip passes" large_requests_pass "$vip"
	done
	lab_check "$1: the server sees the client's own address" in_machine "journalctl -u web | grep -q '$CLIENT '"
	lab_check "$1: and the other family's" in_machine "journalctl -u web | grep -q 'fd00:100::7 '"
}

# What the setup may change, without what a module brings when it is loaded.
state() {
	in_machine 'ip -o addr show; ip -br link | grep -vE "^(tunl0|sit0|ip6tnl0)@"; nft list ruleset
		cd /proc/sys/net/ipv4; grep . conf/all/arp_ignore conf/all/arp_announce tcp_mtu_probing'
}

lab_begin
ip -n router route add $VIP_BY_SIX/32 via $BALANCER
ip -n router -6 route add $VIP6_BY_SIX/128 via fd00:10::2
pools >$LAB/pools.yaml
ctl backend-setup --backend b1 -f $LAB/pools.yaml >$LAB/setup.sh
ctl backend-setup --undo --backend b1 -f $LAB/pools.yaml >$LAB/undo.sh

machine_tap vm1 br-be
begun=$(now_ms)
machine_start b1 512 1 "" -netdev tap,id=n1,ifname=vm1,script=no,downscript=no \
	-device virtio-net-pci,netdev=n1,mac=52:54:00:00:00:21,romfile=
lab_say "the machine is up after $(($(now_ms) - begun)) ms"
in_machine sh -e <<-'SH'
	ip link set eth1 up
	ip addr add 10.0.1.11/24 dev eth1
	ip addr add fd00:11::11/64 dev eth1 nodad
	ip route add default via 10.0.1.1
	ip -6 route add default via fd00:11::1
	mkdir -p /srv/www
	echo "this is b1" >/srv/www/index.html
	systemd-run -q --unit web -E PYTHONUNBUFFERED=1 python3 -m http.server 3080 --bind :: --directory /srv/www
SH
for file in pools.yaml setup.sh undo.sh; do
	in_machine "cat >/root/$file" <$LAB/$file
done
lab_fulcrumd
lab_check "the pools are applied" ctl apply -f $LAB/pools.yaml
lab_wait_for "lab_backend_is b1 health up" "$machine_patience" "b1 up"

in_machine "nft 'add table inet firewall; add chain inet firewall c { type filter hook input priority 0; }
	add rule inet firewall c ct state new accept'"
state >$LAB/before
lab_check "without the script nobody answers" test "$(LAB_TIMEOUT=2 get $VIP || true)" = ""
lab_check "the script runs" in_machine sh /root/setup.sh
check_all script
lab_check "it runs once more" in_machine sh /root/setup.sh
in_machine "ip link set tunl0 up; cat /sys/class/net/tunl0/statistics/rx_packets" >$LAB/fallback
lab_check "the kernel's own tunnel device takes nothing away" answers $VIP
lab_check "not a packet" test "$(in_machine 'cat /sys/class/net/tunl0/statistics/rx_packets; ip link set tunl0 down')" = \
	"$(cat $LAB/fallback)"
lab_check "connections to a VIP are not tracked, where others are" in_machine "grep -q dport=22 /proc/net/nf_conntrack && ! grep -q 203.0.113 /proc/net/nf_conntrack"

lab_check "each thing that is taken away is missed, and comes back" in_machine "sh -s" <"$lab_root/tests/appliance/taken_away.sh"
check_all mended
lab_check "the undoing runs" in_machine sh /root/undo.sh
state >$LAB/after
lab_check "and leaves the host as it was" diff $LAB/before $LAB/after
lab_check "nobody answers any more" test "$(LAB_TIMEOUT=2 get $VIP || true)" = ""

in_machine "cat >/etc/fulcrum/backend.yaml" <<-YAML
	interfaces: [eth1]
	balancers: [$BALANCER, "fd00:10::2"]
	tunnel_addresses: [10.0.1.11, "fd00:11::11"]
	vips:
	  - {address: $VIP, protocol: tcp, port: 443, target_port: 3080}
	  - {address: "$VIP6", protocol: tcp, port: 443, target_port: 3080}
	  - {address: $VIP_BY_SIX, protocol: tcp, port: 443, target_port: 3080}
	  - {address: "$VIP6_BY_SIX", protocol: tcp, port: 443, target_port: 3080}
YAML
lab_check "systemd starts the agent" in_machine systemctl start fulcrum-backend ||
	in_machine journalctl -u fulcrum-backend -n 30 --no-pager
check_all agent
lab_check "it says that all filters are in place" in_machine fulcrum-backend --status
lab_end
