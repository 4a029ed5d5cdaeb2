#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Probes of real servers in their own protocols: etcd by gRPC, with TLS and without; a UDP
# responder; a server that speaks first. Each is up, fails in two ways, is down for the right
# reason, and comes back.
. "$(dirname "$0")/lib.sh"

lab_etcd() {
	local scheme=$2 tls=()
	[ "$scheme" = http ] || tls=(--cert-file $LAB/tls.crt --key-file $LAB/tls.key)
	rm -rf "$LAB/etcd-$1"
	lab_start etcd-$1 "$1" etcd --data-dir "$LAB/etcd-$1" "${tls[@]}" --log-level error \
		--listen-client-urls "$scheme://0.0.0.0:2379" --advertise-client-urls "$scheme://$VIP:2379" \
		--listen-peer-urls http://127.0.0.1:2380
}

reason() {
	ctl show backends -o json | python3 -c 'import json, sys
print(next(b["reason"] for b in json.load(sys.stdin) if b["name"] == sys.argv[1]))' "$1"
}

# fails BACKEND 'what happened' 'what the reason says' command...
fails() {
	local name=$1 what=$2 says=$3
	shift 3
	"$@"
	lab_wait_for "lab_backend_is $name health down" 20 "$what: $name down"
	lab_wait_for "reason $name | grep -q -- '$says'" 20 "$what: the reason has: $says"
	lab_say "ok: $what: $(reason $name)"
}

recovers() {
	local name=$1
	shift
	"$@"
	lab_wait_for "lab_backend_is $name health up" 30 "$name up again"
}

freeze() {
	kill -"$2" "${lab_pids[$1]}"
}

# As lab_responder, at the backend's own address.
lab_names() {
	lab_start udp-$1 "$1" python3 "$lab_root/tests/lab/udp.py" serve 10.0.1.13 5353 "$1"
}

lab_greeter() {
	lab_start greeter-$1 "$1" python3 "$lab_root/tests/lab/backend_server.py" 2222
}

command -v etcd >/dev/null || {
	echo "skipped: needs etcd (Debian's etcd-server)"
	exit 77
}
lab_begin
lab_backends 4
lab_certificate
lab_etcd b1 http
lab_etcd b2 https
lab_names b3
lab_greeter b4
lab_fulcrumd
times='interval: 1s, timeout: 1s, rise: 2, fall: 2'
cat >$LAB/pools.yaml <<YAML
pools:
  - name: plain
    health: {type: grpc, port: 2379, $times}
    backends: [{name: etcd-1, address: 10.0.1.11}]
  - name: tls
    health: {type: grpcs, port: 2379, host: web.example, ca: $LAB/tls.crt, $times}
    backends: [{name: etcd-2, address: 10.0.1.12}]
  - name: datagrams
    health: {type: udp, port: 5353, payload: "who?", expect: b3, $times}
    backends: [{name: names, address: 10.0.1.13}]
  - name: silence
    health: {type: udp, port: 5354, $times}
    backends: [{name: nobody, address: 10.0.1.13}]
  - name: greeting
    health: {type: tcp, port: 2222, expect: 10.0.0.2, $times}
    backends: [{name: greeter, address: 10.0.1.14}]
  - name: unknown-service
    health: {type: grpc, port: 2379, service: shop.Cart, $times}
    backends: [{name: cart, address: 10.0.1.11}]
  - name: not-grpc
    health: {type: grpc, port: 2222, $times}
    backends: [{name: greets, address: 10.0.1.14}]
YAML
lab_check "the pools are applied" ctl apply -f $LAB/pools.yaml
for name in etcd-1 etcd-2 names greeter; do
	lab_wait_for "lab_backend_is $name health up" 30 "$name up"
done
lab_wait_for '[[ $(reason etcd-2) == *"certificate ends in 1 day"* ]]' 10 "the certificate's end is told"

fails cart "etcd is asked for a service that it has not" 'it knows no service .shop.Cart' true
fails greets "a server that speaks first is asked by gRPC" 'what it sends is no HTTP/2' true
fails nobody "nothing listens on the UDP port" 'nothing listens on the port (ICMP port unreachable)' true
fails etcd-1 "etcd is frozen" 'gRPC health check of .* no answer within 1s' freeze etcd-b1 STOP
recovers etcd-1 freeze etcd-b1 CONT
fails etcd-2 "etcd with TLS is stopped" 'connection refused' lab_stop etcd-b2
fails etcd-2 "etcd is back, without TLS" 'what it sends is no TLS\|closed the connection\|reset' lab_etcd b2 http
lab_stop etcd-b2
recovers etcd-2 lab_etcd b2 https
fails names "the responder is frozen" 'UDP request to .* no answer within 1s' freeze udp-b3 STOP
recovers names freeze udp-b3 CONT
fails greeter "the greeter is frozen" 'greeting from .* no answer within 1s' freeze greeter-b4 STOP
recovers greeter freeze greeter-b4 CONT
lab_check "silence did not bring back who had said no" lab_backend_is nobody health down
lab_end
