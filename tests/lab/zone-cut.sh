#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Three zones of two backends under load. A whole zone is cut off: every request that begins after
# the probes have found it is answered. A service that prefers zone a stays there, spills to zone b
# what zone a lacks and nothing to zone c, and returns.
. "$(dirname "$0")/lib.sh"

pool() {
	local k zones=(a a b b c c)
	cat <<-YAML
		services:
		  - {name: web, vip: $VIP, protocol: tcp, port: 443, pool: web$1}
		pools:
		  - name: web
		    health: {type: tcp, interval: 1s, timeout: 1s, rise: 2, fall: 3}
		    backends:
	YAML
	for k in 1 2 3 4 5 6; do
		echo "      - {name: b$k, address: 10.0.1.1$k, zone: ${zones[k - 1]}}"
	done
}

# Requests one after another, four at a time, as long as $LAB/load is there: "<when it began, ms>
# <who answered>".
load_begin() {
	local k
	touch $LAB/load
	: >$LAB/requests
	for k in 1 2 3 4; do
		in_ns client bash -c "while [ -e $LAB/load ]; do
			began=\$((\$(date +%s%N) / 1000000))
			echo \"\$began \$(curl -sf --max-time 15 --cacert $LAB/tls.crt https://$VIP/ || echo failed)\"
		done" >>$LAB/requests &
		loads[k]=$!
	done
}

load_end() {
	rm $LAB/load
	wait "${loads[@]}"
}

# requests_since MS [WHO]: how many that began since then.
requests_since() {
	awk -v since="$1" -v who="${2:-}" '$1 >= since && (who == "" || $2 ~ who) {n++} END {print n + 0}' \
		$LAB/requests
}

# Waits for 80 more requests; none of them may fail.
all_succeed() {
	local since
	since=$(now_ms)
	lab_wait_for "[ \$(requests_since $since) -ge 80 ]" 60 "80 requests that began after $1"
	lab_check "every request that begins after $1 is answered" test "$(requests_since $since failed)" -eq 0
}

cut_off() {
	local k
	for k; do ip -n router link set $k down; done
}

plug_in() {
	local k
	for k; do ip -n router link set $k up; done
}

wait_health() {
	local health=$1 k
	shift
	for k; do lab_wait_for "lab_backend_is $k health $health" 40 "$k $health"; done
}

# share ZONE: of the service's new flows, in percent.
share() {
	ctl show zones -o json | python3 -c 'import json, sys
print(round(sum(z["share_ppm"] for z in json.load(sys.stdin) if z["zone"] == sys.argv[1]) / 1e4))' $1
}

lab_begin
lab_web_backends 6
lab_fulcrumd
pool "" >$LAB/all.yaml
pool ", prefer: [a, b], prefer_floor: 70%" >$LAB/prefer.yaml
lab_check "a pool of three zones is applied" ctl apply -f $LAB/all.yaml
wait_health up b1 b2 b3 b4 b5 b6
load_begin

lab_say "all zones alike"
lab_wait_for '[ "$(share a)" -eq 33 ]' 10 "zone a has its third"
cut=$(now_ms)
cut_off b1 b2
wait_health down b1 b2
lab_say "zone a was cut off, and found down after $(($(now_ms) - cut)) ms;" \
	"$(requests_since $cut failed) requests of that time had no answer"
all_succeed "that"
lab_wait_for '[ "$(share a)" -eq 0 ]' 10 "zone a has nothing"
plug_in b1 b2
wait_health up b1 b2
all_succeed "its return"

lab_say "zone a preferred, then b"
lab_check "the preference is applied" ctl apply -f $LAB/prefer.yaml
preferred=$(now_ms)
all_succeed "the preference"
lab_check "zone a alone answers" test "$(requests_since $preferred '^b[3-6]$')" -eq 0
cut_off b1
wait_health down b1
# Half of the zone's weight is left, 70% are wanted: 20 of 70 come from zone b.
lab_wait_for '[ "$(share a) $(share b)" = "71 29" ]' 10 "zone b gives what zone a lacks"
in_ns lb curl -sf --max-time 20 -o $LAB/page http://127.0.0.1:9110/metrics
lab_check "the metrics have what is spilled" grep -q '^fulcrum_service_spilled_ratio{service="web"} 0.28[5-7]' $LAB/page
since=$(now_ms)
all_succeed "the spill-over"
lab_check "zone b has answered some" test "$(requests_since $since '^b[34]$')" -gt 0
cut_off b2
wait_health down b2
all_succeed "the zone was cut off"
lab_wait_for '[ "$(share b)" -eq 100 ]' 10 "zone b has all"
plug_in b1 b2
wait_health up b1 b2
lab_wait_for '[ "$(share a)" -eq 100 ]' 10 "zone a has all again"
since=$(now_ms)
all_succeed "its return"
lab_check "zone a alone answers again" test "$(requests_since $since '^b[3-6]$')" -eq 0
lab_check "zone c had nothing of it at any time" test "$(requests_since $preferred '^b[56]$')" -eq 0
load_end
lab_end
