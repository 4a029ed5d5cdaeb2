#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A backend without an agent, by the script of 'fulcrumctl backend-setup': ports mapped both ways
# under direct server return, TCP and UDP, both families; a look at the host finds what is taken
# away. (Tunnels: tests/appliance/backend.sh.)
. "$(dirname "$0")/lib.sh"

lab_begin
lab_backends 1 dsr
in_ns b1 nft list tables >/dev/null 2>&1 || {
	echo "skipped: this kernel has no nf_tables"
	exit 77
}
ip -n b1 addr flush dev lo scope global
in_ns b1 sysctl -q net.ipv4.conf.all.arp_ignore=0 net.ipv4.conf.all.arp_announce=0 net.ipv4.conf.all.rp_filter=1
cat >$LAB/pools.yaml <<-YAML
	services:
	  - {name: web, vip: $VIP, protocol: tcp, port: 443, target_port: 3080, forwarding: dsr, pool: near}
	  - {name: web6, vip: "$VIP6", protocol: tcp, port: 443, target_port: 3080, forwarding: dsr, pool: near6}
	  - {name: names, vip: $VIP, protocol: udp, port: 53, target_port: 5353, forwarding: dsr, pool: near}
	pools:
	  - name: near
	    health: &probe {type: tcp, port: 80, interval: 1s, timeout: 1s}
	    backends: [{name: b1, address: 10.0.0.11}]
	  - {name: near6, health: *probe, backends: [{name: b1, address: "fd00:10::11"}]}
YAML

setup() {
	in_ns b1 "$fulcrumctl" backend-setup --backend b1 -f $LAB/pools.yaml "$@"
}

# Without nft in PATH nothing is changed, and both the script and the look say what is missing.
run_without_nft() {
	local status=0
	mkdir -p $LAB/bin
	for program in ip awk cat sh sysctl mkdir ss ethtool; do
		ln -sf "$(command -v $program)" $LAB/bin/$program
	done
	state >$LAB/before
	setup >$LAB/setup.sh
	in_ns b1 env PATH=$LAB/bin sh $LAB/setup.sh >$LAB/said 2>&1 || status=$?
	lab_check "without nft the script ends before it changes anything" test $status -eq 1
	lab_check "and says so" grep -q "this host lacks nft, .*apt-get install nftables" $LAB/said
	state >$LAB/after
	lab_check "not one setting" cmp $LAB/before $LAB/after
	in_ns b1 env PATH=$LAB/bin "$fulcrumctl" backend-setup --backend b1 -f $LAB/pools.yaml --check >$LAB/said 2>&1 || true
	lab_check "a look names it, too" grep -q "^missing  nft" $LAB/said
}

run_setup() {
	setup "$@" >$LAB/setup.sh
	in_ns b1 sh $LAB/setup.sh
}

state() {
	ip -n b1 -o addr show
	in_ns b1 nft list ruleset
	in_ns b1 sh -c 'cd /proc/sys/net/ipv4; grep . conf/*/arp_ignore conf/*/arp_announce conf/*/rp_filter tcp_mtu_probing'
}

# misses 'what' command...: takes it away, sees it named, and mends it by the command that is named.
misses() {
	local what=$1 status=0
	shift
	in_ns b1 "$@" >/dev/null
	setup --check >$LAB/said || status=$?
	lab_check "missed: $what" test $status -eq 1 -a "$(lab_count "^missing  .*$what" $LAB/said)" -ge 1
	sed -n 's/^         //p' $LAB/said >$LAB/mend.sh
	in_ns b1 sh $LAB/mend.sh >/dev/null
	setup --check >$LAB/said || lab_fail "the command for '$what' does not mend it"
}

rule() { # MARK: the chain and the handle of that rule
	in_ns b1 nft -a list table inet fulcrum_backend | awk -v mark="comment \"$1\"" \
		'$1 == "chain" { chain = $2 } index($0, mark) { print chain " handle " $NF }'
}

answers_udp() { # [no_check]: whether a datagram to port 53 is answered from there
	in_ns client python3 - $VIP "${1:-}" <<-'PY'
		import socket, sys
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		if sys.argv[2]:
		    s.setsockopt(socket.SOL_SOCKET, 11, 1)  # SO_NO_CHECK
		s.connect((sys.argv[1], 53))
		s.settimeout(3)
		s.send(b"who")
		sys.exit(s.recv(64) != b"b1")
	PY
}

state >$LAB/before
run_without_nft
lab_check "the script runs" run_setup
lab_check "and once more" run_setup
lab_nginx b1 "listen 3080 ssl; listen [::]:3080 ssl;"
lab_start names b1 python3 "$lab_root/tests/lab/udp.py" serve $VIP 5353 b1
lab_wait_for "grep -q ready $LAB/names.log" 10 "the server of datagrams"
setup --check >$LAB/said || lab_fail "a look at the host misses something: $(cat $LAB/said)"
lab_say "ok: a look at the host: $(tail -n 1 $LAB/said)"
lab_fulcrumd
lab_check "the pools are applied" ctl apply -f $LAB/pools.yaml
lab_wait_for "! ctl show backends | grep -qv -e ' up ' -e HEALTH" 20 "both backends up"
in_ns b1 nft 'add table inet other; add chain inet other c { type filter hook input priority 0; }
	add rule inet other c ip daddr 203.0.113.10 tcp dport 443 drop; add rule inet other c ct state new counter'
lab_check "port 443 leads to 3080 alone" test "$(lab_get)" = b1
lab_check "in IPv6, too" test "$(lab_get "[$VIP6]")" = b1
lab_check "a datagram is answered" answers_udp
lab_check "one without a checksum, too" answers_udp no_check
lab_check "no connection to the VIP is tracked" in_ns b1 sh -c "! grep -q $VIP /proc/net/nf_conntrack 2>/dev/null"
in_ns b1 nft delete table inet other

for mark in "in web $VIP 443 to 3080" "out web $VIP 3080 to 443" "out names $VIP untracked" \
	"in names $VIP 53 to 5353, no checksum" "in web6 $VIP6 443 to 3080"; do
	# shellcheck disable=SC2046 # a chain, and its handle
	misses "nft rule '$mark'" nft delete rule inet fulcrum_backend $(rule "$mark")
done
misses "nft chain out" nft delete table inet fulcrum_backend
misses "VIP $VIP on lo" ip addr del $VIP/32 dev lo
misses "VIP $VIP6 on lo" ip addr del $VIP6/128 dev lo
misses "arp_ignore is 1" sysctl -q net.ipv4.conf.all.arp_ignore=0
misses "arp_announce is 2" sysctl -q net.ipv4.conf.all.arp_announce=0
misses "tcp_mtu_probing is 1" sysctl -q net.ipv4.tcp_mtu_probing=0
misses "mapped UDP: eth0 finishes checksums" ethtool -K eth0 tx off
misses "rp_filter of eth0 lets clients in" sysctl -q net.ipv4.conf.eth0.rp_filter=1
lab_check "what was mended answers" test "$(lab_get)" = b1
lab_stop names
setup --check >$LAB/said || true
lab_check "a server that is not there is missed" grep -q '^missing  service names: a server on UDP port 5353' $LAB/said

# A reload of the host's own rules takes ours along: seen, and mended by what the units of the guide
# run.
in_ns b1 nft flush ruleset
status=0
setup --check >$LAB/said || status=$?
lab_check "after 'flush ruleset': seen" test $status -eq 1 -a "$(lab_count '^missing  nft chain in' $LAB/said)" -eq 1
setup >$LAB/setup.sh
lab_check "the script once more" in_ns b1 sh $LAB/setup.sh
lab_check "serves again" test "$(lab_get)" = b1

lab_check "the undoing runs" run_setup --undo
state >$LAB/after
lab_check "and leaves the host as it was" diff $LAB/before $LAB/after

# What was there before stays, and so does what somebody changed since.
ip -n b1 addr add $VIP/32 dev lo
state >$LAB/before
lab_check "the script with a VIP that is there" run_setup
lab_check "and once more, as after a crash" in_ns b1 sh $LAB/setup.sh
in_ns b1 sysctl -q net.ipv4.conf.all.arp_ignore=2
run_setup --undo >$LAB/said
lab_check "arp_ignore stays what an administrator made of it" \
	test "$(in_ns b1 sysctl -n net.ipv4.conf.all.arp_ignore)" = 2
lab_check "and that is said" grep -q '^net/ipv4/conf/all/arp_ignore stays 2: somebody changed it' $LAB/said
in_ns b1 sysctl -q net.ipv4.conf.all.arp_ignore=0
state >$LAB/after
lab_check "the VIP that was there before is there, and all else is as it was" diff $LAB/before $LAB/after
lab_end
