#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The agent's life: attaches beside the filters of others, puts back what is taken from it, says how
# it is, and leaves a host as it found it; or leaves its filters, and the next one takes them over.
. "$(dirname "$0")/lib.sh"

lab_begin
lab_namespace peer
lab_namespace host
lab_cable peer eth0 host eth0
ip -n host addr add 10.9.0.2/24 dev eth0
pin=$LAB/bpf/host
cat >$LAB/backend.yaml <<-YAML
	interfaces: [eth0]
	balancers: [10.9.0.1, "fd00:9::1"]
	pin: $pin
	vips:
	  - {address: $VIP, protocol: tcp, port: 443, target_port: 3080}
	  - {address: $VIP6}
YAML
log=$LAB/agent.log

agent() {
	in_ns host "$fulcrum_backend" "$@"
}

# ends_with STATUS command...
ends_with() {
	local status=0
	"${@:2}" >$LAB/said 2>&1 || status=$?
	[ $status -eq "$1" ]
}

said() {
	grep -q "$1" $LAB/said
}

start_agent() {
	: >$log
	lab_start agent host "$@" "$fulcrum_backend" -c $LAB/backend.yaml
	lab_wait_for "grep -q ready $log || ! lab_alive agent" 10 "the agent"
	lab_alive agent || lab_fail "the agent ended"
}

start_persistent() {
	: >$log
	lab_start agent host "$fulcrum_backend" -c $LAB/backend.yaml --persist
	lab_wait_for "grep -q ready $log" 10 "the agent"
}

# Everything that an agent may have changed, as it is now.
host_state() {
	in_ns host tc qdisc show dev eth0
	in_ns host tc filter show dev eth0 ingress
	in_ns host tc filter show dev eth0 egress
	ip -n host -o addr show
	in_ns host sysctl net.ipv4.conf.eth0.arp_ignore net.ipv4.conf.eth0.arp_announce
	ls $LAB/bpf
}

is_as_before() {
	diff $LAB/before <(host_state)
}

filters() {
	in_ns host tc filter show dev eth0 "$1"
}

# Nobody has put anything on this interface yet.
lab_wait_for '! ip -n host addr show tentative | grep -q inet6' 10 "the host's addresses are settled"
host_state >$LAB/before
lab_check "no agent: --status ends with 3" ends_with 3 agent --status -c $LAB/backend.yaml
lab_check "no agent: --detach ends with 3" ends_with 3 agent --detach -c $LAB/backend.yaml
start_agent
lab_check "--status ends with 0" ends_with 0 agent --status -c $LAB/backend.yaml
lab_check "--status says running" said ': running'
lab_check "--status says attached" said '^eth0 *attached *attached'
lab_check "the automatic MSS is 1440 under an IPv4 header" said "^$VIP  *tcp  *443  *3080  *1440 "
lab_check "a second agent is refused" ends_with 1 agent -c $LAB/backend.yaml
lab_check "and says why" said 'another fulcrum-backend runs'
lab_check "--detach is refused while it runs" ends_with 1 agent --detach -c $LAB/backend.yaml
lab_check "ARP for the VIP is left to the balancer" \
	test "$(in_ns host sysctl -n net.ipv4.conf.eth0.arp_ignore)" = 1

# What is taken away comes back, and is said.
in_ns host tc filter del dev eth0 ingress
lab_wait_for "agent --status -c $LAB/backend.yaml" 20 "the filter is back"
lab_check "a lost filter is said" grep -q '1 of 2 filters were gone' $log
in_ns host tc qdisc del dev eth0 clsact
lab_wait_for "agent --status -c $LAB/backend.yaml" 20 "clsact and filters are back"
lab_check "lost filters are said" grep -q '2 of 2 filters were gone' $log
ip -n host addr del $VIP/32 dev lo
lab_wait_for "ip -n host addr show dev lo | grep -q $VIP" 20 "the VIP is back"
ip -n host link set eth0 mtu 1400
lab_wait_for "agent --status -c $LAB/backend.yaml | grep -q '^$VIP  *tcp  *443  *3080  *1340 '" 20 "the MSS follows the MTU"
ip -n host link set eth0 mtu 1500
lab_stop agent
lab_check "SIGTERM ends it with 0" test $lab_status -eq 0
lab_check "the host is as it was" is_as_before

# An interface that goes and comes again under its name is served again.
start_agent
ip -n host link del eth0
lab_wait_for "grep -q \"no interface 'eth0'\" $log" 20 "the loss is said"
lab_cable peer eth0 host eth0
ip -n host addr add 10.9.0.2/24 dev eth0
lab_wait_for "agent --status -c $LAB/backend.yaml" 20 "the new eth0 has filters"
lab_stop agent INT
lab_check "SIGINT ends it with 0" test $lab_status -eq 0

# Others have filters and addresses of their own; all of them stay.
in_ns host tc qdisc add dev eth0 clsact
in_ns host tc filter add dev eth0 ingress pref 7 handle 0x7 bpf bytecode '1,6 0 0 0,' classid 1:1
in_ns host tc filter add dev eth0 egress pref 1961 handle 0x7 bpf bytecode '1,6 0 0 0,' classid 1:1
ip -n host addr add $VIP/32 dev lo
host_state >$LAB/before
start_agent
lab_check "the other ingress filter is there beside ours" test "$(filters ingress | grep -c 'handle 0x')" -eq 2
lab_check "the other egress filter of the same priority, too" test "$(filters egress | grep -c 'handle 0x')" -eq 2
lab_stop agent
lab_check "clsact, filters and address of others are as they were" is_as_before
ip -n host addr del $VIP/32 dev lo
in_ns host tc qdisc del dev eth0 clsact

# A clsact of ours that others came to use stays for them.
start_agent
in_ns host tc filter add dev eth0 ingress pref 7 handle 0x7 bpf bytecode '1,6 0 0 0,' classid 1:1
lab_stop agent
lab_check "a filter that came later stays" test "$(filters ingress | grep -c 'handle 0x')" -eq 1
in_ns host tc qdisc del dev eth0 clsact

# Left in place, taken over, taken back.
host_state >$LAB/before
start_persistent
lab_stop agent
lab_check "--persist: it ends with 0" test $lab_status -eq 0
lab_check "its filters stay" ends_with 0 agent --status -c $LAB/backend.yaml
lab_check "--status says that nobody watches" said 'nobody watches'
start_agent
lab_check "the next one takes over" ends_with 0 agent --status -c $LAB/backend.yaml
lab_stop agent
lab_check "and takes all back" is_as_before
start_persistent
lab_stop agent KILL
lab_check "killed: filters stay" ends_with 0 agent --status -c $LAB/backend.yaml
sed -i "/VIP6\|$VIP6/d" $LAB/backend.yaml
start_persistent
lab_check "a VIP that is no longer configured goes" \
	test -z "$(ip -n host -6 addr show dev lo to $VIP6)"
lab_stop agent
lab_check "--detach takes it back" ends_with 0 agent --detach -c $LAB/backend.yaml
lab_check "and all is as it was" is_as_before

# A start that fails touches nothing that runs.
start_persistent
lab_stop agent
sed 's/eth0/eth9/' $LAB/backend.yaml >$LAB/wrong.yaml
lab_check "an interface that is none: 1" ends_with 1 agent -c $LAB/wrong.yaml
lab_check "and says so" said "no interface 'eth9'"
lab_check "what was left attached still is" ends_with 0 agent --status -c $LAB/backend.yaml
lab_check "--detach by folder alone" ends_with 0 agent --detach --pin $pin
lab_check "all is as it was" is_as_before

# The service manager hears of it; and three capabilities are enough.
lab_start listener host python3 -c "
import socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind('$LAB/notify')
print('bound', flush=True)
print(s.recv(64).decode(), flush=True)
print(s.recv(64).decode(), flush=True)"
lab_wait_for "grep -q bound $LAB/listener.log" 20 "the listener"
start_agent env NOTIFY_SOCKET=$LAB/notify setpriv --no-new-privs \
	--bounding-set -all,+net_admin,+bpf,+perfmon --inh-caps -all
lab_stop agent
lab_check "READY=1 is told" grep -qx READY=1 $LAB/listener.log
lab_check "STOPPING=1 is told" grep -qx STOPPING=1 $LAB/listener.log
lab_check "least privileges: all is as it was" is_as_before
unset 'lab_pids[listener]'
lab_end
