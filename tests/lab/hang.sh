# SPDX-License-Identifier: BSD-3-Clause
# A folder whose disk can hang. Sourced by a story after lib.sh.
#
#   hang_disk state $LAB/state     before the daemon starts: what is there is served by a FUSE program, from $LAB/disk-state
#   hang_begin state               from now on nobody's call into it returns: open, stat, read, write, fsync, rename
#   hang_end state                 and now all of them do, in their order
#
# The program is stopped, so a call waits in the kernel as on a network disk whose server is gone:
# no signal but SIGKILL ends it. Where the story ends in between, the kernel takes the program, and
# with it the file system and who waits there.

declare -A hang_pids=()

command -v bindfs >/dev/null && [ -c /dev/fuse ] || {
	echo "skipped: needs bindfs and /dev/fuse"
	exit 77
}

# hang_disk NAME FOLDER. Nothing is remembered by the kernel, so that every call asks the program.
hang_disk() {
	mkdir -p "$LAB/disk-$1" "$2"
	bindfs -f -o attr_timeout=0,entry_timeout=0,negative_timeout=0 "$LAB/disk-$1" "$2" >>"$LAB/disk-$1.log" 2>&1 </dev/null &
	hang_pids[$1]=$!
	lab_wait_for "mountpoint -q $2" 10 "$2 is served"
}

# hang_is NAME STATE: every thread of the program is in one of these states (proc(5)).
hang_is() {
	! sed "s/.*) //; s/ .*//" /proc/"${hang_pids[$1]}"/task/*/stat | grep -q "[^$2]"
}

hang_begin() {
	kill -STOP "${hang_pids[$1]}"
	lab_wait_for "hang_is $1 T" 5 "the disk '$1' hangs"
}

hang_end() {
	kill -CONT "${hang_pids[$1]}"
	lab_wait_for "hang_is $1 RSD" 5 "the disk '$1' answers"
}
