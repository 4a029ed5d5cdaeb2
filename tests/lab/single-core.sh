#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# One core for everything: the control lcore and the worker share it.
. "$(dirname "$0")/lib.sh"

taskset -p -c 0 $$ >/dev/null
lab_begin
lab_web_backends 3
lab_config 'workers: {cores: [0], idle: sleep}'
lab_fulcrumd
lab_check "it runs on core 0 alone" \
	test "$(awk '/^Cpus_allowed_list/ {print $2}' /proc/${lab_pids[fulcrumd]}/task/*/status | sort -u)" = 0
lab_check "the pool is applied" ctl apply -f $lab_pool
lab_wait_up web-1 web-2 web-3
lab_requests 90 >$LAB/answers
lab_check "90 of 90 requests are answered" test "$(lab_count '^b[123]$' $LAB/answers)" -eq 90
lab_end
