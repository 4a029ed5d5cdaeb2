#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What 'fulcrumctl teleport verify' says of a cluster in which one thing after the other is wrong.
. "$(dirname "$0")/lib.sh"
. "$lab_root/tests/lab/teleport-cluster.sh"

ROUTING=on

# says 'pattern of a row' STATUS OPTION...
says() {
	local status=0
	in_ns client "$fulcrumctl" teleport verify $LAB/cluster.yaml --timeout 4s --connections 24 "${@:3}" \
		>$LAB/verified 2>&1 || status=$?
	grep -q -- "$1" $LAB/verified || { cat $LAB/verified && lab_fail "verify does not say: $1"; }
	[ $status -eq "$2" ] || { cat $LAB/verified && lab_fail "verify ends with $status, not $2"; }
	! grep -vE '^(CHECK|dns|reach|certificate|alpn|instances|zones) ' $LAB/verified || lab_fail "verify says that, beside its rows"
	lab_say "ok: $(grep -m 1 -- "$1" $LAB/verified)"
}

trusting=(--ca $LAB/ca.crt)

# Until the former worker is gone it may still take connections beside the new one, in the old way.
reload_nginx() {
	local master former
	master=$(cat $LAB/$1/nginx.pid)
	former=$(cat /proc/$master/task/$master/children)
	kill -HUP "$master"
	lab_wait_for "! ps -o pid= -p '${former% }' | grep -q ." 20 "the former worker of $1 has ended"
}

shows_certificate() { # NAME FILE
	in_ns $1 openssl s_client -connect 127.0.0.1:3080 </dev/null 2>/dev/null |
		openssl x509 -outform der 2>/dev/null | cmp -s - <(openssl x509 -in $2 -outform der)
}

with_certificate() { # NAME FILE KEY
	sed -i "s|ssl_certificate [^;]*;|ssl_certificate $2;|g; s|ssl_certificate_key [^;]*;|ssl_certificate_key $3;|g" $LAB/$1/nginx.conf
	reload_nginx $1
	lab_wait_for "shows_certificate $1 $2" 10 "$1 shows $2"
}

expired() {
	mkdir -p $LAB/x
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=x \
		-keyout $LAB/x/ca.key -out $LAB/x/ca.crt 2>/dev/null
	: >$LAB/x/index
	printf '[ca]\ndefault_ca = own\n[own]\ndatabase = %s\nnew_certs_dir = %s\nrand_serial = yes\ndefault_md = sha256\npolicy = any\ncopy_extensions = copy\n[any]\ncommonName = supplied\n' \
		$LAB/x/index $LAB/x >$LAB/x/conf
	openssl req -new -key $LAB/p3/tls.key -subj /CN=p3 -addext "subjectAltName=DNS:$domain,DNS:*.$domain" \
		-out $LAB/x/request 2>/dev/null
	openssl ca -batch -config $LAB/x/conf -keyfile $LAB/ca.key -cert $LAB/ca.crt -in $LAB/x/request \
		-startdate 20200101000000Z -enddate 20200102000000Z -notext -out $LAB/x/expired.crt 2>/dev/null
}

lab_begin
teleport_secrets
for name in $PROXIES; do
	teleport_proxy $name
done
lab_fulcrumd
teleport_render
teleport_agents $PROXIES
teleport_apply
teleport_dns

says '^zones .*ok .*3 of 3' 0 "${trusting[@]}"
in_ns client "$fulcrumctl" teleport verify $LAB/cluster.yaml "${trusting[@]}" -o json >$LAB/verified
lab_check "as JSON there are all of them, and who answered" python3 - $LAB/verified <<-'PY'
	import json, sys
	told = json.load(open(sys.argv[1]))
	names = {(answer["instance"], answer["zone"], answer["identity_kind"]) for answer in told["answers"]}
	wanted = {(f"p{k}", zone, "host_key") for k, zone in ((1, "a"), (2, "b"), (3, "c"))}
	checks = {row["check"] for row in told["checks"]}
	sys.exit(not (told["ok"] is True and names == wanted and {"dns", "reach", "certificate", "alpn", "zones"} <= checks))
PY

# --- Trust, and certificates ---
says '^certificate .*wrong .*authorit' 1
mkdir $LAB/other
teleport_certificate other DNS:$domain
with_certificate p3 $LAB/other/tls.crt $LAB/other/tls.key
says '^certificate .*wrong .*not for names below the domain' 1 "${trusting[@]}"
teleport_certificate other DNS:elsewhere.example.org
with_certificate p3 $LAB/other/tls.crt $LAB/other/tls.key
says '^certificate .*wrong .*not for the domain' 1 "${trusting[@]}"
expired
with_certificate p3 $LAB/x/expired.crt $LAB/p3/tls.key
lab_wait_for "lab_backend_is p3 health down || ! lab_backend_is p3 health up" 10 "its probe sees it, too"
ctl apply -f <(sed 's/type: tls/type: tcp/; /alpn/d' $out/proxy-lb.yaml) >/dev/null
lab_wait_for "teleport_all ctl up" 20 "all up by a weaker probe"
says '^certificate .*wrong .*it has ended' 1 "${trusting[@]}"
with_certificate p3 $LAB/p1/tls.crt $LAB/p1/tls.key
says '^zones .*:443 .*ok .*3 of 3' 0 "${trusting[@]}" # one certificate for several: the host key tells

# --- ALPN ---
sed -i 's/ssl_alpn .*/ssl_alpn http\/1.1;/' $LAB/p{1,2,3}/nginx.conf
for name in $PROXIES; do
	reload_nginx $name
	lab_wait_for "! in_ns $name openssl s_client -alpn h2 -connect 127.0.0.1:3080 </dev/null" 10 "$name has no h2"
done
says '^alpn .*wrong .*h2' 1 "${trusting[@]}"
sed -i 's/ssl_alpn .*/ssl_alpn teleport-proxy-ssh h2 http\/1.1;/' $LAB/p{1,2,3}/nginx.conf
for name in $PROXIES; do
	reload_nginx $name
	lab_wait_for "in_ns $name openssl s_client -alpn h2 -connect 127.0.0.1:3080 </dev/null" 10 "$name has h2"
done
says '^alpn .*ok .*h2' 0 "${trusting[@]}"

# --- Names ---
says '^dns .*wrong .*no answer of a DNS server in time' 1 "${trusting[@]}" --resolver 10.0.1.54
says '^dns .*ok' 0 "${trusting[@]}" --resolver 10.0.1.53:53
sed "s/$VIP/203.0.113.99/; /AAAA/d" $out/dns.zone >$LAB/dns/other
sed -i "s|INCLUDE .*|INCLUDE $LAB/dns/other|; s/ 1 3600/ 2 3600/" $LAB/dns/zone
kill -HUP ${lab_pids[knot]}
lab_wait_for "in_ns client getent ahostsv4 $domain | grep -q 203.0.113.99" 10 "the records are wrong"
says "^dns .*wrong .*203.0.113.99 is no VIP" 1 "${trusting[@]}"
lab_check "the missing record is told, too" grep -q "^dns .* AAAA .*wrong .*$VIP6 is missing" $LAB/verified
sed -i "s|INCLUDE .*|INCLUDE $out/dns.zone|; s/ 2 3600/ 3 3600/" $LAB/dns/zone
kill -HUP ${lab_pids[knot]}
lab_wait_for "in_ns client getent ahostsv4 $domain | grep -q $VIP" 10 "the records are right"

# --- The way ---
ctl backend drain proxy-https/p2 >/dev/null
says '^zones .*wrong .*2 of 3: a [0-9]*, b 0' 1 "${trusting[@]}"
ctl backend undrain proxy-https/p2 >/dev/null
state_of[p2]=draining
teleport_render
ctl apply -f $out/proxy-lb.yaml >/dev/null
lab_wait_for "lab_backend_is p2 state draining" 10 "p2 is drained by the file"
says '^zones .*ok .*2 of 2: a [0-9]*, c' 0 "${trusting[@]}" # as it should be
in_ns client ip route add blackhole 10.0.1.8/29
says '^instances .*note .*none that could be asked' 0 "${trusting[@]}"
in_ns client ip route del blackhole 10.0.1.8/29
ip -n router link set dev ftap0 down
says '^reach .*wrong .*0 of 2 connections: \(no answer\|.*No route to host\)' 1 "${trusting[@]}"
lab_stop fulcrumd
lab_end
