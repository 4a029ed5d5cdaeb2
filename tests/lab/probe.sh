#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A web server stops: the probe sees it, its share moves, no later request fails; it comes back.
. "$(dirname "$0")/lib.sh"

lab_quickstart

stopped=$(now_ms)
lab_stop nginx-b2
# Three failures in a row, a second apart and at most a second each; and as much again for the
# machine.
lab_wait_for "lab_backend_is web-2 health down" 4 "web-2 down"
lab_say "ok: down after $(($(now_ms) - stopped)) ms, promised are 4000"
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
