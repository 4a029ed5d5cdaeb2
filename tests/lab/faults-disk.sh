#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The state folder's disk is full, read-only, or hangs, and a backend dies meanwhile: new
# connections fail until it is found and no longer, what is asked for is in force, the answer says
# that it is not kept, and it is kept when the disk allows.
. "$(dirname "$0")/lib.sh"
. "$lab_root/tests/lab/faults.sh"
[ ! -c /dev/fuse ] || ! command -v bindfs >/dev/null || . "$lab_root/tests/lab/hang.sh"

fault_lab fault_disk_small
fault_course disk_full "disk full"
fault_course read_only "folder read-only"
[ "$(type -t hang_disk)" != function ] || fault_course disk_hung "disk hung"
fault_table
