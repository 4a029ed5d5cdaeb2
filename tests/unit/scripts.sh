#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What the scripts that people run are made of: how far they are is shown, and what the demo counts
# is exact.
set -euo pipefail
tree=$(cd "$(dirname "$0")/../.." && pwd)
complaints=0
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# holds 'what' command...
holds() {
	local what=$1
	shift
	("$@") >"$folder/said" 2>&1 || {
		complaints=$((complaints + 1))
		printf 'does not hold: %s: %s\n' "$what" "$(cat -v "$folder/said")"
	}
}

fails() {
	! ("$@")
}

# --- how far it is ---

. "$tree/tools/lib.sh"

work() {
	printf 'step 1 of 2\n'
	sleep "$1"
}
holds "a pipe gets the end of it alone where it does not take ten seconds" grep -qzE "^== work: took [0-9] s.$" <<<"$(work 0 | progress work)"
progress_every=1
now_and_then=$(work 3 | progress work)
holds "a pipe gets a line now and then, while nothing is said, too" grep -q " s: step 1 of 2$" <<<"$now_and_then"
holds "a failure before it is a failure" fails eval 'set -o pipefail; false | progress work'

# On a terminal: a line that is written anew, and gone at the end.
holds "a terminal gets one line that is written anew" sh -c \
	"script -qec \"bash -c '. $tree/tools/lib.sh; printf \\\"step 1\\\\nstep 2\\\\n\\\" | progress work'\" /dev/null |
	tr '\r' '\n' | grep -q 'work, [0-9] s: step 2'"

log() {
	printf '[1/2] Compiling a.c\nFAILED: a.o\n[2/2] Linking a\n' | ninja_steps "$folder/log"
}
holds "ninja's steps are read" test "$(log | xargs)" = "step 1 of 2 step 2 of 2"
holds "and what it says is kept" grep -q '^FAILED: a.o' "$folder/log"

# --- what the demo counts ---

LAB_INSIDE=1
. "$tree/tests/lab/lib.sh"
LAB=$folder
lab_ask() {
	:
}

# in_ns stands for the client's namespace: the answers are what 'answers' holds.
answers=''
in_ns() {
	printf '%s' "$answers"
}
# counted 'answers' N LEAST bK...
counted() {
	answers=$1
	trap - ERR
	lab_count_requests "$2" "${@:4}" && lab_served_by "$2" "$3" "${@:4}"
}
three=$'b1\nb2\nb3\n'
holds "three of three by all three" counted "$three" 3 1 b1 b2 b3
holds "two answers to three requests are found" fails counted $'b1\nb2\n' 3 0 b1 b2 b3
holds "four answers to three requests are found" fails counted "$three"$'b1\n' 3 1 b1 b2 b3
holds "none at all is found" fails counted '' 3 0 b1 b2 b3
holds "a stranger's answer is found" fails counted $'b1\nb2\nb9\n' 3 0 b1 b2 b3
holds "an empty answer is found" fails counted $'b1\nb2\n\n' 3 0 b1 b2 b3
holds "a request that failed is found" fails counted $'b1\nb2\nfailed\n' 3 0 b1 b2 b3
holds "one that answered nothing is found" fails counted $'b1\nb2\nb2\n' 3 1 b1 b2 b3

[ $complaints -eq 0 ]
