#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Descriptors run out: a pool whose probes want more than there are is refused with the number that
# is needed; and where they are gone all the same, what works goes on: next hops, flows, the health
# that is known. Then the probes are made again.
. "$(dirname "$0")/lib.sh"

# with_limit N: the daemon's program from now on.
with_limit() {
	printf '#!/bin/sh\nulimit -n %s\nexec %s "$@"\n' "$1" "$lab_build/app/fulcrumd" >$LAB/fulcrumd.program
	chmod +x $LAB/fulcrumd.program
	fulcrumd=$LAB/fulcrumd.program
}

# more COUNT HEALTH: the pool, and so many backends beside that nobody answers for.
more() {
	cat $lab_pool
	printf '  - name: more\n    health: {%s}\n    backends:\n' "$2"
	seq "$1" | awk '{ printf "      - {name: more-%d, address: 10.9.%d.%d}\n", $1, $1 / 200, $1 % 200 + 1 }'
}

metric() {
	in_ns lb curl -sf --max-time 10 http://127.0.0.1:9110/metrics | sed -n "s/^$1 //p"
}

all_answered() { # WHAT
	lab_requests 30 >$LAB/answers
	lab_check "$1" test "$(lab_count '^b[123]$' $LAB/answers)" -eq 30
}

tcp='type: tcp, port: 9, interval: 1s, timeout: 900ms'
udp='type: udp, port: 9, payload: x, interval: 1s, timeout: 900ms'
lab_begin
lab_web_backends 3
# The probes' answers: none, so that each one holds its descriptor for as long as it may.
in_ns router iptables -A FORWARD -d 10.9.0.0/16 -j DROP 2>/dev/null || ip -n router route add blackhole 10.9.0.0/16
with_limit 64
lab_fulcrumd
lab_check "the pool is applied" ctl apply -f $lab_pool
lab_wait_up web-1 web-2 web-3

lab_say "150 more that are probed, with 64 descriptors"
more 150 "$tcp" >$LAB/more.yaml
status=0
ctl apply -f $LAB/more.yaml >$LAB/answer 2>&1 || status=$?
lab_check "they are refused" test $status -ne 0
lab_check "with the number that is needed" grep -Eq '153 probes want up to [0-9]+ descriptors, and fulcrumd may open 64: raise LimitNOFILE' $LAB/answer
wanted=$(sed -n 's/.*want up to \([0-9]*\) desc.*/\1/p' $LAB/answer | head -n 1)
lab_check "the pool is as it was" test "$(ctl show backends -o json | grep -o '"name"' | wc -l)" -eq 3
all_answered "30 of 30 requests are answered"
lab_stop fulcrumd

lab_say "as many as that number says"
with_limit "$wanted"
lab_fulcrumd
before=$(metric fulcrum_probe_local_failures_total) # while the network was not there yet
lab_check "they are taken" ctl apply -f $LAB/more.yaml >$LAB/answer
lab_wait_for "lab_backend_is more-1 health down && lab_backend_is more-150 health down" 20 "they are probed"
lab_check "no probe wanted a descriptor in vain" test "$(metric fulcrum_probe_local_failures_total)" -eq "$before"
lab_stop fulcrumd

for count in 400 1000; do
	lab_say "$count UDP probes, and then no descriptor is left"
	with_limit 4096
	lab_fulcrumd
	more $count "$udp" >$LAB/more.yaml
	lab_check "they are taken" ctl apply --force -f $LAB/more.yaml >$LAB/answer
	lab_wait_up web-1 web-2 web-3
	prlimit --pid "${lab_pids[fulcrumd]}" --nofile=64:4096
	lab_wait_for '[ "$(metric fulcrum_probe_local_failures_total)" -gt 0 ] || prlimit --pid "${lab_pids[fulcrumd]}" --nofile=40:4096' 20 "probes fail here"
	ip -n lb route add 192.0.2.0/24 via 10.0.0.1
	lab_wait_for "ip -n lb route show 192.0.2.0/24 | grep -q via" 5 "a route that nobody needs"
	all_answered "30 of 30 requests are answered"
	lab_check "web-1 is up as before" lab_backend_is web-1 health up
	ip -n lb route del 192.0.2.0/24
	prlimit --pid "${lab_pids[fulcrumd]}" --nofile=4096:4096
	lab_stop nginx-b1
	lab_wait_for "lab_backend_is web-1 health down" 20 "the probes are made again"
	lab_nginx b1
	lab_wait_up web-1
	lab_stop fulcrumd
	lab_check "the daemon ended well" test $lab_status -eq 0
done

lab_say "what is kept is served, although there are too few for it"
with_limit 64
lab_fulcrumd
lab_check "the log says so" grep -q 'probes want up to .* descriptors, and fulcrumd may open 64' $LAB/fulcrumd.log
lab_wait_for '! lab_requests 12 | grep -q failed' 20 "no request fails"
all_answered "30 of 30 requests are answered"
lab_end
