#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What happens is told once and in its order, by 'fulcrumctl events' and by a log of JSON lines: an
# apply, a drain, a backend that dies and comes back, a quorum that is lost and held, a refusal, a
# cable that is pulled, a restart.
. "$(dirname "$0")/lib.sh"

# The numbers, kinds, objects and states of a file of JSON lines: "4 health web/web-1 up".
lines() {
	python3 - "$1" <<-'PY'
		import json, sys
		for line in open(sys.argv[1]):
		    if not line.startswith("{"):
		        continue
		    event = json.loads(line)
		    if "sequence" in event:
		        print(event["sequence"], event.get("event", event.get("kind")), event["object"], event["after"])
	PY
}
# has_event FILE PATTERN: exactly one such event.
has_event() {
	[ "$(lines "$1" | grep -cE "^[0-9]+ $2\$")" = 1 ]
}
followed() {
	has_event $LAB/followed.log "$1"
}
# In this order: in_order PATTERN...
in_order() {
	local last=0 number pattern
	for pattern; do
		number=$(lines $LAB/followed.log | awk -v last=$last -v p="$pattern" '$1 > last && $0 ~ " " p "$" {print $1; exit}')
		[ -n "$number" ] || return 1
		last=$number
	done
}

lab_begin
lab_web_backends 3
lab_config
echo 'log: json' >>$LAB/fulcrumd.yaml
lab_fulcrumd
lab_start followed lb "$fulcrumctl" events --follow -o json
sed 's|    pool: web|&\n    announce: {mode: arp, quorum: 2, hold: 1s}|' $lab_pool >$LAB/pools.yaml
lab_check "the pool is applied" ctl apply -f $LAB/pools.yaml
lab_wait_up web-1 web-2 web-3
lab_wait_for "followed 'apply config in force'" 5 "the apply is told"
for backend in 1 2 3; do
	lab_wait_for "followed 'health web/web-$backend up'" 5 "web-$backend came up, told once"
done
lab_wait_for "followed 'announce $VIP announced'" 10 "the VIP is announced"

lab_check "two are drained" ctl backend drain web-1 web-2
lab_wait_for "followed 'drain web/web-1 draining' && followed 'drain web/web-2 draining'" 5 "both are told, once"
lab_check "they serve again" ctl backend undrain web-1 web-2
lab_wait_for "followed 'drain web/web-2 active'" 5 "that, too"
lab_check "a file that is none is refused" eval '! ctl rollback 99'
lab_wait_for "followed 'apply config refused'" 5 "the refusal is told"

lab_stop nginx-b3
lab_wait_for "followed 'health web/web-3 down'" 15 "a backend that dies is told once"
lab_check "its reason is there" grep -q 'refused\|timed out\|no answer' <(ctl events web-3 --kind health --last 1)
lab_check "all of it is in its order" in_order 'apply config in force' 'health web/web-1 up' \
	'drain web/web-1 draining' 'drain web/web-1 active' 'apply config refused' 'health web/web-3 down'

ctl events -o json >$LAB/all.json
lab_check "who applied is told" python3 - $LAB/all.json <<-'PY'
	import json, sys
	events = json.load(open(sys.argv[1]))
	assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
	applies = [event for event in events if event["kind"] == "apply" and event["after"] == "in force"]
	assert len(applies) == 3 and all(event["user"] == "root" and event["pid"] for event in applies), applies
	assert [event["version"] for event in applies] == sorted(event["version"] for event in applies)
PY
lab_check "the schema holds" python3 "$lab_root/tests/unit/schemas.py" "$lab_root/docs/reference/schemas/events.json" <$LAB/all.json
lab_check "a filter by object" test "$(ctl events web-1 -o json | grep -c '"object": "web/web-1"')" -eq 3
lab_check "the last two" test "$(ctl events --last 2 -o json | grep -c '"sequence"')" -eq 2
lab_check "nothing in the last 100 ms of what was before" grep -q 'no events' <(sleep 0.2; ctl events --since 100ms)
in_ns lb curl -s http://127.0.0.1:9110/metrics >$LAB/metrics
lab_check "the metric counts them" grep -q 'fulcrum_events_total{kind="drain"} 4' $LAB/metrics

# The log: each line is an object, and has each event once with its number.
lab_check "each line of the log is an object with time, level and message" python3 - $LAB/fulcrumd.log <<-'PY'
	import json, sys
	lines = [line for line in open(sys.argv[1]) if line.startswith("{")]
	for line in lines:
	    assert {"time", "level", "message"} <= set(json.loads(line)), line
	assert len(lines) > 10
PY
lab_check "the log has the health of web-3" has_event $LAB/fulcrumd.log 'health web/web-3 down'

# A daemon that is restarted begins anew; who follows goes on.
lab_stop fulcrumd
lab_fulcrumd
lab_wait_for "grep -q '\"sequence\":1,.*' <(tail -n +2 $LAB/followed.log | sed '1,/web-3/d')" 20 "a follower goes on with the next daemon"
kill -INT ${lab_pids[followed]}
lab_wait_for "! lab_alive followed" 5 "Ctrl-C ends it"
wait ${lab_pids[followed]} && status=0 || status=$?
unset "lab_pids[followed]"
lab_check "with status 0" test $status -eq 0
lab_end
