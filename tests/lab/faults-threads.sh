#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Each thread of the daemon stands still, one after the other, and a backend dies meanwhile. While
# the control thread stands, or the only worker, the dead one is found when it goes on; no other
# thread delays that.
. "$(dirname "$0")/lib.sh"
. "$lab_root/tests/lab/faults.sh"

fault_lab
fault_threads >$LAB/threads
mapfile -t threads <$LAB/threads
lab_say "${threads[*]}"
for fault_thread in "${threads[@]}"; do
	fault_thread_s=600 late=0
	case $fault_thread in fulcrumd | rte-worker*) fault_thread_s=5 late=5 ;; esac
	fault_course thread "$fault_thread stands still" $late
done
fault_table
