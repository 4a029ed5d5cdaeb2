#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The wall clock is for what people read and for files. Whoever reads it is listed here, with what
# for; durations go by the monotonic clock. clocks.sh SOURCE
set -euo pipefail
cd "$1"
allowed='lib/base/clock.c the clock itself
lib/base/log.c the time of a line
lib/confine/common.c names of system calls alone
lib/base/log_json.c the time of a line
lib/announce/announce.c since when a VIP is announced, as told
lib/control/health.c since when a backend is up, as told
lib/exporter/expose_backends.c when a drain ends, as told
lib/running/reason.c the days that a certificate still has
lib/control/control.c when the daemon started, as told
lib/events/events.c when an event was, as told
lib/health/target.c since when, as told
lib/health/tls_peer.c whether a certificate has ended
lib/health/verdict.c since when, and until when it is held, as told
lib/capture/capture.c the times in a capture file'
found=$(grep -rlE 'clock_wall_|CLOCK_REALTIME|\btime\(NULL\)|gettimeofday' lib app --include='*.c' | sort)
bad=0
for file in $found; do
	grep -qF "${file} " <<<"$allowed" || {
		echo "$file reads the wall clock: $(grep -nE 'clock_wall_|CLOCK_REALTIME|time\(NULL\)|gettimeofday' "$file" | head -n 1)"
		bad=1
	}
done
[ $bad -eq 0 ]
