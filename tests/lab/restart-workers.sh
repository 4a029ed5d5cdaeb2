#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The daemon is restarted with as many workers as before, with fewer and with more, after a change
# of its pool: each connection that began after the change is known to the worker that gets its
# packets then.
. "$(dirname "$0")/lib.sh"
. "$lab_root/tests/lab/streams.sh"

[ "$(nproc)" -gt 1 ] || {
	echo "skipped: two workers need two cores"
	exit 77
}
CONNECTIONS=${CONNECTIONS:-200}

lab_begin
lab_stream_backends 4
lab_config 'workers: {cores: [0, 1], idle: sleep}'
lab_fulcrumd
lab_stream_apply 3
lab_stream_apply 4
lab_hold held $CONNECTIONS

# restart_with 'cores': and waits until every connection has sent a line, and has its echo or waits
# for it.
restart_with() {
	lab_stop fulcrumd TERM
	lab_check "the flows are kept" test -s $LAB/state/flows
	lab_config "workers: {cores: $1, idle: sleep}"
	lab_fulcrumd
	lab_say "cores $1: $(sed -n 's/.*flows: //p' $LAB/fulcrumd.log)"
	lab_wait_for '[ "$(lab_worker_sum flow_hits)" -ge $((2 * CONNECTIONS)) ]' 30 "the connections talk again"
	lab_say "cores $1: $(lab_worker_sum previous_table) packets went where the table before had them"
	lab_check "cores $1: nobody reads the flows twice" test ! -e $LAB/state/flows
	lab_check "cores $1: no table but the flows' own answered for them" \
		test "$(lab_worker_sum previous_table)" -eq 0
}

restart_with '[0, 1]'
restart_with '[1]'
restart_with '[0, 1]'
lab_hold_end held
lab_check "each of the $CONNECTIONS connections was kept" test "$(lab_held held kept)" -eq $CONNECTIONS
lab_end
