#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# One pool, two services on ports of their own. A backend whose second port is dead takes nothing
# more of that service, keeps serving the first, and is said to be up in part, with the port and
# why. So over a restart, and where the pool's own probe speaks a protocol. Each port has a floor of
# its own.
. "$(dirname "$0")/lib.sh"

second_port() {
	cat >$LAB/second-$1.conf <<-CONF
		daemon off; worker_processes 1; user root; pid $LAB/second-$1.pid; error_log stderr warn;
		events { worker_connections 1024; }
		http { access_log off; server { listen 8081; location / { return 200 "$1\n"; } } }
	CONF
	lab_start second-$1 "$1" nginx -e stderr -c $LAB/second-$1.conf
}

# plain N: that many requests to the second service, a line each.
plain() {
	in_ns client sh -c "seq $1 | xargs -P 4 -I{} sh -c 'curl -sf --max-time 20 http://$VIP:8081/ || echo failed'" \
		>$LAB/answers
}

reason() {
	ctl show backends -o json | python3 -c 'import json, sys
print(next(b["reason"] for b in json.load(sys.stdin) if b["name"] == sys.argv[1]))' "$1"
}

usable() {
	ctl show services -o json | python3 -c 'import json, sys
print(next(s["backends_usable"] for s in json.load(sys.stdin) if s["name"] == sys.argv[1]))' "$1"
}

lab_quickstart
for k in 1 2 3; do second_port b$k; done
sed "s/^pools:/  - {name: plain, vip: $VIP, protocol: tcp, port: 8081, pool: web}\n&/" \
	$lab_pool | sed '/^    health:/,/^    backends:/ s/      port: 443.*//' >$LAB/pool.yaml
lab_check "a second service comes to the pool" ctl apply -f $LAB/pool.yaml
lab_wait_for '[ "$(usable web) $(usable plain)" = "3 3" ]' 15 "all serve both"
plain 30
lab_check "30 of 30 requests of it are answered" test "$(lab_count '^b[123]$' $LAB/answers)" -eq 30

lab_say "the second server of b1 dies"
lab_stop second-b1
lab_wait_for 'lab_backend_is web-1 health partly' 15 "web-1 is up in part"
lab_say "web-1: $(reason web-1)"
lab_check "the reason names the port and the service" \
	grep -q '^port 8081 (service plain) is down: connect to 10.0.1.11:8081: connection refused' <(reason web-1)
lab_check "two backends serve the second service, three the first" test "$(usable web) $(usable plain)" = "3 2"
plain 40
lab_check "40 of 40 requests of the second service are answered" test "$(lab_count '^b[23]$' $LAB/answers)" -eq 40
lab_requests 40 >$LAB/answers
lab_check "40 of 40 of the first one, too" test "$(lab_count '^b[123]$' $LAB/answers)" -eq 40
lab_check "web-1 has its part of them" test "$(lab_count '^b1$' $LAB/answers)" -gt 0

lab_say "the balancer starts anew"
lab_wait_for 'grep -q "^down web/web-1 8081$" $LAB/state/health' 10 "the state folder knows it"
lab_stop fulcrumd
lab_fulcrumd
plain 20
lab_check "the first requests after it avoid the dead port" test "$(lab_count '^b1$\|failed' $LAB/answers)" -eq 0

second_port b1
lab_wait_for 'lab_backend_is web-1 health up' 15 "web-1 is up as a whole"
lab_check "three serve both" test "$(usable web) $(usable plain)" = "3 3"

lab_say "with a probe that speaks TLS, and a floor"
sed '/^pools:/,$ {s/  - name: web$/&\n    max_down_percent: 40/; s/type: tcp /type: tls /; s/: 1s/: 3s/}' $LAB/pool.yaml >$LAB/floor.yaml
lab_check "the pool asks for TLS, and has a floor" ctl apply -f $LAB/floor.yaml
lab_wait_for '[ "$(usable web) $(usable plain)" = "3 3" ]' 40 "all serve both"
lab_stop second-b1
lab_stop second-b2
lab_wait_for 'lab_backend_is web-1 health partly && lab_backend_is web-2 health partly' 40 "two are up in part"
lab_check "one of three may be lost, one is kept for the second service" test "$(usable web) $(usable plain)" = "3 2"
lab_check "the alarm names the port" grep -q "pool 'web', port 8081 (service plain): 2 of the 3 backends that served failed" \
	$LAB/fulcrumd.log
{ reason web-1 && reason web-2; } >$LAB/reasons
lab_check "'show backends' says who is kept" grep -q 'port 8081 (service plain) is down, kept in service: connect to' $LAB/reasons
lab_check "a line of the log, too" grep -q 'port 8081 (service plain) is down: .* (kept in service)' $LAB/fulcrumd.log
second_port b1
second_port b2
lab_wait_for '[ "$(usable web) $(usable plain)" = "3 3" ]' 40 "all serve both again"
lab_wait_for "grep -q 'port 8081 (service plain): no backend is kept in service any more' $LAB/fulcrumd.log" 40 \
	"the end of it is told"
lab_end
