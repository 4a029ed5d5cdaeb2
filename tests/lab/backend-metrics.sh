#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What programs read of the agent: its page of metrics is taken by Prometheus' own parsers, /healthz
# tells what is not in place, and the JSON of --status is what its schema says. All of it counts
# what real packets did.
. "$(dirname "$0")/lib.sh"
. "$lab_root/tests/lab/backend-host.sh"

lab_backend_host
ip -n peer route add $VIP/32 via 10.9.0.2
ip -n peer -6 route add $VIP6/128 via fd00:9::2
cat >$LAB/backend.yaml <<-YAML
	interfaces: [eth0]
	balancers: [10.9.0.1, "fd00:9::1"]
	pin: $LAB/bpf/host
	metrics: 127.0.0.1:9111
	vips:
	  - {address: $VIP, protocol: tcp, port: 443, target_port: 3080}
	  - {address: $VIP6}
YAML
lab_backend_serve 3080

page() { # [Accept]
	in_ns host curl -sf --max-time 20 -H "Accept: ${1:-text/plain}" http://127.0.0.1:9111/metrics
}

sample() { # NAME{LABELS}: its value
	page | awk -v name="$1" '$1 == name { print $2 }'
}

healthz() { # the status
	in_ns host curl -s --max-time 20 -o $LAB/healthz -w '%{http_code}' http://127.0.0.1:9111/healthz
}

status_json() {
	in_ns host "$fulcrum_backend" --status -c $LAB/backend.yaml -o json
}

talk() { # ADDRESS PORT: a connection, and a line of the server
	in_ns peer python3 -c 'import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2])), 5) as peer:
    sys.exit(not peer.recv(64))' "$@"
}

labels="vip=\"$VIP\",protocol=\"tcp\",port=\"443\""
for number in 1 2 3; do
	lab_check "connection $number" talk $VIP 443
done
page >$LAB/page.txt
page 'application/openmetrics-text; version=1.0.0' >$LAB/page.om
if command -v promtool >/dev/null; then
	lab_check "promtool accepts the older format" promtool check metrics <$LAB/page.txt
fi
if /usr/bin/python3 -c 'import prometheus_client.openmetrics' 2>/dev/null; then
	lab_check "OpenMetrics' own parser accepts the newer one" /usr/bin/python3 -c 'import sys
from prometheus_client.openmetrics import parser
families = {f.name: f for f in parser.text_string_to_metric_families(open(sys.argv[1]).read())}
sys.exit(families["fulcrum_agent_received_packets"].type != "counter")' $LAB/page.om
fi
received=$(sample "fulcrum_agent_received_packets_total{$labels}")
sent=$(sample "fulcrum_agent_sent_packets_total{$labels}")
lab_check "three connections are counted: $received in" test "$received" -ge 9 -a "$received" -le 60
lab_check "and answered: $sent out" test "$sent" -ge 6 -a "$sent" -le 60
lab_check "another VIP has none of them" \
	test "$(sample "fulcrum_agent_tunneled_packets_total{vip=\"$VIP6\",protocol=\"*\",port=\"*\"}")" = 0
lab_check "no tunnel packet was refused" test "$(sample 'fulcrum_agent_not_delivered_packets_total{reason="stranger"}')" = 0
lab_check "every family stands in the reference" eval "awk '/^# TYPE/ { print \$3 }' $LAB/page.om |
	while read -r name; do grep -Eq \"\\\`\$name(_total|_info)?\\\`\" $lab_root/docs/reference/fulcrum-backend.md || exit 1; done"

lab_check "the status is what its schema says" eval "status_json |
	python3 $lab_root/tests/unit/schemas.py $lab_root/docs/reference/schemas/backend-status.json"
lab_check "and counts the same" python3 - "$(status_json)" "$received" "$sent" <<-'PY'
	import json, sys
	status = json.loads(sys.argv[1])
	row = status["services"][0]
	assert [row["rx_packets"], row["tx_packets"]] == [int(text) for text in sys.argv[2:]], row
	assert (row["port"], row["target_port"], row["protocol"]) == (443, 3080, "tcp"), row
	assert status["running"] and status["in_place"] and not status["faults"], status
PY

# The page and the health tell what is gone. The agent puts it back within a second, so it stands
# still meanwhile.
lab_check "healthy" test "$(healthz)" = 200
kill -STOP "${lab_pids[agent-host]}"
in_ns host tc filter del dev eth0 egress
if status_json >$LAB/status.json; then
	lab_fail "the status of a host without a filter ends with 0"
fi
kill -CONT "${lab_pids[agent-host]}"
lab_check "the JSON names the filter" python3 - $LAB/status.json <<-'PY'
	import json, sys
	status = json.load(open(sys.argv[1]))
	assert status["interfaces"][0]["egress"] == "missing" and not status["in_place"], status
	assert status["faults"] == ["eth0: the filter on its egress is missing"], status
PY

# Whoever has the port already is told at the start, before anything is changed.
lab_wait_for 'test "$(healthz)" = 200' 20 "whole again"
lab_check "another agent's port: refused" eval "! in_ns host $fulcrum_backend --interface eth0 --vip 203.0.113.99 --balancer 10.9.0.1 \
	--pin $LAB/bpf/other --metrics 127.0.0.1:9111 >$LAB/said 2>&1"
lab_check "and says so" grep -q '127.0.0.1:9111 cannot be listened at' $LAB/said
lab_stop agent-host

# As many VIPs and ports as there may be: 512 of 8 ports each.
python3 - $LAB/bpf/many >$LAB/many.yaml <<-'PY'
	import sys
	print(f"interfaces: [eth0]\nbalancers: [10.9.0.1]\npin: {sys.argv[1]}\nmetrics: 127.0.0.1:9111\nvips:")
	for vip in range(512):
	    address = f"203.0.{vip // 256}.{vip % 256}" if vip % 2 else f"'2001:db8:2::{vip + 1:x}'"
	    for port in range(8):
	        print(f"  - {{address: {address}, protocol: {'tcp' if port % 2 else 'udp'}, port: {port + 80}}}")
PY
lab_start agent-many host "$fulcrum_backend" -c $LAB/many.yaml
lab_wait_for "grep -q ready $LAB/agent-many.log || ! lab_alive agent-many" 20 "the agent of 4,096 VIPs and ports"
lab_check "4,096 VIPs and ports are taken" grep -q 'ready: 1 interfaces, 4096 VIPs and ports' $LAB/agent-many.log
lab_check "all 512 VIPs are on lo" test "$(ip -n host -o addr show dev lo scope global | wc -l)" -eq 512
page >$LAB/page.txt
lab_check "each has its counters" test "$(lab_count '^fulcrum_agent_received_packets_total' $LAB/page.txt)" -eq $((4096 + 512))
lab_check "and all is in place" test "$(sample fulcrum_agent_in_place)" = 1
echo "  - {address: 203.0.2.1}" >>$LAB/many.yaml
lab_check "one more is refused" eval "! $fulcrum_backend -c $LAB/many.yaml --check 2>$LAB/said"
lab_check "and the limit is said" grep -q ':4102:5: more than 4096 VIPs and ports' $LAB/said
lab_stop agent-many
lab_check "a stop takes them all from lo" test -z "$(ip -n host -o addr show dev lo scope global)"
lab_end
