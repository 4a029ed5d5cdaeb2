#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A zone of proxies is cut off under logins, and then an auth server under etcdctl: within the time
# that the probes take nothing is lost any more but what was there.
. "$(dirname "$0")/lib.sh"
. "$lab_root/tests/lab/teleport-cluster.sh"

ROUTING=off
HEALTH="interval: 500ms, timeout: 400ms, rise: 1, fall: 3"
promise=1900 # fall x interval + timeout: 3 x 500 ms + 400 ms; a busy machine adds its own

# Until $LAB/enough is there: logins one after the other, each with the time when it began and the
# proxy, or 'failed'.
log_in_again_and_again() { # LOG
	local begun said
	until [ -e $LAB/enough ]; do
		begun=$(now_ms)
		said=$(teleport_ssh -o ConnectTimeout=10 -o ServerAliveInterval=3 -o ServerAliveCountMax=3 \
			'echo $PROXY' 2>>$LAB/ssh-errors.log) || said=failed
		echo "$begun $said" >>"$1"
	done
}

fetch_again_and_again() { # LOG
	local begun said
	until [ -e $LAB/enough ]; do
		begun=$(now_ms)
		said=$(teleport_curl --max-time 10 https://$domain/) || said=failed
		echo "$begun $said" >>"$1"
	done
}

put_again_and_again() { # LOG
	local begun said
	until [ -e $LAB/enough ]; do
		begun=$(now_ms)
		said=$(teleport_etcdctl p3 put key "$begun" 2>/dev/null) || said=failed
		echo "$begun $said" >>"$1"
	done
}

begin_load() { # NAME FUNCTION
	: >$LAB/load-$1.log
	"$2" $LAB/load-$1.log &
	lab_pids[load-$1]=$!
}

end_load() { # NAME...
	local name
	touch $LAB/enough
	for name; do
		wait ${lab_pids[load-$name]}
		unset "lab_pids[load-$name]"
	done
	rm $LAB/enough
}

# tally NAME SINCE: what became of those that began since then.
tally() {
	awk -v since="$2" '$1 >= since { all++; if ($2 == "failed") failed++ } END { print all + 0, failed + 0 }' $LAB/load-$1.log
}

loads_have() { # HOW-MANY SINCE NAME...
	local name all failed
	for name in "${@:3}"; do
		read -r all failed <<<"$(tally $name "$2")"
		[ "$all" -ge "$1" ] || return 1
	done
}

none_failed_since() { # SINCE NAME...
	local name all failed
	for name in "${@:2}"; do
		read -r all failed <<<"$(tally $name "$1")"
		[ "$failed" -eq 0 ] || awk -v since="$1" '$2 == "failed" { print "failed, begun", $1 - since, "ms after the detection" }' \
			$LAB/load-$name.log
		lab_check "$name: of $all that began after the detection $failed failed" test "$failed" -eq 0
		read -r all failed <<<"$(tally $name 0)"
		lab_say "$name: of all $all, $failed failed"
	done
}

# every_backend_of ZONE HEALTH: and the workers' tables are as that has it.
every_backend_of() {
	ctl show backends -o json | python3 -c 'import json, sys
zone, health = sys.argv[1:]
sys.exit(any(row["health"] != health or (row["share_ppm"] > 0) != (health == "up")
	     for row in json.load(sys.stdin) if row["zone"] == zone))' "$1" "$2"
}

auth_health() { # NAME HEALTH
	ctl_auth show backends -o json | python3 -c 'import json, sys
name, health = sys.argv[1:]
sys.exit(not any(row["name"] == name and row["health"] == health and (row["share_ppm"] > 0) == (health == "up")
		 for row in json.load(sys.stdin)))' "$@"
}

lab_begin
teleport_secrets
for name in $PROXIES; do
	teleport_proxy $name
done
teleport_state
teleport_auth a1
teleport_auth a2
lab_fulcrumd
teleport_auth_balancer
teleport_render
teleport_agents $PROXIES a1 a2
teleport_apply
teleport_apply_auth
teleport_dns
teleport_ssh_way

# --- Zone b is cut off ---
begin_load ssh log_in_again_and_again
begin_load ssh-2 log_in_again_and_again
begin_load https fetch_again_and_again
lab_wait_for "loads_have 10 0 ssh ssh-2 https" 60 "there is load"
ip -n router link set dev p2 down
cut=$(now_ms)
lab_wait_for "every_backend_of b down" 20 "zone b is down"
detected=$(now_ms)
lab_say "zone b is down on every port after $((detected - cut)) ms, promised are $promise"
lab_wait_for "loads_have 10 $detected ssh ssh-2 https" 60 "there is load after it"
end_load ssh ssh-2 https
none_failed_since $detected ssh ssh-2 https
teleport_verify client --connections 20 >$LAB/verified && lab_fail "verify does not miss zone b"
lab_check "verify says which zones are left" grep -q "^zones .*:443 .*wrong.* 2 of 3: a [1-9][0-9]*, b 0, c [1-9]" $LAB/verified
ip -n router link set dev p2 up
lab_wait_for "every_backend_of b up" 20 "zone b is back"
lab_wait_for 'teleport_ssh "echo \$PROXY" | grep -q p2' 60 "zone b takes logins again"

# --- An auth server is cut off, the one that a client of long standing is at ---
teleport_etcdctl p1 put watched before >/dev/null
lab_start watch p1 env ETCDCTL_API=3 GOMAXPROCS=1 etcdctl --endpoints https://$AUTH_VIP:3025 --cacert $LAB/ca.crt \
	--cert $LAB/client/tls.crt --key $LAB/client/tls.key watch watched
lab_wait_for "in_ns a1 ss -Htn sport = 3025 | grep -q '$(teleport_address p1)' || in_ns a2 ss -Htn sport = 3025 |
	grep -q '$(teleport_address p1)'" 20 "the watch is there"
lost=a1
! in_ns a2 ss -Htn sport = 3025 | grep -q "$(teleport_address p1)" || lost=a2
begin_load etcdctl put_again_and_again
lab_wait_for "loads_have 5 0 etcdctl" 60 "there is load"
ip -n router link set dev $lost down
cut=$(now_ms)
lab_wait_for "auth_health $lost down" 20 "$lost is down"
detected=$(now_ms)
lab_say "$lost is down after $((detected - cut)) ms, promised are $promise"
lab_wait_for "loads_have 10 $detected etcdctl" 60 "there is load after it"
end_load etcdctl
none_failed_since $detected etcdctl
teleport_etcdctl p2 put watched after >/dev/null
lab_wait_for "grep -q '^after$' $LAB/watch.log || { teleport_etcdctl p2 put watched after; false; }" 30 \
	"the watch that was at $lost goes on at the other one"
lab_say "ok: the watch that was at $lost goes on at the other one"
ip -n router link set dev $lost up
lab_wait_for "auth_health $lost up" 20 "$lost is back"
lab_stop watch
lab_end
