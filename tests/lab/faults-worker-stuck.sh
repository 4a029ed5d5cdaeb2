#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# One of two workers stands still. It costs its own queue and no more: no healthy backend goes down,
# one that dies meanwhile goes out, applies and snapshots go on in bounded memory, and it is told
# everywhere. When it goes on, everybody is served. At the end it stands still again, and SIGTERM
# ends the daemon in its time, with the flows saved.
. "$(dirname "$0")/lib.sh"

[ "$(nproc)" -gt 1 ] || {
	echo "skipped: two workers need two cores"
	exit 77
}
# A thread that is held cannot be stopped by the leak checker, too.
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0

stand_still() {
	: >$LAB/hold.log
	lab_start hold lb python3 "$lab_root/tests/lab/hold_thread.py" "${lab_pids[fulcrumd]}" "$worker"
	lab_wait_for 'grep -q held $LAB/hold.log' 10 "the worker is held"
}

# metric NAME: its value.
metric() {
	in_ns lb curl -s http://127.0.0.1:9110/metrics | sed -n "s/^$1 //p"
}

# Some clients' packets come to the dead queue: each connection has a queue by its ports.
some_answers() {
	in_ns client sh -c "seq $1 | xargs -P 8 -I{} curl -sf --max-time 2 --cacert $LAB/tls.crt https://$VIP/ || true" \
		>$LAB/answers
}

lab_begin
lab_web_backends 4
lab_config 'workers: {cores: [0, 1], idle: sleep}' 'metrics: 127.0.0.1:9110'
grep -q '^metrics:' $LAB/fulcrumd.yaml || echo 'metrics: 127.0.0.1:9110' >>$LAB/fulcrumd.yaml
lab_fulcrumd
worker=$(cat /proc/"${lab_pids[fulcrumd]}"/task/*/comm | grep -E 'worker-?2$' | head -n 1)
cat >$LAB/pool.yaml <<-YAML
	services:
	  - {name: web, vip: $VIP, protocol: tcp, port: 443, pool: web}
	  - {name: path, vip: $VIP, protocol: tcp, port: 80, pool: path}
	pools:
	  - name: path
	    health: {type: tls, port: 443, via: forwarding, interval: 500ms, timeout: 500ms, rise: 1, fall: 3}
	    backends:
	      - {name: path-1, address: 10.0.1.11}
	      - {name: path-2, address: 10.0.1.12}
	  - name: web
	    health: {type: tls, interval: 500ms, timeout: 500ms, rise: 1, fall: 3}
	    backends:
	      - {name: web-1, address: 10.0.1.11}
	      - {name: web-2, address: 10.0.1.12}
	      - {name: web-3, address: 10.0.1.13}
	      - {name: web-4, address: 10.0.1.14}
YAML
lab_check "the pool is applied" ctl apply -f $LAB/pool.yaml
lab_wait_up web-1 web-2 web-3 web-4 path-1 path-2
lab_count_requests 40 b1 b2 b3 b4
lab_check "40 of 40 requests are answered" test "${lab_served[failed]}" -eq 0

downs=$(lab_count 'is down' $LAB/fulcrumd.log)
stand_still
lab_wait_for 'grep -q "worker: 1 stands still" $LAB/fulcrumd.log' 10 "it is told"
ctl doctor -c $LAB/fulcrumd.yaml >$LAB/doctor || true # it finds more
lab_check "doctor names it" grep -q 'worker 1 on core 1 has stood still' $LAB/doctor
ctl events >$LAB/events
lab_check "events have it" grep -q 'stands still' $LAB/events
lab_wait_for '[ "$(in_ns lb curl -s -o /dev/null -w "%{http_code}" http://127.0.0.1:9110/healthz)" = 503 ]' 5 "/healthz is 503"
lab_check "the metric has it" test "$(metric 'fulcrum_worker_stuck_seconds{worker="1"}')" -ge 2
lab_check "the other worker runs" test "$(metric 'fulcrum_worker_stuck_seconds{worker="0"}')" -eq 0

for weight in $(seq 2 41); do
	ctl backend weight web/web-1 $weight >/dev/null || lab_fail "a change of a weight is refused"
done
kept=$(metric fulcrum_snapshots_kept)
lab_say "$(metric fulcrum_snapshots_total) snapshots were published, $kept are kept"
lab_check "the latest is kept, two for the worker, and one for the other" test "$kept" -le 4

# Twenty of each backend's probes.
until=$(($(metric fulcrum_probes_total) + 120))
lab_wait_for '[ "$(metric fulcrum_probes_total)" -ge $until ]' 30 "120 more probes"
lab_check "some of them were not judged" test "$(metric fulcrum_probe_local_failures_total)" -gt 1
lab_check "no backend went down" test "$(lab_count 'is down' $LAB/fulcrumd.log)" -eq "$downs"

some_answers 24
served=$(grep -c '^b[1-4]$' $LAB/answers)
lab_say "$served of 24 requests are answered meanwhile"
lab_check "the other worker's clients are served" test "$served" -gt 0

lab_stop nginx-b4
lab_stop agent-b4
ip -n b4 link set eth0 down
lab_wait_for 'lab_backend_is web-4 health down' 30 "a backend that dies meanwhile is down"
lab_check "it alone went down" test "$(lab_count 'is down' $LAB/fulcrumd.log)" -eq $((downs + 1))

lab_stop hold
lab_wait_for 'grep -q "worker: 1 goes on" $LAB/fulcrumd.log' 10 "that it goes on is told"
lab_wait_for '[ "$(in_ns lb curl -s http://127.0.0.1:9110/healthz)" = ok ]' 5 "/healthz is ok"
lab_count_requests 40 b1 b2 b3
lab_check "40 of 40 requests are answered again" test "${lab_served[failed]}" -eq 0
lab_wait_for lab_accounts_hold 3 "the accounts of packets hold"
lab_wait_for '[ "$(metric fulcrum_snapshots_kept)" -eq 1 ]' 5 "the latest snapshot alone is kept"

stand_still
began=$(now_ms)
lab_stop fulcrumd
took=$(($(now_ms) - began))
lab_check "the daemon ends with status 0" test "$lab_status" -eq 0
lab_say "ok: it ended after $took ms"
lab_check "which is within ten seconds" test "$took" -lt $((10000 * lab_slack))
lab_check "the log tells of the worker" grep -q 'worker: 1 stands still: the daemon ends without it' $LAB/fulcrumd.log
lab_check "the flows are saved" test -s $LAB/state/flows
lab_end
