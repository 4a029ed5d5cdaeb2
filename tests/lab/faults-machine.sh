#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The wall clock is set by an hour, the kernel's news of routes run over, no descriptor is left,
# somebody deletes the kernel-side interface, a control group gives no more memory; and a backend
# dies meanwhile.
. "$(dirname "$0")/lib.sh"
. "$lab_root/tests/lab/clock.sh"
. "$lab_root/tests/lab/faults.sh"

with_clock() {
	! fault_is_instrumented || return 0
	clock_begin
}

fault_lab with_clock
# A sanitizer reads the clocks for its program itself.
if [ -f $LAB/clock ]; then
	fault_course clock_forward "clock an hour ahead"
	fault_course clock_back "clock an hour back"
fi
fault_course netlink "netlink overflow"
fault_course descriptors "descriptors gone"
fault_course interface "fulcrum0 deleted"
if fault_memory_group; then
	fault_course memory "memory limit of a cgroup"
else
	lab_say "no memory controller here: that course is left out"
fi
fault_table
