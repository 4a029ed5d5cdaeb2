# SPDX-License-Identifier: BSD-3-Clause
# The laboratory: a client, a router, the balancer and backends, each a network namespace.
# Sourced by a story as its first command. The story then starts again inside mount, network and
# process namespaces of its own with an empty /run, so stories may run side by side, and whatever
# way one ends, the kernel takes back every process, interface and mount.
#
#   client 198.51.100.7 --- router --- br-lb 10.0.0.1/24 --- ftap0 | fulcrumd | fulcrum0 10.0.0.2
#                             `------- br-be 10.0.1.1/24 --- b1 .11, b2 .12, b3 .13 ...
#
# The same in IPv6: client fd00:100::7, br-lb fd00:10::1, balancer fd00:10::2, backends fd00:11::11.
# Backends asked for as 'dsr' are on br-lb instead (10.0.0.11, fd00:10::11 ...).

set -euo pipefail
lab_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

if [ -z "${LAB_INSIDE:-}" ]; then
	[ "$(id -u)" -eq 0 ] && [ -c /dev/net/tun ] &&
		unshare --mount --net --pid --ipc --fork true 2>/dev/null || {
		echo "skipped: needs root, /dev/net/tun and namespaces"
		exit 77
	}
	LAB_INSIDE=1 exec unshare --mount --net --pid --ipc --fork --kill-child --mount-proc \
		bash "$0" "$@"
fi

VIP=203.0.113.10
VIP6=2001:db8:1::10
CLIENT=198.51.100.7
BALANCER=10.0.0.2

# Where the programs are: meson says, else the usual trees.
lab_build=${FULCRUM_BUILD:-$lab_root/build/gcc}
[ -d "$lab_build" ] || lab_build=$lab_root/build
fulcrumd=$lab_build/app/fulcrumd
fulcrumctl=$lab_build/tools/fulcrumctl/fulcrumctl
fulcrum_backend=$lab_build/tools/fulcrum-backend/fulcrum-backend

LAB=/run/lab                                # this story's files; /run is its own
export FULCRUM_CHANNEL=/run/fulcrum/channel # where fulcrumctl looks
lab_pool=$LAB/quickstart.yaml               # the quickstart's, with patient probes: a busy machine is no dead server
lab_poll=0.02
lab_slack=3 # how much longer than a quiet machine a busy one may take
declare -A lab_pids=() # what runs now, by name

lab_say() {
	[ -n "${LAB_QUIET:-}" ] || printf '%s\n' "$*"
}

# What a story knows to ask whatever it tests when it fails, beside reading its log.
lab_ask() {
	[ -n "${lab_pids[fulcrumd]:-}" ] && lab_alive fulcrumd || return 0
	"$fulcrumctl" show workers || true
	"$fulcrumctl" show drops || true
	"$fulcrumctl" show backends | head -n 12 || true
}

# Ends the story: the last words of whatever ran, what can still be asked, and then one sentence,
# where whoever cuts a long log leaves it.
lab_fail() {
	trap - ERR
	local log
	for log in "$LAB"/*.log; do
		[ ! -s "$log" ] || sed "s|^|  $(basename "$log" .log): |" <(tail -n 25 "$log") >&2
	done
	lab_ask 2>&1 | sed 's|^|  |' >&2
	printf 'FAIL: %s\n' "$*" >&2
	exit 1
}

# lab_check 'what should hold' command...
lab_check() {
	local what=$1
	shift
	"$@" || lab_fail "does not hold: $what (${*})"
	lab_say "ok: $what"
}

# lab_count 'pattern' file: how many lines match.
lab_count() {
	grep -c -- "$1" "$2" || true
}

# lab_wait_for 'shell condition' seconds ['what it means']: the seconds are those of a quiet
# machine. Of a pipeline the last command counts: 'grep -q' ends at once, and whoever writes to it
# then is killed by SIGPIPE or not.
lab_wait_for() {
	local condition=$1 deadline
	deadline=$(($(date +%s%N) + $2 * lab_slack * 1000000000))
	set +o pipefail
	until eval "$condition" >/dev/null 2>&1; do
		[ "$(date +%s%N)" -lt "$deadline" ] || lab_fail "after $(($2 * lab_slack)) s still not: ${3:-$condition}"
		sleep $lab_poll
	done
	set -o pipefail
}

now_ms() {
	echo $(($(date +%s%N) / 1000000))
}

# in_ns namespace command...
in_ns() {
	ip netns exec "$@"
}

# lab_start name namespace command...: runs in the background, its words in $LAB/name.log.
lab_start() {
	local name=$1
	shift
	ip netns exec "$@" >>"$LAB/$name.log" 2>&1 </dev/null &
	lab_pids[$name]=$!
}

lab_alive() {
	kill -0 "${lab_pids[$1]:-0}" 2>/dev/null
}

# lab_stop name [signal]: sets lab_status to how it ended. Half a minute is enough for anybody.
lab_stop() {
	local pid=${lab_pids[$1]} timer
	unset "lab_pids[$1]"
	kill -"${2:-TERM}" "$pid" 2>/dev/null || true
	# Nothing of it holds our output, or who reads that waits for it, too.
	(timeout 30 tail -s 0.1 --pid="$pid" -f /dev/null || kill -KILL "$pid") >/dev/null 2>&1 &
	timer=$!
	lab_status=0
	wait "$pid" 2>/dev/null || lab_status=$?
	kill $timer 2>/dev/null || true
}

# Two ends of a cable: lab_cable namespace interface namespace interface
lab_cable() {
	ip link add "$2" netns "$1" type veth peer name "$4" netns "$3"
	ip -n "$1" link set dev "$2" up
	ip -n "$3" link set dev "$4" up
}

lab_namespace() {
	ip netns add "$1"
	ip -n "$1" link set lo up
	in_ns "$1" sysctl -q net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 \
		net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
}

# lab_bridge NAME MAC IPV4 IPV6: with an address of its own, as it otherwise takes the least of its
# ports'. A port added later would then make it deaf to all who know the former one, in IPv6 for as
# long as half a minute.
lab_bridge() {
	ip -n router link add "$1" address "$2" type bridge forward_delay 0
	ip -n router addr add "$3" dev "$1"
	ip -n router addr add "$4" dev "$1" nodad
	ip -n router link set "$1" up
}

# The client, the router and the empty place for the balancer.
lab_begin() {
	mount -t tmpfs -o mode=755 lab /run
	mkdir -p $LAB/www $LAB/bpf /run/fulcrum /run/lock
	# Files that are named by their process' number would be another story's: each has its own
	# numbers from 1 on.
	install -d -m 1777 $LAB/tmp
	export TMPDIR=$LAB/tmp
	mount -t bpf bpf $LAB/bpf
	trap 'lab_fail "line $LINENO of $(basename "$0"): $BASH_COMMAND"' ERR
	set -E
	sed 's/interval: .*/interval: 1s/; s/timeout: .*/timeout: 1s/; s/rise: .*/rise: 1/; s/fall: .*/fall: 3/' \
		"$lab_root/config/quickstart.yaml" >$lab_pool
	ip link set lo up
	lab_namespace client
	lab_namespace router
	lab_namespace lb
	in_ns router sysctl -q net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	lab_cable client eth0 router client
	ip -n client addr add $CLIENT/24 dev eth0
	ip -n client addr add fd00:100::7/64 dev eth0 nodad
	ip -n router addr add 198.51.100.1/24 dev client
	ip -n router addr add fd00:100::1/64 dev client nodad
	ip -n client route add default via 198.51.100.1
	ip -n client -6 route add default via fd00:100::1
	lab_bridge br-lb 02:00:00:00:0a:00 10.0.0.1/24 fd00:10::1/64
	lab_bridge br-be 02:00:00:00:0a:01 10.0.1.1/24 fd00:11::1/64
	ip -n router route add $VIP/32 via $BALANCER
	ip -n router -6 route add $VIP6/128 via fd00:10::2
}

# lab_backends N [ipip|dsr [FIRST]]: b1 .. bN or from FIRST on, each holding the VIPs on lo.
lab_backends() {
	local mode=${2:-ipip} first=${3:-1} bridge=br-be net=10.0.1 net6=fd00:11: k
	[ "$mode" != dsr ] || bridge=br-lb net=10.0.0 net6=fd00:10:
	for ((k = first; k < first + $1; k++)); do
		lab_namespace b$k
		in_ns b$k sysctl -q net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
		lab_cable b$k eth0 router b$k
		ip -n router link set b$k master $bridge
		ip -n b$k addr add $net.$((10 + k))/24 dev eth0
		ip -n b$k addr add $net6:$((10 + k))/64 dev eth0 nodad
		ip -n b$k route add default via $net.1
		ip -n b$k -6 route add default via $net6:1
		ip -n b$k addr add $VIP/32 dev lo
		ip -n b$k addr add $VIP6/128 dev lo nodad
	done
}

# Writes the daemon's configuration; each argument replaces a line: lab_config 'workers: {...}'
lab_config() {
	local line
	cat >$LAB/fulcrumd.yaml <<-YAML
		channel: /run/fulcrum/channel
		state: $LAB/state
		folders: [$LAB]
		eal: {hugepages: auto, memory: 256MiB, prefix: fulcrum}
		control_core: 0
		workers: {cores: [1], idle: sleep}
		ports: [{name: wan, device: "net_tap0,iface=ftap0", kernel_interface: fulcrum0, mtu: 1500}]
		flows: 65536
	YAML
	for line; do
		sed -i "s|^${line%%:*}:.*|$line|" $LAB/fulcrumd.yaml
	done
	[ "$(nproc)" -gt 1 ] || sed -i 's|cores: \[1\]|cores: [0]|' $LAB/fulcrumd.yaml
}

# The daemon in lb by what lab_config wrote, ready.
lab_daemon() {
	mkdir -p $LAB/state
	: >$LAB/fulcrumd.log
	lab_start fulcrumd lb "$fulcrumd" -c $LAB/fulcrumd.yaml
	lab_wait_for 'grep -q "fulcrumd: ready" $LAB/fulcrumd.log || ! lab_alive fulcrumd' 60 "fulcrumd ready"
	lab_alive fulcrumd || lab_fail "fulcrumd ended before it was ready"
}

# The wire's kernel end is born with the port's own address: two ends of a wire need two.
lab_wire() {
	ip -n lb link set ftap0 down
	ip -n lb link set ftap0 address 02:00:00:00:0f:01
	ip -n lb link set ftap0 netns router
	ip -n router link set ftap0 master br-lb up
}

# The addresses and routes of the daemon's kernel side.
lab_addresses() {
	ip -n lb link set fulcrum0 up
	ip -n lb addr replace $BALANCER/24 dev fulcrum0
	ip -n lb addr replace fd00:10::2/64 dev fulcrum0 nodad
	ip -n lb route replace default via 10.0.0.1
	ip -n lb -6 route replace default via fd00:10::1
}

# The daemon, its wire in the router's bridge, its kernel side addressed.
lab_fulcrumd() {
	[ -f $LAB/fulcrumd.yaml ] || lab_config
	lab_daemon
	lab_wire
	lab_addresses
}

lab_certificate() {
	[ -f $LAB/tls.crt ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
		-days 2 -subj /CN=web.example -addext "subjectAltName=DNS:web.example,IP:$VIP,IP:$VIP6" \
		-keyout $LAB/tls.key -out $LAB/tls.crt 2>/dev/null
}

# lab_nginx bK [LISTEN]: TLS on 443, http on 80, and what nginx's directives LISTEN say; "/" names
# the backend, /files/ is $LAB/www at 2 MiB a second.
lab_nginx() {
	lab_certificate
	mkdir -p $LAB/nginx-$1
	cat >$LAB/nginx-$1/conf <<-CONF
		daemon off; worker_processes 1; user root; pid $LAB/nginx-$1/pid;
		error_log stderr warn;
		events { worker_connections 4096; }
		http {
			access_log $LAB/nginx-$1/access; default_type text/plain;
			client_body_temp_path $LAB/nginx-$1/body; proxy_temp_path $LAB/nginx-$1/proxy;
			fastcgi_temp_path $LAB/nginx-$1/fastcgi; uwsgi_temp_path $LAB/nginx-$1/uwsgi;
			scgi_temp_path $LAB/nginx-$1/scgi; lingering_close off;
			server {
				listen 80; listen [::]:80; listen 443 ssl; listen [::]:443 ssl; ${2:-}
				ssl_certificate $LAB/tls.crt; ssl_certificate_key $LAB/tls.key;
				location / { return 200 "$1\n"; }
				location /files/ { alias $LAB/www/; limit_rate 2m; add_header X-Backend $1 always; }
			}
		}
	CONF
	lab_start nginx-$1 "$1" nginx -e stderr -c $LAB/nginx-$1/conf
	lab_wait_for "in_ns $1 curl -sf -o /dev/null http://127.0.0.1/" 10 "nginx on $1"
}

# lab_agent bK: decapsulation, ready when the agent says so.
lab_agent() {
	lab_start agent-$1 "$1" "$fulcrum_backend" --interface eth0 --vip $VIP --vip $VIP6 \
		--balancer 10.0.0.0/24 --balancer fd00:10::/64 --pin $LAB/bpf/$1
	lab_wait_for "grep -q ready $LAB/agent-$1.log" 10 "the agent on $1"
}

# lab_web_backends N: b1 .. bN with agent and nginx.
lab_web_backends() {
	local k
	lab_backends "$1"
	for ((k = 1; k <= $1; k++)); do
		lab_agent b$k
		lab_nginx b$k
	done
}

# One HTTPS request of a client that checks the certificate; prints the page, which is the backend's
# name.
lab_get() {
	in_ns client curl -sf --max-time "${LAB_TIMEOUT:-20}" --cacert $LAB/tls.crt "https://${1:-$VIP}/"
}

# lab_requests N: N connections, 8 at a time; prints a line for each, 'failed' where there was no
# answer. It fails itself where that is not N lines.
lab_requests() {
	in_ns client sh -c "seq $1 | xargs -P 8 -I{} sh -c \
		'curl -sf --max-time ${LAB_TIMEOUT:-20} --cacert $LAB/tls.crt https://$VIP/ || echo failed'" |
		awk -v count="$1" '{ print } END { if (NR != count) { print NR " lines for " count " requests"; exit 1 } }'
}

# lab_count_requests N bK...: N requests, counted by who answered, in lab_served[bK] and
# lab_served[failed]. Their sum is N, or the story ends.
declare -A lab_served=()
lab_count_requests() {
	local who
	lab_requests "$1" >$LAB/answers || lab_fail "$(tail -n 1 $LAB/answers)"
	lab_served=([failed]=0)
	for who in "${@:2}"; do
		lab_served[$who]=0
	done
	while read -r who; do
		[[ -n $who && -n ${lab_served[$who]:-} ]] || lab_fail "'$who' answered, which is none of ${*:2}"
		lab_served[$who]=$((lab_served[$who] + 1))
	done <$LAB/answers
}

# lab_served_by N LEAST bK...: of N requests these answered all, each of them LEAST at least.
lab_served_by() {
	local who sum=0
	for who in "${@:3}"; do
		[ "${lab_served[$who]}" -ge "$2" ] || return 1
		sum=$((sum + lab_served[$who]))
	done
	[ $sum -eq "$1" ]
}

# lab_download FILE: begins to fetch $LAB/www/FILE and holds it half way, the client's window
# closed, for as long as the story wants. Sets lab_server to the backend that serves it.
lab_download() {
	mkfifo $LAB/pipe
	exec 9<>$LAB/pipe
	in_ns client curl -sf --cacert $LAB/tls.crt -D $LAB/headers -o $LAB/pipe "https://$VIP/files/$1" 9>&- &
	lab_download_pid=$!
	lab_wait_for "grep -q X-Backend $LAB/headers" 10 "the download begins"
	lab_server=$(sed -n 's/^X-Backend: \(b[0-9]*\).*/\1/p' $LAB/headers)
}

# Lets it run to its end, into $LAB/got.
lab_download_end() {
	exec 8<$LAB/pipe 9>&-
	cat <&8 >$LAB/got
	exec 8<&-
	wait $lab_download_pid
}

ctl() {
	"$fulcrumctl" "$@"
}

# The port's own hardware address, which its kernel-side interface shares.
lab_port_mac() {
	in_ns lb cat /sys/class/net/fulcrum0/address
}

# lab_capture name namespace interface filter: tcpdump, its lines from now on in $LAB/name.log.
lab_capture() {
	: >"$LAB/$1.log"
	lab_start "$1" "$2" tcpdump --immediate-mode -nn -l -i "$3" "$4"
	lab_wait_for "grep -q 'listening on' $LAB/$1.log" 10 "tcpdump in $2 listens"
}

# lab_dropped REASON: how many packets until now.
lab_dropped() {
	ctl show drops -o json | python3 -c 'import json, sys
print(sum(drop["packets"] for drop in json.load(sys.stdin) if drop["name"] == sys.argv[1]))' "$1"
}

# lab_worker_sum KEY: over the workers.
lab_worker_sum() {
	ctl show workers -o json | python3 -c 'import json, sys
print(sum(worker[sys.argv[1]] for worker in json.load(sys.stdin)))' "$1"
}

# lab_backend_is NAME KEY VALUE: what 'show backends' says of it.
lab_backend_is() {
	ctl show backends -o json | python3 -c 'import json, sys
name, key, value = sys.argv[1:]
sys.exit(not any(b["name"] == name and str(b[key]) == value for b in json.load(sys.stdin)))' "$@"
}

# Every packet that came in or was made went out somewhere, is held, or was dropped under a name.
lab_accounts_hold() {
	python3 - "$(ctl show workers -o json)" "$(ctl show drops -o json)" >$LAB/accounts.log <<-'PY'
		import json, sys
		workers, drops = (json.loads(text) for text in sys.argv[1:])
		def total(*keys):
		    return sum(worker[key] for worker in workers for key in keys)
		came = total("rx_packets", "from_kernel", "made")
		went = total("forwarded", "punted", "injected", "answered", "probe_answers", "dropped", "queued")
		named = sum(drop["packets"] for drop in drops)
		print(workers, f"came {came}, went {went}; dropped under a name {named}")
		sys.exit(came != went or total("dropped") != named)
	PY
}

# The quickstart's pool behind a UDP service on port 5353; the probes ask the web servers.
lab_pool_udp() {
	sed 's/protocol: tcp/protocol: udp/; /^services/,/^pools/ s/port: 443/port: 5353/' $lab_pool
}

# lab_responder bK: answers datagrams to the VIP's port 5353 with its name.
lab_responder() {
	lab_start udp-$1 "$1" python3 "$lab_root/tests/lab/udp.py" serve $VIP 5353 "$1"
	lab_wait_for "grep -q ready $LAB/udp-$1.log" 10 "the responder on $1"
}

lab_wait_up() {
	local name
	for name; do
		lab_wait_for "lab_backend_is $name health up" 10 "$name up"
	done
}

# The quickstart, running: agents, web servers, daemon, pool applied, all backends up.
lab_quickstart() {
	lab_begin
	lab_web_backends 3
	lab_fulcrumd
	lab_check "the pool is applied" ctl apply -f $lab_pool
	lab_wait_up web-1 web-2 web-3
}

# One backend that takes uploads by TLS and leaves the MSS alone, behind a VIP of each family.
lab_upload_service() {
	lab_backends 1
	lab_certificate
	cat >$LAB/backend.yaml <<-YAML
		interfaces: [eth0]
		balancers: [$BALANCER, 10.0.99.0/24, "fd00:10::2"]
		pin: $LAB/bpf/b1
		vips: [{address: $VIP, mss: off}, {address: "$VIP6", mss: off}]
	YAML
	lab_start agent-b1 b1 "$fulcrum_backend" -c $LAB/backend.yaml
	lab_wait_for "grep -q ready $LAB/agent-b1.log" 10 "the agent"
	lab_start upload b1 python3 "$lab_root/tests/lab/upload.py" 443 $LAB/tls.crt $LAB/tls.key
	lab_wait_for "grep -q ready $LAB/upload.log" 10 "the server"
	lab_fulcrumd
	cat >$LAB/pool.yaml <<-YAML
		services:
		  - {name: web, vip: $VIP, protocol: tcp, port: 443, pool: web}
		  - {name: web6, vip: "$VIP6", protocol: tcp, port: 443, pool: web6}
		pools:
		  - name: web
		    health: {interval: 1s, timeout: 1s, rise: 1}
		    backends: [{name: web-1, address: 10.0.1.11}]
		  - name: web6
		    health: {interval: 1s, timeout: 1s, rise: 1}
		    backends: [{name: web6-1, address: "fd00:11::11"}]
	YAML
	lab_check "the pool is applied" ctl apply -f $LAB/pool.yaml
	lab_wait_up web-1 web6-1
}

# What a story makes a program call that it may not, by its name, stands in lab_refused.
# Nothing died that should live, no packet is unaccounted for, all end cleanly when asked, and no
# sanitizer had a word to say.
lab_end() {
	local name
	for name in "${!lab_pids[@]}"; do
		lab_alive "$name" || lab_fail "$name died"
	done
	[ -z "${lab_pids[fulcrumd]:-}" ] || lab_wait_for lab_accounts_hold 3 "the accounts of packets hold"
	for name in "${!lab_pids[@]}"; do
		lab_stop "$name"
		[[ $lab_status -eq 0 || $name != fulcrumd && $name != agent-* ]] ||
			lab_fail "$name ended with status $lab_status"
	done
	! grep -E 'ERROR: [A-Za-z]+Sanitizer|WARNING: ThreadSanitizer|runtime error:' $LAB/*.log || lab_fail "a sanitizer complains"
	! grep -h 'is none that this program may make' $LAB/*.log | grep -v "call ${lab_refused:-none} " ||
		lab_fail "a system call is missing in the list of lib/confine"
	trap - ERR
}
