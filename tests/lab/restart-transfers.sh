#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The daemon is restarted, asked and killed, under 200 connections that talk: the next one finds the backend of each
# that began before the last change of the pool, and none of those breaks.
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

# The pool changes under connections, and then the daemon restarts: the table before the change finds the
# backends of those that began before it. Nothing but a flow table tells those that began after it.
restart_after() {
	local name=$1
	shift
	lab_hold $name $CONNECTIONS
	"$@"
	lab_hold $name-after $CONNECTIONS
	lab_stop fulcrumd TERM
	lab_fulcrumd
	lab_wait_for '[ "$(lab_worker_sum flow_hits)" -ge $((3 * CONNECTIONS)) ]' 30 "the connections talk again"
	lab_say "$name: $(lab_worker_sum previous_table) packets went where the table before had them"
	lab_hold_end $name
	lab_hold_end $name-after
	lab_check "$name: each connection from before was kept" test "$(lab_held $name kept)" -eq $CONNECTIONS
	lab_say "$name: $(lab_held $name-after kept) of $CONNECTIONS that began after it were kept"
}

restart_after added lab_stream_apply 4
restart_after removed lab_stream_apply 3
lab_end
