#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A backend that comes back gets its share in steps, not at once; after the slow start it has it
# whole.
. "$(dirname "$0")/lib.sh"

share() {
	ctl show backends -o json | python3 -c 'import json, sys
print(next(b["share_ppm"] for b in json.load(sys.stdin) if b["name"] == sys.argv[1]))' $1
}

lab_quickstart
# From here on: those that are up already have their share.
sed '/^pools:/,$ s/  - name: web$/&\n    slow_start: 10s/' $lab_pool >$LAB/pool.yaml
lab_check "the slow start is applied" ctl apply -f $LAB/pool.yaml

lab_stop nginx-b2
lab_wait_for "lab_backend_is web-2 health down" 10 "web-2 is down"
lab_nginx b2
lab_wait_for "lab_backend_is web-2 health up" 10 "web-2 is up"
first=$(share web-2)
lab_check "it does not begin with its whole share" test $first -lt 300000
lab_wait_for '[ $(share web-2) -gt $first ]' 15 "its share grows"
lab_wait_for '[ $(share web-2) -gt 330000 ]' 15 "it has its whole share"
lab_requests 60 >$LAB/answers
lab_check "60 of 60 requests are answered" test "$(lab_count '^b[123]$' $LAB/answers)" -eq 60
lab_end
