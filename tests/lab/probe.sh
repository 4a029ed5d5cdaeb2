#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A web server stops: the probe sees it, its share moves, no later request fails; it comes back.
. "$(dirname "$0")/lib.sh"

lab_quickstart

stopped=$(now_ms)
lab_stop nginx-b2
lab_wait_for "lab_backend_is web-2 health down" 10 "web-2 down"
took=$(($(now_ms) - stopped))
# Two failures in a row, 500 ms apart and at most 300 ms each, and what the machine adds.
lab_check "down within the probe's promise: $took ms" test $took -lt 3000
lab_check "the reason is told" test -n "$(ctl show backends -o json | grep reason)"
lab_requests 150 >$LAB/answers
lab_check "no request fails once the backend is down" test "$(lab_count '^b[13]$' $LAB/answers)" -eq 150

lab_nginx b2
lab_wait_for "lab_backend_is web-2 health up" 10 "web-2 up again"
lab_requests 150 >$LAB/answers
lab_check "no request fails when it is back" test "$(lab_count '^b[123]$' $LAB/answers)" -eq 150
lab_check "it has its share again" test "$(lab_count '^b2$' $LAB/answers)" -gt 20

for k in 1 2 3; do
	lab_stop nginx-b$k
done
for k in 1 2 3; do
	lab_wait_for "lab_backend_is web-$k health down" 10 "web-$k down"
done
lab_check "the daemon lives on without any backend" ctl show services
lab_end
