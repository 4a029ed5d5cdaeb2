#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The disk of the state folder hangs: nobody's call into it returns. Backends that die meanwhile
# leave the tables, changes come in force and say that they are not kept, and everything goes on and
# is kept when the disk answers again. An end in between keeps its time. So with the disk of a
# capture's file, and of the authority that TLS probes go by.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hang.sh"

page() {
	in_ns lb curl -sf --max-time 20 http://127.0.0.1:9110/"$1"
}

sample() { # a metric's value
	page metrics | sed -n "s/^$1 //p"
}

# not_kept WORDS SECONDS COMMAND...: it is in force, and says within that time that it is not kept.
not_kept() {
	local words=$1 seconds=$(($2 * lab_slack)) status=0
	shift 2
	timeout -s KILL $seconds "$fulcrumctl" "$@" >$LAB/answer 2>&1 || status=$?
	lab_check "$words: an answer within $seconds s, status 6" test $status -eq 6
	lab_check "that it is in force and NOT kept" grep -q 'is in force and NOT kept' $LAB/answer
}

# dies bK: its backend leaves the table, and not one request fails from then on.
dies() {
	lab_stop nginx-$1
	lab_wait_for "lab_backend_is web-${1#b} health down && test \"\$(lab_usable)\" -eq $2" 15 "web-${1#b} leaves the table"
	LAB_TIMEOUT=5 lab_count_requests 30 b1 b2 b3 b4
	lab_check "30 of 30 requests are answered by the others" test "${lab_served[failed]}" -eq 0
}

lab_usable() {
	ctl show pools -o json | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["backends_usable"])'
}

lab_begin
lab_web_backends 4
hang_disk state $LAB/state
hang_disk captures $LAB/captures
hang_disk certificates $LAB/certificates
cp $LAB/tls.crt $LAB/disk-certificates/ca.crt
lab_config
sed 's|- {name: web-3, address: 10.0.1.13.*|&\n      - {name: web-4, address: 10.0.1.14}|' $lab_pool >$LAB/pool.yaml
lab_fulcrumd
lab_check "the pool is applied" ctl apply -f $LAB/pool.yaml
lab_wait_up web-1 web-2 web-3 web-4
lab_wait_for "test -s $LAB/disk-state/health" 10 "the health is kept"
lab_check "the page says that nothing is late" test "$(sample fulcrum_state_late_seconds)" = 0

hang_begin state
dies b1 3
dies b2 2
not_kept "disable" 5 backend disable web-4
lab_check "it is in force" test "$(lab_usable)" -eq 1
not_kept "weight" 5 backend weight web-3 50
sed 's/name: web-4, /&weight: 70, /' $LAB/pool.yaml >$LAB/other.yaml
lab_check "another pool file is another" sh -c "! cmp -s $LAB/pool.yaml $LAB/other.yaml"
not_kept "apply" 5 apply -f $LAB/other.yaml
lab_check "it is in force" grep -q 'weight: 70' <(ctl show config)
status=0
timeout -s KILL $((8 * lab_slack)) "$fulcrumctl" history >$LAB/answer 2>&1 || status=$?
lab_check "the history cannot be read, and that is said" grep -q 'the disk does not answer' $LAB/answer
status=0
timeout -s KILL $((8 * lab_slack)) "$fulcrumctl" rollback 1 >$LAB/answer 2>&1 || status=$?
lab_check "nor gone back to" test $status -ne 0 -a $status -ne 137
lab_check "'show backends' answers" test "$(ctl show backends | grep -c web-)" -eq 4
lab_wait_for '[ "$(sample fulcrum_state_late_seconds)" -gt 3 ]' 10 "the page says for how long nothing was written"
lab_check "/healthz too, and that forwarding goes on" grep -q "^ok, but nothing has been written to the state folder" <(page healthz)
lab_check "'doctor' too, and does not look there itself" \
	grep -q "nothing has been written to $LAB/state for" <(timeout -s KILL 60 "$fulcrumctl" doctor -c $LAB/fulcrumd.yaml -o yaml || true)
lab_check "the log says so" grep -q "its disk does not answer, or has no room; forwarding goes on" $LAB/fulcrumd.log
lab_check "an event says that it is not kept" grep -q "is in force and not kept" <(ctl events)
lab_nginx b1
lab_wait_for 'test "$(lab_usable)" -eq 2' 15 "web-1 comes back"
before=$(ctl show config)

hang_end state
lab_wait_for '[ "$(sample fulcrum_config_saved)" = 1 ]' 15 "it is kept by itself"
lab_wait_for '[ "$(sample fulcrum_state_late_seconds)" = 0 ]' 10 "nothing waits"
lab_check "/healthz has no more to say" test "$(page healthz)" = ok
lab_check "an event says that it is kept" grep -q "is kept at last" <(ctl events)
lab_check "the history answers" ctl history
lab_stop fulcrumd KILL
lab_fulcrumd
lab_check "and a restart serves it" test "$before" = "$(ctl show config)"
lab_wait_up web-1 web-3

# Captures: onto a disk that hangs from the beginning, or from the middle on. A backend dies
# meanwhile.
hang_begin captures
status=0
timeout -s KILL $((8 * lab_slack)) "$fulcrumctl" capture -w $LAB/captures/a.pcapng >$LAB/answer 2>&1 || status=$?
lab_check "a capture that cannot be opened is refused in time" test $status -eq 1
lab_check "by name" grep -q 'the disk does not answer' $LAB/answer
dies b1 1
hang_end captures
lab_wait_for "test ! -e $LAB/captures/a.pcapng" 10 "what nobody waits for is taken away"
lab_start capture lb "$fulcrumctl" capture -w $LAB/captures/b.pcapng --seconds 3600 --packets 1000000
# The one before may still be on its way out: then this one is refused, and asked for again.
begins() {
	lab_alive capture ||
		lab_start capture lb "$fulcrumctl" capture -w $LAB/captures/b.pcapng --seconds 3600 --packets 1000000
	test -s $LAB/disk-captures/b.pcapng
}
lab_wait_for begins 10 "another one begins"
hang_begin captures
lab_nginx b1
lab_wait_for 'test "$(lab_usable)" -eq 2' 15 "web-1 comes back"
dies b1 1
lab_check "'show backends' answers" test "$(ctl show backends | grep -c web-)" -eq 4
lab_stop capture INT
lab_check "the capture ends" test $lab_status -eq 1
lab_check "and says why" grep -q "ends early: Connection timed out" $LAB/capture.log
hang_end captures
lab_wait_for 'ctl capture -w $LAB/captures/c.pcapng --seconds 1' 10 "the next capture goes on"
lab_nginx b1
lab_wait_up web-1

# The authority of TLS probes: what was read of it before serves, whoever applies meanwhile.
sed "s|type: tcp.*|type: tls\n      ca: $LAB/certificates/ca.crt\n      host: web.example|" $LAB/pool.yaml >$LAB/tls.yaml
lab_check "the probes have an authority" grep -q 'ca: ' $LAB/tls.yaml
lab_check "it is applied" ctl apply -f $LAB/tls.yaml
lab_check "web-2 serves again" lab_nginx b2
lab_wait_up web-1 web-2 web-3 web-4
lab_check "and its certificate is judged" grep -q 'its certificate ends' <(ctl show backends)
hang_begin certificates
lab_check "a change has the file read anew" ctl backend weight web-3 40
lab_wait_for "grep -q \"ca '.*' is not read: its disk does not answer\" $LAB/fulcrumd.log" 10 "the log says that it is not read"
dies b2 2
lab_check "those that live are up" test "$(ctl show backends | grep -c ' up ')" -eq 3
lab_nginx b2
lab_wait_up web-2
hang_end certificates
lab_check "the file can be read again" ctl backend weight web-3 50

# The end: what was acknowledged is on the disk, and the daemon does not wait for it.
lab_check "a change is kept" ctl backend weight web-3 60
hang_begin state
hang_begin certificates
not_kept "disable" 5 backend disable web-1
begun=$(now_ms)
lab_stop fulcrumd TERM
lab_check "it ends within $((5 * lab_slack)) s of SIGTERM" test $(($(now_ms) - begun)) -lt $((5000 * lab_slack))
lab_check "with status 0" test $lab_status -eq 0
lab_check "and says what is not kept" grep -q "its disk does not answer: the configuration in force and what was to be written last" $LAB/fulcrumd.log
hang_end state
hang_end certificates
lab_fulcrumd
lab_check "what was acknowledged as kept is there" grep -q 'weight: 60' <(ctl show config)
lab_end
