#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The daemon is restarted, asked and killed, under 200 connections that talk: with an unchanged pool the next
# one finds the backend of each, and none breaks.
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

# What a flow table knew beyond the pool: connections that stayed where they were when the pool changed.
lab_hold changed $CONNECTIONS
lab_stream_apply 4
lab_stop fulcrumd TERM
lab_fulcrumd
lab_wait_for '[ "$(lab_worker_sum flow_hits)" -ge $((2 * CONNECTIONS)) ]' 30 "the connections talk again"
lab_hold_end changed
lab_say "restarted after a change of the pool: $(lab_held changed kept) of $CONNECTIONS kept"
lab_end
