#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The daemon is restarted, asked and killed, under 200 connections that talk: the next one finds the
# backend of each, and none breaks. One that is asked hands its flows on; of a killed one's, those
# that no hash table would find are on disk.
. "$(dirname "$0")/lib.sh"
. "$lab_root/tests/lab/streams.sh"

CONNECTIONS=${CONNECTIONS:-200}

lab_begin
lab_stream_backends 4
lab_fulcrumd
lab_stream_apply 3
lab_hold held $CONNECTIONS

for signal in TERM KILL; do
	begun=$(now_ms)
	lab_stop fulcrumd $signal
	lab_fulcrumd
	lab_say "SIG$signal: the next daemon is ready after $(($(now_ms) - begun)) ms"
	# Every connection has sent a line, and has its echo or waits for it.
	lab_wait_for '[ "$(lab_worker_sum flow_hits)" -ge $((2 * CONNECTIONS)) ]' 30 "the connections talk again"
done
lab_hold_end held
lab_check "each of the $CONNECTIONS connections was kept" test "$(lab_held held kept)" -eq $CONNECTIONS

# The pool changes under connections, and others begin; then the daemon restarts. Nothing but a flow
# table tells which of them began after the change: by SIGTERM it is handed on, and by SIGKILL the
# last copy of what matters counts.
restart_after() {
	local name=$1 signal=$2 file=flows
	shift 2
	[ $signal = TERM ] || file=flows.checkpoint
	lab_hold $name $CONNECTIONS
	"$@"
	lab_hold $name-after $CONNECTIONS
	[ $signal = TERM ] || copied_anew
	lab_stop fulcrumd $signal
	lab_check "$name: there are its flows" test -s $LAB/state/$file
	[ $signal = KILL ] || lab_check "$name: and no copy of them" test ! -e $LAB/state/flows.checkpoint
	lab_fulcrumd
	lab_say "$name: $(sed -n 's/.*flows: //p' $LAB/fulcrumd.log)"
	# Once more, by one that dies before it wrote a copy: what it restored is there for the next
	# one.
	lab_stop fulcrumd KILL
	lab_fulcrumd
	lab_check "$name: the next one restores them, too" eval \
		'[ "$(grep -c "flows: restored" $LAB/fulcrumd.log)" -eq 1 ] && [ ! -e $LAB/state/flows.taken ]'
	lab_wait_for '[ "$(lab_worker_sum flow_hits)" -ge $((3 * CONNECTIONS)) ]' 30 "the connections talk again"
	lab_say "$name: $(lab_worker_sum previous_table) packets went where the table before had them"
	lab_hold_end $name
	lab_hold_end $name-after
	lab_check "$name: each connection from before was kept" test "$(lab_held $name kept)" -eq $CONNECTIONS
	lab_check "$name: each that began after it was kept" test "$(lab_held $name-after kept)" -eq $CONNECTIONS
}

# A copy begins and ends from now on: the first one that ends may have begun before.
copied_anew() {
	local turn
	for turn in 1 2; do
		touch $LAB/now
		lab_wait_for "[ $LAB/state/flows.checkpoint -nt $LAB/now ]" 30 "a copy of the flows"
	done
}

restart_after added TERM lab_stream_apply 4
restart_after removed TERM lab_stream_apply 3
# b4 leaves, and then b3: nobody but the daemon that ends knows of b4 any more.
leave_twice() {
	lab_stream_apply 3
	lab_stream_apply 2
}
lab_stream_apply 4
restart_after left TERM leave_twice
lab_check "b4 is leaving still" lab_backend_is b4 state leaving
lab_stream_apply 3
restart_after killed KILL lab_stream_apply 4
restart_after killed-left KILL leave_twice
lab_check "b4 and b3 are leaving" eval "lab_backend_is b4 state leaving && lab_backend_is b3 state leaving"
lab_end
