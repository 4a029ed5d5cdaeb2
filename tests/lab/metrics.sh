#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The page of metrics: Prometheus and its tools accept it, it says what 'show' says, and clients
# that misbehave keep nobody from it.
. "$(dirname "$0")/lib.sh"
command -v prometheus promtool >/dev/null || {
	echo "skipped: there is no prometheus"
	exit 77
}

page() { # [Accept]
	in_ns lb curl -sf --max-time 20 -H "Accept: ${1:-text/plain}" http://127.0.0.1:9110/metrics
}

# sample NAME{LABELS}: its value
sample() {
	page | python3 -c 'import sys
for line in sys.stdin:
    name, _, value = line.rstrip("\n").rpartition(" ")
    if name == sys.argv[1]:
        print(value)' "$1"
}

is() { # NAME{LABELS} VALUE
	[ "$(sample "$1")" = "$2" ]
}

lab_quickstart
lab_wait_for 'is "fulcrum_pool_usable_backends{pool=\"web\"}" 3' 10 "three usable backends on the page"

# The formats, by those who wrote them.
page >$LAB/page.txt
page 'application/openmetrics-text; version=1.0.0' >$LAB/page.om
lab_check "promtool accepts the older format" promtool check metrics <$LAB/page.txt
lab_check "OpenMetrics' own parser accepts the newer one" /usr/bin/python3 -c 'import sys
from prometheus_client.openmetrics import parser
families = list(parser.text_string_to_metric_families(open(sys.argv[1]).read()))
sys.exit(not any(f.name == "fulcrum_pool_probe_duration_seconds" and f.type == "histogram" for f in families))' $LAB/page.om

# What it says is what happens.
requests=40
lab_requests $requests >$LAB/answers
[ "$(lab_count failed $LAB/answers)" -eq 0 ] || lab_fail "some requests failed"
flows=$(sample 'fulcrum_service_new_flows_total{service="web"}')
again=$(in_ns client nstat -asz TcpExtTCPSynRetrans | awk '/SynRetrans/ {print $2}') # a SYN begins a flow anew
lab_check "every request is a new flow of its service: $flows" test "$flows" -ge $requests -a "$flows" -le $((requests + again))
lab_check "and the page says what show says" python3 - "$(ctl show services -o json)" "$(page)" <<-'PY'
	import json, sys
	service = json.loads(sys.argv[1])[0]
	samples = dict(line.rsplit(" ", 1) for line in sys.argv[2].splitlines() if line[0] != "#")
	for key, metric in (("packets", "packets_total"), ("bytes", "bytes_total"), ("new_flows", "new_flows_total")):
	    shown, told = service[key], int(samples['fulcrum_service_%s{service="web"}' % metric])
	    parts = sum(int(v) for k, v in samples.items() if k.startswith("fulcrum_backend_%s{" % metric))
	    # A packet may come between the two.
	    assert shown <= told <= shown + 20 and told - 20 <= parts, (key, shown, told, parts)
	assert sum(float(v) for k, v in samples.items() if k.startswith("fulcrum_backend_share_ratio{")) > 0.999
	PY

# Flows are one count, wherever they are told: what is open now, and no hour old.
held() { # how many flows each place tells of
	ctl flows --limit 0 -o json | python3 -c 'import json, sys; print(json.load(sys.stdin)["matched"])'
	ctl show workers -o json | python3 -c 'import json, sys; print(sum(w["flows"] for w in json.load(sys.stdin)))'
	ctl show backends -o json | python3 -c 'import json, sys; print(sum(b["flows"] for b in json.load(sys.stdin)))'
	page | awk '/^fulcrum_flows{/ {w += $2} /^fulcrum_backend_flows{/ {b += $2} END {print w; print b}'
}
all_alike() {
	held >$LAB/held
	[ "$(sort -u $LAB/held | wc -l)" -eq 1 ] && [ "$(head -n 1 $LAB/held)" -ge "$1" ]
}
lab_wait_for "all_alike $requests" 15 "flows, show workers, show backends and the page tell of as many flows"
lab_stop fulcrumd
lab_fulcrumd
lab_wait_up web-1 web-2 web-3
lab_wait_for "all_alike 1" 15 "and do so after a restart that hands them on"
lab_requests 5 >$LAB/answers
flows=$(sample 'fulcrum_service_new_flows_total{service="web"}')

# A real Prometheus.
mkdir -p $LAB/prometheus
sed 's/: 15s/: 1s/; s/: 10s/: 1s/' "$lab_root/config/prometheus.yml" >$LAB/prometheus.yml
sed 's/for: [0-9]*[sm]/for: 1s/' "$lab_root/config/alerts.yml" >$LAB/alerts.yml
lab_start prometheus lb prometheus --config.file=$LAB/prometheus.yml --storage.tsdb.path=$LAB/prometheus \
	--web.listen-address=127.0.0.1:9090 --log.level=warn
asked() { # EXPRESSION VALUE
	in_ns lb curl -sfG --data-urlencode "query=$1" http://127.0.0.1:9090/api/v1/query |
		grep -q "\"value\":\[[0-9.]*,\"$2\"\]"
}
lab_wait_for "asked 'up{job=\"fulcrum\"}' 1" 60 "Prometheus scrapes the balancer"
lab_wait_for "asked 'sum(fulcrum_backend_health)' 3" 20 "it has three backends that are up"
lab_check "it has the flows" asked 'fulcrum_service_new_flows_total' $flows

# A backend goes, and whoever watches is told.
lab_stop nginx-b2
lab_wait_for 'is "fulcrum_backend_health{pool=\"web\",backend=\"web-2\"}" 0' 20 "the page has web-2 down"
lab_stop nginx-b1
lab_wait_for "asked 'count(ALERTS{alertname=\"FulcrumPoolBelowHalf\", alertstate=\"firing\"})' 1" 30 "the alert fires"
lab_stop prometheus

# Clients that ask for nothing, or take nothing, are in nobody's way.
lab_start hostile lb python3 "$lab_root/tests/lab/hostile_http.py" 127.0.0.1 9110
lab_wait_for "grep -q ready $LAB/hostile.log" 20 "the hostile clients are there"
for _ in 1 2 3 4 5; do
	lab_wait_for 'page >$LAB/page.txt' 5 "a page beside hostile clients"
	in_ns lb curl -sf -m 2 -o /dev/null http://127.0.0.1:9110/healthz || lab_fail "no /healthz beside hostile clients"
	ctl show version >/dev/null
done
lab_say "ok: five pages and five shows beside hostile clients"
lab_check "the workers are told to be well" in_ns lb curl -sf -o /dev/null http://127.0.0.1:9110/healthz
lab_check "anything else is not there" [ "$(in_ns lb curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:9110/x)" = 404 ]
lab_stop hostile
lab_end
