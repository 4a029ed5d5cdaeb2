#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# An ssh session and a 200 MB scp through the cluster's port 3023 live through: a proxy added, their
# own proxies drained, the balancer restarted.
. "$(dirname "$0")/lib.sh"
. "$lab_root/tests/lab/teleport-cluster.sh"

ROUTING=off
MEGABYTES=200
RATE=60000 # kbit/s, which keeps scp busy for longer than a phase of this story takes

# --- The two that live ---

begin_session() {
	rm -f $LAB/typed $LAB/session.log
	mkfifo $LAB/typed
	exec 7<>$LAB/typed
	in_ns client ssh "${teleport_ssh_options[@]}" "${teleport_ssh_route[@]}" root@$domain \
		'echo "at $PROXY"; while read -r line && [ "$line" != bye ]; do echo "$line"; done' <$LAB/typed >$LAB/session.log 2>&1 7>&- &
	lab_pids[session]=$!
	lab_wait_for "grep -q '^at ' $LAB/session.log" 20 "the session begins"
	session_at=$(sed -n 's/^at //p' $LAB/session.log)
}

begin_scp() {
	rm -f $LAB/received
	in_ns client scp -q -l $RATE "${teleport_ssh_options[@]}" "${teleport_ssh_route[@]}" $LAB/file root@$domain:$LAB/received &
	lab_pids[scp]=$!
	lab_wait_for "[ -s $LAB/received ]" 20 "scp begins"
}

# Asked by and by, so that it is the path that is asked and not a buffer.
session_lives() { # 'after what'
	echo "$1" >&7
	lab_wait_for "grep -q '^$1$' $LAB/session.log" 30 "the session answers, $1"
	lab_say "ok: the session answers, $1"
}

scp_lives() { # 'after what'
	local before
	lab_check "scp is still at work, $1" lab_alive scp
	before=$(stat -c %s $LAB/received)
	lab_wait_for "[ \$(stat -c %s $LAB/received) -gt $before ]" 30 "scp goes on, $1"
	lab_say "ok: scp goes on, $1: $((before / 1000000)) MB until then"
}

both_end() {
	local status=0
	wait ${lab_pids[scp]} || status=$?
	unset "lab_pids[scp]"
	lab_check "scp has ended well" test $status -eq 0
	lab_check "and $MEGABYTES MB are there, byte for byte" cmp $LAB/file $LAB/received
	session_lives "at the end"
	echo bye >&7
	wait ${lab_pids[session]} || lab_fail "the session did not end well"
	unset "lab_pids[session]"
	exec 7>&-
}

# Where connections to port 3023 are.
proxies_in_use() {
	ctl flows --service proxy-ssh -o json | python3 -c 'import json, sys
print(*sorted({flow["backend"] for flow in json.load(sys.stdin)["flows"] if flow["state"] == "established"}))'
}

change_and_apply() {
	teleport_render
	teleport_apply
}

# --- The story ---

lab_begin
teleport_secrets
head -c ${MEGABYTES}M /dev/urandom >$LAB/file
for name in p1 p2 p3 p4; do
	teleport_proxy $name
done
PROXIES="p1 p2 p3 p4" teleport_render
teleport_agents p1 p2 p3 p4
lab_fulcrumd
change_and_apply
teleport_dns
teleport_ssh_way

begin_session
begin_scp
lab_say "the session is at $session_at; in use: $(proxies_in_use)"
PROXIES="p1 p2 p3 p4"
change_and_apply
session_lives "after a proxy was added"
scp_lives "after a proxy was added"
used=$(proxies_in_use)
for name in $used; do
	state_of[$name]=draining
done
change_and_apply
session_lives "after $used were drained"
scp_lives "after $used were drained"
for k in {1..20}; do
	teleport_ssh 'echo $PROXY'
done >$LAB/logins
lab_check "of 20 new logins all succeed" test "$(wc -l <$LAB/logins)" -eq 20
for name in $used; do
	lab_check "and none is at $name, which is drained" test "$(lab_count "^$name$" $LAB/logins)" -eq 0
done
both_end

# A restart loses the flow table: what began before the last change is found by the table before it.
state_of=()
PROXIES="p1 p2 p3"
change_and_apply
begin_session
begin_scp
PROXIES="p1 p2 p3 p4"
state_of[$session_at]=draining
change_and_apply
session_lives "after one change added a proxy and drained $session_at"
begun=$(now_ms)
lab_stop fulcrumd
lab_fulcrumd
lab_say "the balancer is back after $(($(now_ms) - begun)) ms"
session_lives "after the restart of the balancer"
scp_lives "after the restart of the balancer"
lab_wait_for "teleport_all ctl up" 30 "every port of every proxy is up again"
both_end
lab_end
