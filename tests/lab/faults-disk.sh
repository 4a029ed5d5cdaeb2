#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The state folder's disk is full, or read-only, and a backend dies meanwhile: new connections fail until it is found and no
# longer, what is asked for is in force, the answer says that it is not kept, and it is kept when the disk allows.
. "$(dirname "$0")/lib.sh"
. "$lab_root/tests/lab/faults.sh"

fault_lab fault_disk_small
fault_course disk_full "disk full"
fault_course read_only "folder read-only"
fault_table
