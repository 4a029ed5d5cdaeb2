#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What fulcrumctl shows of a balancer at work is what the schemas say, as JSON and as YAML.
. "$(dirname "$0")/lib.sh"

lab_quickstart
schemas=$lab_root/docs/reference/schemas

lab_fits() { # schema command...
	local schema=$schemas/$1.json
	shift
	ctl "$@" -o json | python3 "$lab_root/tests/unit/schemas.py" "$schema" &&
		ctl "$@" -o yaml | python3 "$lab_root/tests/unit/schemas.py" "$schema" yaml
}

for what in services pools backends zones workers ports vips memory history version; do
	lab_check "show $what" lab_fits $what show $what
done
lab_check "show drops" lab_fits drops show drops --all
lab_check "show" lab_fits summary show
lab_check "show config" eval "ctl show config -o json | python3 $lab_root/tests/unit/schemas.py $schemas/config.json"
lab_check "show config as YAML can be applied" eval "ctl show config -o yaml | ctl apply -f -"
lab_check "flows" lab_fits flows flows
lab_check "events" lab_fits events events
lab_check "digest" lab_fits digest digest
lab_check "explain" lab_fits explain explain tcp 198.51.100.7:40000 $VIP:443
ctl show config | sed '/name: web-1/d' >$LAB/less.yaml
lab_check "plan" lab_fits plan plan -f $LAB/less.yaml
# What it finds is this machine's; some of it may be wrong here.
lab_fits_doctor() { # yaml|json
	{ ctl doctor -c $LAB/fulcrumd.yaml -o "$1" || [ $? = 1 ]; } |
		python3 "$lab_root/tests/unit/schemas.py" "$schemas/doctor.json" "$1"
}
lab_check "doctor" lab_fits_doctor json
lab_check "doctor as YAML" lab_fits_doctor yaml

# What is in DPDK's memory is what DPDK gave out, and the kernel has all of it as pages.
ctl show memory -o json >$LAB/memory.json
lab_check "show memory adds up" python3 - $LAB/memory.json <<-'PY'
	import json, sys
	rows = json.load(open(sys.argv[1]))
	sums = {row["part"]: row["bytes"] for row in rows if row["is_sum"]}
	parts = [row for row in rows if not row["is_sum"]]
	of = {row["part"]: row for row in parts}
	for place, part in (("dpdk", "DPDK's memory"), ("heap", "heap")):
	    assert sum(row["bytes"] for row in parts if row["place"] == place) == sums[part], part
	assert sums["all of this"] == sum(row["bytes"] for row in parts)
	assert of["flow tables"]["count"] == 65536 and of["flow tables"]["bytes_each"] == 32
	assert of["Maglev tables"]["count"] == 1 and of["Maglev tables"]["bytes"] >= 2 * 65537
	assert of["packet buffers"]["bytes"] > of["packet buffers"]["count"] * 2048
	assert sums["DPDK's memory"] <= sums["hugepages"] + sums["resident, hugepages aside"]
PY
lab_end
