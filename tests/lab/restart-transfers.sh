#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The daemon is restarted, asked and killed, under 200 connections that talk: the next one finds the backend of each, and
# none breaks. One that is asked hands its flows on; of a killed one's connections, those go on that began before the
# last change of the pool.
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

# The pool changes under connections, and others begin; then the daemon restarts. Nothing but a flow table tells which of
# them began after the change: by SIGTERM it is handed on. A killed daemon's is lost, and the table before the change
# answers for those from before it alone.
restart_after() {
	local name=$1 signal=$2
	shift 2
	lab_hold $name $CONNECTIONS
	"$@"
	lab_hold $name-after $CONNECTIONS
	lab_stop fulcrumd $signal
	[ $signal = KILL ] || lab_check "$name: it hands its flows on" test -s $LAB/state/flows
	lab_fulcrumd
	lab_say "$name: $(sed -n 's/.*flows: //p' $LAB/fulcrumd.log)"
	lab_check "$name: nobody reads them twice" test ! -e $LAB/state/flows
	lab_wait_for '[ "$(lab_worker_sum flow_hits)" -ge $((3 * CONNECTIONS)) ]' 30 "the connections talk again"
	lab_say "$name: $(lab_worker_sum previous_table) packets went where the table before had them"
	lab_hold_end $name
	lab_hold_end $name-after
	lab_check "$name: each connection from before was kept" test "$(lab_held $name kept)" -eq $CONNECTIONS
	if [ $signal = KILL ]; then
		lab_say "$name: $(lab_held $name-after kept) of $CONNECTIONS that began after it were kept"
	else
		lab_check "$name: each that began after it was kept" \
			test "$(lab_held $name-after kept)" -eq $CONNECTIONS
	fi
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
lab_end
