#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A backend fails in every way that there is; an https probe finds each, says why, and finds it
# back.
. "$(dirname "$0")/lib.sh"

name=web-1
interval=${PROBE_INTERVAL:-1000} timeout=${PROBE_TIMEOUT:-1000} # milliseconds: a busy machine wants more than a quiet one
promise=$((2 * interval + timeout)) # fall x interval + timeout

# The web server's own word on whether it is ready: 503 while $LAB/unready-bK is there.
add_readyz() {
	sed -i "s|location / |location = /readyz { if (-f $LAB/unready-$1) { return 503; } return 200 \"ready\\\\n\"; }\n&|" \
		$LAB/nginx-$1/conf
	reload $1
}

reload() {
	kill -HUP "$(cat $LAB/nginx-$1/pid)"
}

reason() {
	ctl show backends -o json | python3 -c 'import json, sys
print(next(b["reason"] for b in json.load(sys.stdin) if b["name"] == sys.argv[1]))' $name
}

# fails 'what happened' 'what the reason says' command...
fails() {
	local what=$1 says=$2 began took
	shift 2
	began=$(now_ms)
	"$@"
	lab_wait_for "lab_backend_is $name health down" 10 "$what: $name down"
	took=$(($(now_ms) - began))
	lab_say "ok: $what: down after $took ms, promised are $promise"
	lab_wait_for "reason | grep -q -- '$says'" 10 "$what: '$says' is told"
	lab_say "ok: $what: $(reason)"
}

recovers() {
	"$@"
	lab_wait_for "lab_backend_is $name health up" 10 "$name up again"
}

freeze() {
	kill -"$1" $(pgrep -P "${lab_pids[nginx-b1]}") "${lab_pids[nginx-b1]}"
}

# A certificate of the same key whose last day was long ago.
expire() {
	mkdir -p $LAB/ca
	: >$LAB/ca/index
	cat >$LAB/ca/conf <<-CONF
		[ca]
		default_ca = own
		[own]
		database = $LAB/ca/index
		new_certs_dir = $LAB/ca
		rand_serial = yes
		default_md = sha256
		policy = any
		[any]
		commonName = supplied
	CONF
	openssl req -new -key $LAB/tls.key -subj /CN=web.example -out $LAB/ca/request 2>/dev/null
	openssl ca -batch -config $LAB/ca/conf -selfsign -keyfile $LAB/tls.key -in $LAB/ca/request \
		-startdate 20200101000000Z -enddate 20200102000000Z -out $LAB/ca/expired 2>/dev/null
	sed -i "s|$LAB/tls.crt|$LAB/ca/expired|" $LAB/nginx-b1/conf
	reload b1
}

renew() {
	sed -i "s|$LAB/ca/expired|$LAB/tls.crt|" $LAB/nginx-b1/conf
	reload b1
}

# vouch CERTIFICATE: it is the authority from the next apply on, also from one that changes nothing.
vouch() {
	cp "$1" $LAB/authority.crt
	ctl apply -f $LAB/pools.yaml
}

lab_quickstart
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=another \
	-keyout $LAB/other.key -out $LAB/other.crt 2>/dev/null
cp $LAB/tls.crt $LAB/authority.crt
for k in 1 2 3; do
	add_readyz b$k
done
sed "s|interval: .*|interval: ${interval}ms|; s|timeout: .*|timeout: ${timeout}ms|; s|type: tcp.*|type: https\n      flap_limit: 0\n      host: web.example\n      ca: $LAB/authority.crt\n      path: /readyz\n      body: ready|" \
	"$lab_root/config/quickstart.yaml" >$LAB/pools.yaml
lab_check "the pool of https probes is applied" ctl apply -f $LAB/pools.yaml
lab_wait_for '[[ $(reason) == *"certificate ends in 1 day"* ]]' 10 "the certificate's end is told"
lab_wait_up web-1 web-2 web-3

fails "the server is stopped" 'connection refused' lab_stop nginx-b1
recovers lab_start nginx-b1 b1 nginx -e stderr -c $LAB/nginx-b1/conf
fails "the cable is cut" 'no answer within [0-9m]*s\|no route to host' ip -n router link set b1 down
recovers ip -n router link set b1 up
fails "a filter drops the answers" 'no answer within [0-9m]*s' ip -n b1 route add blackhole $BALANCER
recovers ip -n b1 route del blackhole $BALANCER
fails "the server is frozen" 'TLS handshake with .* no answer within [0-9m]*s' freeze STOP
recovers freeze CONT
fails "the server is not ready" 'it answers with status 503, not 200 to 399' touch $LAB/unready-b1
recovers rm $LAB/unready-b1
fails "the certificate ended" 'its certificate ended on 2020-01-02T00:00:00Z' expire
recovers renew
fails "another authority vouches" 'its certificate: ' vouch $LAB/other.crt
recovers vouch $LAB/tls.crt
lab_end
