# SPDX-License-Identifier: BSD-3-Clause
# Every port of a Teleport cluster by its real client, in one way of forwarding, TLS routing on and
# off. Sourced by the stories that do so, which set FORWARDING first.
. "$lab_root/tests/lab/teleport-cluster.sh"

PORTS="kubernetes, mysql, postgres, mongo"

# The certificate of the server that answers, as the client gets it, and the ALPN protocol that is
# agreed on.
seen_certificate() { # ALPN [PORT]
	in_ns client openssl s_client -connect $domain:${2:-443} -servername $domain -alpn "$1" -CAfile $LAB/ca.crt \
		-verify_return_error </dev/null >$LAB/seen 2>$LAB/s_client.log
	openssl x509 -in $LAB/seen -outform der -out $LAB/seen.der
}

is_a_proxys_certificate() {
	local name
	for name in $PROXIES; do
		! cmp -s $LAB/seen.der $LAB/$name/tls.der || return 0
	done
	return 1
}

row_tls() {
	local alpn
	for alpn in teleport-proxy-ssh h2 http/1.1; do
		lab_check "openssl s_client: a handshake for $alpn" seen_certificate $alpn
		lab_check "the certificate is a proxy's, byte for byte" is_a_proxys_certificate
		lab_check "and ALPN is what was asked for" grep -q "^ALPN protocol: $alpn$" $LAB/seen
	done
}

row_curl() {
	local way name
	for way in --http1.1 --http2; do
		name=$(teleport_curl -4 $way https://$domain/) # by itself, curl tries IPv6 where IPv4 takes 200 ms
		lab_check "curl $way: $name answers" test -n "$name"
		teleport_log_has "^$CLIENT '$([ $way = --http2 ] && echo h2 || echo http/1.1)' $domain" $LAB/$name/access \
			"$name saw the client's own address"
	done
	name=$(teleport_curl https://grafana.$domain/)
	lab_check "an application's name leads there, too: $name" test -n "$name"
	[ $FORWARDING = dsr ] || {
		name=$(teleport_curl -6 https://$domain/)
		lab_check "curl by IPv6: $name answers" test -n "$name"
		teleport_log_has "^fd00:100::7 " $LAB/$name/access "$name saw the client's IPv6 address"
	}
}

row_kubernetes() {
	local name
	name=$(teleport_curl -4 https://$domain:3026/)
	lab_check "kubernetes, by curl: $name answers" test -n "$name"
	teleport_log_has "^$CLIENT " $LAB/$name/kubernetes "$name saw the client's own address"
}

row_ssh() {
	local said name port
	teleport_ssh_way
	said=$(teleport_ssh 'echo $PROXY $SSH_CONNECTION')
	name=${said%% *}
	lab_check "ssh, routing $ROUTING: $said" test -n "$name"
	[ $ROUTING = off ] || teleport_log_has "^$CLIENT 'teleport-proxy-ssh' $domain" $LAB/$name/access \
		"$name saw the client's own address"
	[ $ROUTING = on ] || for port in 3024 3023; do
		teleport_ssh_route=(-4 -o Port=$port)
		said=$(teleport_ssh 'echo $PROXY $SSH_CONNECTION')
		lab_check "ssh by port $port: $said" grep -q "^p[1-4] $CLIENT [0-9]* $VIP $port$" <<<"$said"
		teleport_log_has "Accepted publickey for root from $CLIENT" $LAB/sshd-${said%% *}.log \
			"sshd's log has the client's own address"
	done
	head -c 3000000 /dev/urandom >$LAB/file
	lab_check "scp there" in_ns client scp -q "${teleport_ssh_options[@]}" "${teleport_ssh_route[@]}" $LAB/file root@$domain:$LAB/sent
	lab_check "and back" in_ns client scp -q "${teleport_ssh_options[@]}" "${teleport_ssh_route[@]}" root@$domain:$LAB/sent $LAB/back
	lab_check "byte for byte" cmp $LAB/file $LAB/back
}

row_postgres() {
	local said
	said=$(in_ns client psql -At "host=$domain user=postgres dbname=postgres sslmode=verify-full sslrootcert=$LAB/ca.crt" \
		-c "select inet_client_addr(), inet_server_port(), ssl from pg_stat_ssl where pid = pg_backend_pid()")
	lab_check "psql: $said" test "$said" = "$CLIENT|5432|t" -o "$said" = "fd00:100::7|5432|t"
	teleport_log_has "connection received: host=${said%%|*} " "$LAB/postgres-p*.log" "postgres' log has it, too"
}

row_mysql() {
	local said
	said=$(in_ns client mysql --no-defaults -h $domain -P 3036 -u alice --ssl-ca=$LAB/ca.crt --ssl-verify-server-cert \
		-N -e "select user(), variable_value <> '' from information_schema.session_status where variable_name = 'ssl_cipher'")
	lab_check "mysql: $said" grep -Eq "^alice@($CLIENT|fd00:100::7)[[:space:]]1$" <<<"$said"
	teleport_log_has "alice@\($CLIENT\|fd00:100::7\) on" "$LAB/p*/mariadb/general" "mariadb's log has it, too"
}

# Debian has no MongoDB: its port carries TLS from the first byte, and that is what a client is
# shown here.
row_mongo() {
	local name
	lab_check "mongo, by openssl s_client: a handshake on port 27017" seen_certificate mongo 27017
	lab_check "the certificate is a proxy's, byte for byte" is_a_proxys_certificate
	name=$(in_ns client openssl s_client -4 -quiet -verify_quiet -connect $domain:27017 -servername $domain </dev/null 2>/dev/null | tail -n 1)
	lab_check "and it is $name that answers" test "${name:0:1}" = p
	teleport_log_has "^$CLIENT " $LAB/$name/mongo "$name saw the client's own address"
}

row_etcd() {
	lab_check "etcdctl put, from p1" test "$(teleport_etcdctl p1 put key "$ROUTING-$FORWARDING")" = OK
	lab_check "etcdctl get, from p2" grep -q "^$ROUTING-$FORWARDING$" <(teleport_etcdctl p2 get key)
	lab_start watch p1 env ETCDCTL_API=3 etcdctl --endpoints https://$AUTH_VIP:3025 --cacert $LAB/ca.crt \
		--cert $LAB/client/tls.crt --key $LAB/client/tls.key watch key
	lab_wait_for "{ in_ns a1 ss -Htn sport = 3025; in_ns a2 ss -Htn sport = 3025; } | grep -q ':3025 .*$(teleport_address p1)\b'" 10 \
		"the auth server sees p1's own address"
	lab_stop watch
}

rows() {
	lab_say "--- $FORWARDING, TLS routing $ROUTING ---"
	teleport_render
	teleport_agents $PROXIES a1 a2
	teleport_apply
	teleport_apply_auth
	[ -n "${lab_pids[knot]:-}" ] || teleport_dns
	row_tls
	row_curl
	row_kubernetes
	row_ssh
	row_postgres
	row_mysql
	row_mongo
	row_etcd
	teleport_verify client >$LAB/verified || { cat $LAB/verified && lab_fail "verify finds something wrong"; }
	lab_say "$(cat $LAB/verified)"
	teleport_verify p1 --pool auth >$LAB/verified || { cat $LAB/verified && lab_fail "verify finds something wrong in the auth pool"; }
	lab_say "$(cat $LAB/verified)"
}

teleport_rows() {
	local name
	lab_begin
	teleport_secrets
	for name in $PROXIES; do
		teleport_proxy $name databases
	done
	teleport_state
	teleport_auth a1
	teleport_auth a2
	lab_fulcrumd
	teleport_auth_balancer
	ROUTING=off rows
	ROUTING=on rows
	lab_end
}
