# SPDX-License-Identifier: BSD-3-Clause
# A daemon's wall clock that a story sets, and nobody else's: set_clock.c stands before it. Sourced
# after lib.sh.

# clock_begin: the daemons that start from now on go by it. After lab_begin.
clock_begin() {
	head -c 8 /dev/zero >$LAB/clock
	cat >$LAB/fulcrumd <<-SH
		#!/bin/sh
		LD_PRELOAD=$lab_build/tests/lab/libset_clock.so FULCRUM_LAB_CLOCK=$LAB/clock exec $fulcrumd "\$@"
	SH
	chmod +x $LAB/fulcrumd
	fulcrumd=$LAB/fulcrumd
}

# clock_set SECONDS: by so much it is ahead from now on.
clock_set() {
	python3 -c 'import struct, sys
with open(sys.argv[1], "r+b") as f:
    f.write(struct.pack("<q", int(sys.argv[2])))' $LAB/clock $1
}
