#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What happens around a running agent: its interface is renamed, settings and addresses are changed
# by somebody, another program comes ahead of its filter, a second agent is started, it is killed.
# All of it is seen, said and answered, and at the end the host is what it was, with what others
# changed left as they changed it.
. "$(dirname "$0")/lib.sh"
. "$lab_root/tests/lab/backend-host.sh"

lab_backend_host
ip -n peer route add $VIP/32 via 10.9.0.2
ip -n peer -6 route add $VIP6/128 via fd00:9::2
pin=$LAB/bpf/host
log=$LAB/agent.log
cat >$LAB/backend.yaml <<-YAML
	interfaces: [eth0]
	balancers: [10.9.0.1, "fd00:9::1"]
	pin: $pin
	vips:
	  - {address: $VIP, protocol: tcp, port: 443, target_port: 3080}
	  - {address: $VIP6}
YAML
lab_start server host python3 "$lab_root/tests/lab/backend_server.py" 3080
lab_wait_for "grep -q listening $LAB/server.log" 10 "the server"

agent() {
	in_ns host "$fulcrum_backend" "$@"
}

start_agent() {
	: >$log
	lab_start agent host "$fulcrum_backend" -c $LAB/backend.yaml "$@"
	lab_wait_for "grep -q ready $log || ! lab_alive agent" 10 "the agent"
	lab_alive agent || lab_fail "the agent ended"
}

# status_is STATUS: how --status ends; its words in $LAB/said
status_is() {
	local status=0
	agent --status --pin $pin >$LAB/said 2>&1 || status=$?
	[ $status -eq "$1" ]
}

# refused 'sentence' arguments...: the agent does not start, and says so
refused() {
	local sentence=$1 status=0
	shift
	timeout 20 ip netns exec host "$fulcrum_backend" "$@" >$LAB/said 2>&1 || status=$?
	[ $status -eq 1 ] && grep -q "$sentence" $LAB/said
}

serves() {
	in_ns peer python3 -c 'import socket, sys
with socket.create_connection((sys.argv[1], 443), 5) as peer:
    sys.exit(not peer.recv(64))' $VIP
}

# Everything that an agent may have changed, by the name that the interface has.
host_state() {
	in_ns host tc qdisc show dev "$1" | sed "s/ $1 / X /"
	in_ns host tc filter show dev "$1" ingress
	in_ns host tc filter show dev "$1" egress
	ip -n host -o addr show dev lo
	in_ns host cat /proc/sys/net/ipv4/conf/$1/arp_ignore /proc/sys/net/ipv4/conf/$1/arp_announce
	ls $LAB/bpf
}

key=/proc/sys/net/ipv4/conf/eth0/arp_ignore
host_state eth0 >$LAB/before

# --- A name is no interface ---
start_agent
lab_check "it serves" serves
ip -n host link set eth0 down
ip -n host link set eth0 name lan0
ip -n host link set lan0 up
lab_wait_for "grep -q 'eth0: the interface is called lan0 by now' $log" 20 "the new name is said"
ip -n host -6 addr replace fd00:9::2/64 dev lan0 nodad
lab_check "renamed: it serves" serves
lab_wait_for "status_is 0" 20 "all is in place under the new name"
lab_check "--status has the new name" grep -q '^lan0 *attached *attached' $LAB/said
in_ns host tc filter del dev lan0 ingress
lab_wait_for "grep -q 'lan0: 1 of 2 filters were gone' $log" 20 "a lost filter is put back"
ip link add eth0 netns host type veth peer name other netns peer # another one, under the former name
lab_check "a newcomer under the former name stays as it is" \
	test -z "$(in_ns host tc filter show dev eth0 ingress)" -a "$(in_ns host cat $key)" = 0
ip -n host link del eth0
lab_stop agent
lab_check "renamed: a stop takes everything back" diff $LAB/before <(host_state lan0)
start_agent_fails() { refused "there is no interface 'eth0'" -c $LAB/backend.yaml; }
lab_check "the former name is unknown" start_agent_fails
ip -n host link set lan0 down
ip -n host link set lan0 name eth0
ip -n host link set eth0 up
ip -n host -6 addr replace fd00:9::2/64 dev eth0 nodad

# Renamed while nobody watches: whoever comes says so, and --detach takes it back.
start_agent --persist
lab_stop agent
ip -n host link set eth0 down
ip -n host link set eth0 name lan0
ip -n host link set lan0 up
lab_check "left in place and renamed: still attached" status_is 0
lab_check "a start by the former name says the new one" \
	refused "no interface 'eth0': it is called 'lan0' by now" -c $LAB/backend.yaml
lab_check "and leaves what was there" status_is 0
lab_check "--detach finds it" agent --detach --pin $pin
lab_check "and takes everything back" diff $LAB/before <(host_state lan0)
ip -n host link set lan0 down
ip -n host link set lan0 name eth0
ip -n host link set eth0 up

# --- What is watched ---
start_agent
in_ns host sh -c "echo 0 >$key"
lab_wait_for "[ \"\$(in_ns host cat $key)\" = 1 ]" 20 "arp_ignore is set again"
lab_check "and said" grep -q 'arp_ignore is now 1 (was 0)' $log
kill -STOP "${lab_pids[agent]}"
in_ns host sh -c "echo 0 >$key; echo 0 >${key%ignore}announce"
ip -n host addr del $VIP/32 dev lo
lab_check "nobody puts it back: --status ends with 1" status_is 1
for fault in 'eth0: arp_ignore is 0, not 1' 'eth0: arp_announce is 0, not 2' "^$VIP is not on lo"; do
	lab_check "and says: $fault" grep -q "$fault" $LAB/said
done
kill -CONT "${lab_pids[agent]}"
lab_wait_for "status_is 0" 20 "all of it is back"

all=(bpf bytecode '1,6 0 0 4294967295,' classid 1:1) # takes every packet, and so ends the chain
# ahead 'as filters_ahead names it' command...: what comes ahead is seen by both
ahead() {
	local name=$1
	shift
	in_ns host "$@"
	lab_check "ahead, $name: --status ends with 1" status_is 1
	lab_check "ahead, $name: and says so" grep -q "ahead of our filter .*filters_ahead: \[$name\]" $LAB/said
	lab_wait_for "grep -q 'filters_ahead: \[$name\]' $log" 20 "the agent says it, too"
}
ahead 7 tc filter add dev eth0 ingress pref 7 "${all[@]}"
lab_check "the VIP is dead: that program ended the chain" eval '! serves'
ahead "6, 7" tc filter add dev eth0 ingress pref 6 "${all[@]}"
in_ns host tc filter del dev eth0 ingress pref 6
in_ns host tc filter del dev eth0 ingress pref 7
lab_wait_for "status_is 0" 20 "it is gone again"
ahead 8 tc filter add dev eth0 egress protocol ip pref 8 "${all[@]}"
in_ns host tc filter del dev eth0 egress pref 8
if command -v clang >/dev/null && command -v bpftool >/dev/null; then
	clang -O2 -g -target bpf -mcpu=v3 -idirafter "/usr/include/$(uname -m)-linux-gnu" \
		-c "$lab_root/tests/lab/ahead.bpf.c" -o $LAB/ahead.o
	bpftool prog loadall $LAB/ahead.o $LAB/bpf/ahead
	ahead xdp bpftool net attach xdpgeneric pinned $LAB/bpf/ahead/drop_ipv4 dev eth0
	lab_check "the VIP is dead: XDP drops its packets" eval '! serves 2>/dev/null'
	in_ns host bpftool net detach xdpgeneric dev eth0
	lab_wait_for "status_is 0 && serves" 20 "it is gone again"
	tcx_end_chain() {
		lab_start tcx host python3 "$lab_root/tests/lab/tcx.py" $LAB/bpf/ahead/end_chain eth0 ingress
		lab_wait_for "grep -q attached $LAB/tcx.log || ! lab_alive tcx" 10 "a program on tcx"
	}
	if tcx_end_chain && lab_alive tcx; then
		ahead tcx true
		lab_check "the VIP is dead: tcx ended the chain" eval '! serves 2>/dev/null'
		lab_stop tcx KILL
		lab_wait_for "status_is 0 && serves" 20 "it is gone again"
	else
		lab_say "skipped: this kernel has no tcx"
		unset 'lab_pids[tcx]'
	fi
	rm -r $LAB/bpf/ahead
fi
in_ns host tc filter add dev eth0 ingress pref 2000 "${all[@]}"
in_ns host tc filter add dev eth0 ingress protocol arp pref 9 "${all[@]}"
lab_check "what runs later, or sees no IP, is nobody's fault" status_is 0
in_ns host tc filter del dev eth0 ingress pref 2000
in_ns host tc filter del dev eth0 ingress pref 9
ip -n host addr add $VIP/24 dev eth0
lab_wait_for "grep -q 'a VIP is an address of an interface itself' $log" 20 "a VIP on the interface is said"
lab_wait_for "! status_is 0" 20 "and --status ends with 1"
ip -n host addr del $VIP/24 dev eth0
lab_wait_for "status_is 0" 20 "it is gone again"
ip -n host addr flush dev eth0
lab_wait_for "grep -q 'no address that could be' $log" 20 "an interface without an address is said"
lab_wait_for "! status_is 0" 20 "and --status ends with 1"
ip -n host addr add 10.9.0.2/24 dev eth0
ip -n host addr add fd00:9::2/64 dev eth0 nodad
lab_wait_for "status_is 0" 20 "it has addresses again"
ip -n host link set lo down
lab_wait_for "grep -q 'lo is down' $log" 20 "lo is down: said"
lab_check "and --status ends with 1" status_is 1
ip -n host link set lo up
lab_stop agent
lab_check "all is as it was" diff $LAB/before <(host_state eth0)

# A filter that lets packets go on may be ahead, if the file says so.
in_ns host tc qdisc add dev eth0 clsact
in_ns host tc filter add dev eth0 ingress pref 7 bpf bytecode '1,6 0 0 0,' classid 1:1
sed "s/^vips:/filters_ahead: [7, tcx, xdp]\nvips:/" $LAB/backend.yaml >$LAB/ahead.yaml
: >$log
lab_start agent host "$fulcrum_backend" -c $LAB/ahead.yaml
lab_wait_for "grep -q ready $log" 10 "the agent"
lab_check "named under filters_ahead: no fault" status_is 0
lab_check "and it serves" serves
lab_stop agent
in_ns host tc qdisc del dev eth0 clsact

# --- One agent an interface ---
start_agent
first=${lab_pids[agent]}
lab_check "a second one with another folder is refused, with the first one's process" \
	refused "eth0: another fulcrum-backend runs on this interface: process $first\$" \
	--interface eth0 --vip 203.0.113.99 --balancer 10.9.0.1 --pin $LAB/bpf/other
lab_check "with the same folder, too" refused "runs with this folder: process $first\$" -c $LAB/backend.yaml
lab_check "the first serves as before" serves
lab_check "and nothing of it was touched" status_is 0
lab_stop agent KILL
start_agent
lab_check "the lock died with its process" lab_alive agent
lab_stop agent
lab_check "all is as it was after a kill and a new start" diff $LAB/before <(host_state eth0)

# Anybody may take an abstract name: a user without rights keeps no agent from its interface.
index=$(in_ns host cat /sys/class/net/eth0/ifindex)
lab_start squatter host setpriv --reuid 65534 --clear-groups /usr/bin/python3 -c "import socket, time
s = socket.socket(socket.AF_UNIX)
s.bind('\0fulcrum-backend/interface/$index')
s.listen()
print('bound', flush=True)
time.sleep(600)"
lab_wait_for "grep -q bound $LAB/squatter.log" 10 "the name is taken"
start_agent
lab_check "the agent goes on without the lock, and says so" grep -q 'of user 65534 holds the lock' $log
lab_check "and serves" serves
lab_stop agent
lab_stop squatter KILL

# --- What was there before stays ---
ip -n host addr add $VIP/32 dev lo
in_ns host sh -c "echo 0 >$key"
host_state eth0 >$LAB/with
start_agent
in_ns host sh -c "echo 2 >$key" # by an administrator, meanwhile
lab_stop agent KILL
start_agent
lab_stop agent
lab_check "arp_ignore stays what somebody made of it" test "$(in_ns host cat $key)" = 2
lab_check "and that is said" grep -q 'eth0: arp_ignore stays 2: somebody changed it' $log
in_ns host sh -c "echo 0 >$key"
lab_check "the VIP that was there before is there" diff $LAB/with <(host_state eth0)
lab_end
