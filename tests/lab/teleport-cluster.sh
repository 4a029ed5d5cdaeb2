# SPDX-License-Identifier: BSD-3-Clause
# For stories of a Teleport cluster: real servers of the protocols that its ports speak, and
# whatever is between them and the client made by 'fulcrumctl teleport render'. Sourced after
# lib.sh.
#
#   client --- router --- lb  10.0.0.2   fulcrumd, the public balancer, VIP 203.0.113.10 and 2001:db8:1::10
#                   `---- lba 10.0.0.4   fulcrumd, the private balancer, VIP 10.0.9.10
#                   `---- p1 p2 p3 p4    zones a b c d: nginx (3080, 3026, 27017), sshd (3023, 3024), mariadbd (3036), postgres (5432)
#                   `---- a1 a2          zones a b: etcd's gRPC proxy, mutual TLS (3025)
#                   `---- state          etcd, the cluster state backend;  dns: knotd with the rendered records
#
# Proxies and auth servers have 10.0.1.x behind a router (forwarding ipip), or 10.0.0.x beside the
# balancers (dsr).

domain=teleport.example.com
AUTH_VIP=10.0.9.10
AUTH_BALANCER=10.0.0.4
PROXIES="p1 p2 p3"
ROUTING=on
FORWARDING=ipip
HEALTH="interval: 1s, timeout: 900ms, rise: 1, fall: 4" # a busy machine is no lost proxy
out=$LAB/out
nginx_modules=/usr/lib/nginx/modules
postgres_bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -n 1)
declare -A zone_of=([p1]=a [p2]=b [p3]=c [p4]=d [a1]=a [a2]=b)
declare -A state_of=()

teleport_address() { # NAME
	local net=10.0.1 first=10
	[ "$FORWARDING" != dsr ] || net=10.0.0
	[ "${1:0:1}" = p ] || first=20
	echo "$net.$((first + ${1:1}))"
}

# --- Hosts ---

teleport_host() { # NAME ADDRESS
	local net=${2%.*} bridge=br-be net6=fd00:11:
	[ "$net" != 10.0.0 ] || bridge=br-lb net6=fd00:10:
	lab_namespace "$1"
	lab_cable "$1" eth0 router "$1"
	ip -n router link set dev "$1" master $bridge
	ip -n "$1" addr add "$2/24" dev eth0
	ip -n "$1" addr add "$net6:${2##*.}/64" dev eth0 nodad
	ip -n "$1" route add default via "$net.1"
	ip -n "$1" -6 route add default via "$net6:1"
	mkdir -p "$LAB/$1"
}

teleport_certificate() { # NAME SUBJECT-ALTERNATIVE-NAMES
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$1" \
		-keyout "$LAB/$1/tls.key" -out "$LAB/$1/request" 2>/dev/null
	openssl x509 -req -in "$LAB/$1/request" -CA $LAB/ca.crt -CAkey $LAB/ca.key -CAcreateserial -days 90 \
		-extfile <(echo "subjectAltName=$2") -out "$LAB/$1/tls.crt" 2>/dev/null
	openssl x509 -in "$LAB/$1/tls.crt" -outform der -out "$LAB/$1/tls.der"
}

teleport_secrets() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 90 -subj /CN=lab \
		-keyout $LAB/ca.key -out $LAB/ca.crt 2>/dev/null
	ssh-keygen -q -t ed25519 -N '' -f $LAB/client_key
	mkdir -p $LAB/client /run/sshd
	teleport_certificate client DNS:client
	: >$LAB/known_hosts
}

# --- The servers of a proxy ---

teleport_nginx() { # NAME
	local dir=$LAB/$1 tls
	tls="ssl_certificate $dir/tls.crt; ssl_certificate_key $dir/tls.key;"
	cat >"$dir/nginx.conf" <<-CONF
		load_module $nginx_modules/ngx_stream_module.so;
		daemon off; worker_processes 1; user root; pid $dir/nginx.pid; error_log stderr warn;
		events { worker_connections 4096; }
		stream {
			map \$ssl_alpn_protocol \$inner {
				teleport-proxy-ssh 127.0.0.1:3023; h2 unix:$dir/h2; default unix:$dir/http;
			}
			log_format peers "\$remote_addr '\$ssl_alpn_protocol' \$ssl_server_name";
			server {
				listen 3080 ssl; listen [::]:3080 ssl; $tls
				ssl_alpn teleport-proxy-ssh h2 http/1.1;
				proxy_pass \$inner; proxy_timeout 1h; access_log $dir/access peers;
			}
			server { listen 27017 ssl; listen [::]:27017 ssl; $tls access_log $dir/mongo peers; return "$1\n"; }
		}
		http {
			default_type text/plain; access_log $dir/kubernetes;
			client_body_temp_path $dir/body; proxy_temp_path $dir/proxy; fastcgi_temp_path $dir/fastcgi;
			uwsgi_temp_path $dir/uwsgi; scgi_temp_path $dir/scgi;
			server { listen unix:$dir/http; access_log off; location / { return 200 "$1\n"; } }
			server { listen unix:$dir/h2 http2; access_log off; location / { return 200 "$1\n"; } }
			server { listen 3026 ssl; listen [::]:3026 ssl; $tls location / { return 200 "$1\n"; } }
		}
	CONF
	lab_start nginx-$1 "$1" nginx -e stderr -c "$dir/nginx.conf"
}

teleport_sshd() { # NAME
	local dir=$LAB/$1
	ssh-keygen -q -t ed25519 -N '' -f "$dir/host_key"
	echo "$domain,[$domain]:3023,[$domain]:3024 $(cut -d' ' -f1,2 "$dir/host_key.pub")" >>$LAB/known_hosts
	cat >"$dir/sshd_config" <<-CONF
		Port 3023
		Port 3024
		HostKey $dir/host_key
		PidFile none
		AuthorizedKeysFile $LAB/client_key.pub
		StrictModes no
		UsePAM no
		PermitRootLogin prohibit-password
		PrintMotd no
		MaxStartups 1000
		Subsystem sftp internal-sftp
		SetEnv PROXY=$1
	CONF
	lab_start sshd-$1 "$1" /usr/sbin/sshd -D -e -f "$dir/sshd_config"
}

# A server's data are made once, and copied.
teleport_postgres() { # NAME
	local dir=$LAB/$1/postgres as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
	if [ ! -d $LAB/postgres ]; then
		install -d -o postgres $LAB/postgres
		"${as[@]}" "$postgres_bin/initdb" -D $LAB/postgres -A trust --no-sync >$LAB/initdb.log 2>&1
		echo "hostssl all all all trust" >>$LAB/postgres/pg_hba.conf
	fi
	cp -a $LAB/postgres "$dir"
	install -o postgres -m 600 "$LAB/$1/tls.key" "$LAB/$1/tls.crt" "$dir"
	lab_start postgres-$1 "$1" "${as[@]}" "$postgres_bin/postgres" -D "$dir" -c listen_addresses='*' -c port=5432 \
		-c unix_socket_directories= -c ssl=on -c ssl_cert_file=tls.crt -c ssl_key_file=tls.key -c fsync=off \
		-c log_connections=on -c shared_buffers=4MB -c max_connections=20 -c autovacuum=off
}

teleport_mariadb() { # NAME
	local dir=$LAB/$1/mariadb small=(--innodb-log-file-size=4M --innodb-buffer-pool-size=8M)
	if [ ! -d $LAB/mariadb ]; then
		install -d -o mysql $LAB/mariadb
		mariadb-install-db --no-defaults --datadir=$LAB/mariadb --user=mysql --skip-test-db \
			--auth-root-authentication-method=normal "${small[@]}" >$LAB/install-db.log 2>&1
		echo "CREATE USER IF NOT EXISTS 'alice'@'%' REQUIRE SSL;" >$LAB/mariadb.sql
	fi
	cp -a $LAB/mariadb "$dir"
	install -o mysql -m 600 "$LAB/$1/tls.key" "$LAB/$1/tls.crt" "$dir"
	lab_start mariadb-$1 "$1" mariadbd --no-defaults --user=mysql --datadir="$dir" --port=3036 --socket="$dir/socket" \
		--pid-file="$dir/pid" --init-file=$LAB/mariadb.sql --ssl-cert="$dir/tls.crt" --ssl-key="$dir/tls.key" \
		--general-log --general-log-file="$dir/general" --skip-name-resolve "${small[@]}"
}

teleport_listens() { # NAME PORT...
	local port
	for port in "${@:2}"; do
		lab_wait_for "in_ns $1 ss -Hltn 'sport = $port' | grep -q ." 60 "$1 listens on port $port"
	done
}

# Two proxies may not show the same certificate or host key: who answered is told by them.
teleport_proxy() { # NAME ['databases']
	teleport_host "$1" "$(teleport_address $1)"
	teleport_certificate "$1" "DNS:$domain,DNS:*.$domain"
	teleport_nginx "$1"
	teleport_sshd "$1"
	if [ "${2:-}" = databases ]; then
		teleport_postgres "$1"
		teleport_mariadb "$1"
		teleport_listens "$1" 5432 3036
	fi
	teleport_listens "$1" 3080 3026 27017 3023 3024
}

# --- The auth servers and what they share ---

teleport_state() {
	teleport_host state 10.0.1.30
	lab_start etcd state env GOMAXPROCS=1 etcd --data-dir $LAB/state/data --unsafe-no-fsync --logger zap --log-level error \
		--listen-client-urls http://10.0.1.30:2379 --advertise-client-urls http://10.0.1.30:2379 \
		--listen-peer-urls http://127.0.0.1:2380
	teleport_listens state 2379
}

teleport_auth() { # NAME
	local dir=$LAB/$1
	teleport_host "$1" "$(teleport_address $1)"
	teleport_certificate "$1" "IP:$AUTH_VIP"
	lab_start auth-$1 "$1" env GOMAXPROCS=1 etcd grpc-proxy start --endpoints http://10.0.1.30:2379 --listen-addr 0.0.0.0:3025 \
		--data-dir "$dir/data" --cert-file "$dir/tls.crt" --key-file "$dir/tls.key" --trusted-ca-file $LAB/ca.crt
	teleport_listens "$1" 3025
}

# --- Names ---

teleport_dns() {
	teleport_host dns 10.0.1.53
	cat >$LAB/dns/zone <<-ZONE
		\$ORIGIN example.com.
		@ 300 IN SOA ns hostmaster 1 3600 600 86400 60
		@ 300 IN NS ns
		ns 300 IN A 10.0.1.53
		\$INCLUDE $out/dns.zone
	ZONE
	cat >$LAB/dns/knot.conf <<-CONF
		server:
		    listen: 10.0.1.53@53
		    rundir: $LAB/dns
		    udp-workers: 1
		    tcp-workers: 1
		    background-workers: 1
		database:
		    storage: $LAB/dns
		zone:
		  - domain: example.com
		    file: $LAB/dns/zone
		    zonefile-sync: -1
	CONF
	echo "nameserver 10.0.1.53" >$LAB/resolv.conf
	mount --bind $LAB/resolv.conf /etc/resolv.conf # in this story's own mount namespace
	lab_start knot dns knotd -c $LAB/dns/knot.conf
	lab_wait_for "in_ns client getent ahostsv4 $domain" 20 "the name is resolved"
}

# --- The cluster's one file, and what is made of it ---

teleport_instances() { # NAME...
	local name
	for name; do
		echo "    - {name: $name, address: $(teleport_address $name), zone: ${zone_of[$name]}, state: ${state_of[$name]:-active}}"
	done
}

teleport_file() {
	local vips=$VIP
	[ "$FORWARDING" = dsr ] || vips="$VIP, \"$VIP6\""
	cat <<-YAML
		domain: $domain
		tls_routing: $ROUTING
		hash_key: 0123456789abcdef0123456789abcdef
		proxy:
		  vips: [$vips]
		  balancers: [$BALANCER]
		  forwarding: $FORWARDING
		  ports: [${PORTS:-}]
		  health: &health {$HEALTH}
		  instances:
		$(teleport_instances $PROXIES)
		auth:
		  vips: [$AUTH_VIP]
		  balancers: [$AUTH_BALANCER]
		  forwarding: $FORWARDING
		  health: *health
		  instances:
		$(teleport_instances a1 a2)
	YAML
}

teleport_render() {
	teleport_file >$LAB/cluster.yaml
	ctl teleport render $LAB/cluster.yaml -o $out >$LAB/render.out || lab_fail "the cluster does not render"
}

teleport_agents() { # NAME...
	local name
	for name; do
		[ -z "${lab_pids[agent-$name]:-}" ] || lab_stop agent-$name
		: >$LAB/agent-$name.log
		lab_start agent-$name "$name" "$fulcrum_backend" -c $out/backends/$name.yaml --pin $LAB/bpf/$name
	done
	for name; do
		lab_wait_for "grep -q ready $LAB/agent-$name.log" 20 "the agent on $name"
	done
}

ctl_auth() {
	FULCRUM_CHANNEL=/run/fulcrum/auth ctl "$@"
}

# A second daemon, for the private VIP.
teleport_auth_balancer() {
	lab_namespace lba
	cat >$LAB/fulcrumd-auth.yaml <<-YAML
		channel: /run/fulcrum/auth
		eal: {hugepages: off, memory: 128MiB, prefix: fulcrum-auth}
		control_core: 0
		workers: {cores: [$(($(nproc) > 1))], idle: sleep}
		ports: [{name: lan, device: "net_tap1,iface=ftap1", kernel_interface: fulcrum1, mtu: 1500}]
		flows: 16384
	YAML
	lab_start fulcrumd-auth lba "$fulcrumd" -c $LAB/fulcrumd-auth.yaml
	lab_wait_for 'grep -q "fulcrumd: ready" $LAB/fulcrumd-auth.log' 60 "the private balancer"
	ip -n lba link set ftap1 down
	ip -n lba link set ftap1 address 02:00:00:00:0f:02
	ip -n lba link set ftap1 netns router
	ip -n router link set ftap1 master br-lb up
	ip -n lba link set fulcrum1 up
	ip -n lba addr add $AUTH_BALANCER/24 dev fulcrum1
	ip -n lba route add default via 10.0.0.1
	ip -n router route add $AUTH_VIP/32 via $AUTH_BALANCER
}

# teleport_all COMMAND HEALTH: every backend of the file that is in force has it.
teleport_all() {
	"$1" show backends -o json | python3 -c 'import json, sys
rows = json.load(sys.stdin)
sys.exit(not rows or any(row["health"] != sys.argv[1] for row in rows if row["state"] in ("active", "draining")))' "$2"
}

teleport_apply() {
	ctl apply --force -f $out/proxy-lb.yaml >$LAB/apply.out || lab_fail "proxy-lb.yaml is not taken"
	lab_wait_for "teleport_all ctl up" 30 "every port of every proxy is up"
}

teleport_apply_auth() {
	ctl_auth apply --force -f $out/auth-lb.yaml >$LAB/apply.out || lab_fail "auth-lb.yaml is not taken"
	lab_wait_for "teleport_all ctl_auth up" 30 "every auth server is up"
}

# --- Clients ---

teleport_ssh_options=(-F none -i $LAB/client_key -o UserKnownHostsFile=$LAB/known_hosts -o StrictHostKeyChecking=yes
	-o BatchMode=yes -o ConnectTimeout=20 -o LogLevel=ERROR)

# How ssh and scp reach the cluster: by port 3023, or by ALPN on port 443.
teleport_ssh_way() {
	teleport_ssh_route=(-o Port=3023)
	[ "$ROUTING" != on ] || teleport_ssh_route=(-o "ProxyCommand=openssl s_client -quiet -verify_quiet -alpn \
		teleport-proxy-ssh -servername %h -connect %h:443 2>>$LAB/s_client.log")
}

teleport_ssh() { # COMMAND...
	in_ns client ssh "${teleport_ssh_options[@]}" "${teleport_ssh_route[@]}" root@$domain "$@"
}

teleport_curl() { # URL OPTION...
	in_ns client curl -sf --max-time 20 --cacert $LAB/ca.crt "$@"
}

teleport_etcdctl() { # NAMESPACE COMMAND...
	in_ns "$1" env ETCDCTL_API=3 GOMAXPROCS=1 etcdctl --endpoints https://$AUTH_VIP:3025 --cacert $LAB/ca.crt \
		--cert $LAB/client/tls.crt --key $LAB/client/tls.key --dial-timeout 10s --command-timeout 20s "${@:2}"
}

teleport_verify() { # NAMESPACE OPTION...
	in_ns "$1" "$fulcrumctl" teleport verify $LAB/cluster.yaml --ca $LAB/ca.crt "${@:2}"
}

teleport_log_has() { # 'PATTERN' FILE 'what it means'
	lab_wait_for "grep -q -- \"$1\" $2" 10 "$3"
}
