#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A daemon that is asked to stop leaves nothing; the next one serves at once what was last applied.
. "$(dirname "$0")/lib.sh"

lab_quickstart
before=$(ctl show config)
ctl backend drain web-3

for signal in TERM INT; do
	lab_stop fulcrumd $signal
	lab_check "SIG$signal ends it cleanly" test $lab_status -eq 0
	lab_check "its segment is gone" test ! -e $FULCRUM_CHANNEL
	lab_check "its interfaces are gone" sh -c '! ip -n router link show ftap0 && ! ip -n lb link show fulcrum0'

	begun=$(now_ms)
	lab_fulcrumd
	lab_wait_for "LAB_TIMEOUT=1 lab_get" 10 "an answer from the restarted daemon"
	lab_say "answers $(($(now_ms) - begun)) ms after its start"
	lab_check "without a new apply it has the pool" grep -q web-2 <(ctl show config)
	lab_check "and the drained backend is still drained" lab_backend_is web-3 state draining
	lab_wait_up web-1 web-2
	lab_requests 60 >$LAB/answers
	lab_check "60 of 60 requests are answered" test "$(lab_count '^b[12]$' $LAB/answers)" -eq 60
done

ctl backend undrain web-3
lab_check "the configuration came through unchanged" test "$before" = "$(ctl show config)"

echo 'services: [' >$LAB/state/pools.yaml
lab_stop fulcrumd KILL
lab_fulcrumd
lab_check "a spoilt state file does not keep it from starting" ctl show version
lab_check "and the log tells of it" grep -q "$LAB/state" $LAB/fulcrumd.log
lab_end
