#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What a fulcrumd takes with room for FLOWS connections and SERVICES services of BACKENDS backends
# each, as it tells itself. Every pool is of machines of its own, so every pool has a table of its
# own; nothing is probed.
#   [FLOWS=1048576] [SERVICES=1000] [BACKENDS=100] FULCRUM_BUILD=build tests/bench/memory.sh
. "$(dirname "$0")/lib.sh"

FLOWS=${FLOWS:-1048576}
SERVICES=${SERVICES:-1000}
BACKENDS=${BACKENDS:-100}
lab_config 'eal: {hugepages: auto, prefix: memory}' "flows: $FLOWS" \
	'ports: [{name: wan, device: net_null0, kernel_interface: fulcrum0, mtu: 1500}]'
cat >>$LAB/fulcrumd.yaml <<-YAML
	services_max: $((SERVICES + 24))
	backends_max: $((SERVICES * BACKENDS + 1000))
YAML
python3 - "$SERVICES" "$BACKENDS" >$LAB/pools.yaml <<-'PY'
	import sys
	services, backends = map(int, sys.argv[1:])
	print("services:")
	for s in range(services):
	    print(f"  - {{name: s{s}, vip: 203.0.{113 + s // 250}.{1 + s % 250}, protocol: tcp, port: 443, pool: p{s}}}")
	print("pools:")
	for s in range(services):
	    print(f"  - name: p{s}\n    health: {{type: none}}\n    backends:")
	    for b in range(backends):
	        n = s * backends + b
	        print(f"      - {{name: b{n}, address: 10.{1 + (n >> 16)}.{n >> 8 & 255}.{n & 255}}}")
PY
lab_daemon
ip -n lb addr add 10.0.0.2/16 dev fulcrum0
ip -n lb link set fulcrum0 up
ip -n lb neigh replace 10.0.0.1 lladdr 02:00:00:00:01:02 dev fulcrum0 nud permanent
ip -n lb route add 10.0.0.0/8 via 10.0.0.1
ctl apply -f $LAB/pools.yaml >$LAB/apply.log 2>&1 || lab_fail "apply: $(tail -5 $LAB/apply.log)"
tables() {
	ctl show memory | awk '/^Maglev tables/ { print $4 }'
}
lab_wait_for '[ "$(tables)" -ge $SERVICES ]' 60 "every pool has its table"
ctl show memory
# What one more costs: all rows of that thing, whatever place they are in.
ctl show memory -o json | python3 -c 'import collections, json, sys
each = collections.Counter()
for row in json.load(sys.stdin):
    each[row["unit"]] += row["bytes_each"]
print("\n".join(f"a {unit}: {each[unit]} bytes" for unit in ("flow", "backend", "service", "pool", "table", "member")))'
lab_stop fulcrumd
