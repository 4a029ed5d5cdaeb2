#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 200 proxies and 20 auth servers from one file: rendered, checked, applied, probed up; and how
# evenly connections from a single client, as of agents behind one NAT, spread over them.
. "$(dirname "$0")/lib.sh"
. "$lab_root/tests/lab/teleport-cluster.sh"

CONNECTIONS=${CONNECTIONS:-20000}
ROUTING=off
farm=$LAB/farm

# One machine has the addresses of all: what is measured is who is chosen.
instances() { # PREFIX FIRST HOW-MANY
	local k
	for ((k = 0; k < $3; k++)); do
		echo "    - {name: $1-$k, address: 10.0.1.$(($2 + k)), zone: z$((k % 5))}"
	done
}

cluster() {
	cat <<-YAML
		domain: $domain
		tls_routing: off
		hash_key: 0123456789abcdef0123456789abcdef
		proxy:
		  vips: [$VIP]
		  balancers: [$BALANCER]
		  health: &health {interval: 5s, timeout: 4s, rise: 1, fall: 3}
		  instances:
		$(instances proxy 20 200)
		auth:
		  vips: [$AUTH_VIP]
		  balancers: [$BALANCER]
		  health: *health
		  instances:
		$(instances auth 225 20)
	YAML
}

farm_nginx() {
	cat >$farm/nginx.conf <<-CONF
		load_module $nginx_modules/ngx_stream_module.so;
		daemon off; worker_processes 1; user root; pid $farm/nginx.pid; error_log stderr crit;
		events { worker_connections 8192; }
		stream {
			server { listen 3080 ssl; ssl_certificate $farm/tls.crt; ssl_certificate_key $farm/tls.key;
				ssl_alpn http/1.1; return ""; }
			server { listen 3025 ssl; ssl_certificate $farm/tls.crt; ssl_certificate_key $farm/tls.key;
				ssl_alpn h2; return ""; }
			server { listen 3023; return "SSH-2.0-farm\r\n"; }
			server { listen 3024 backlog=4096; return "SSH-2.0-farm\r\n"; }
		}
	CONF
	lab_start nginx farm nginx -e stderr -c $farm/nginx.conf
	teleport_listens farm 3080 3023 3024 3025
}

# Connections, 16 at a time, no two of them from the same port: the kernel would use some twice,
# which go to one place.
connect_often() {
	in_ns client python3 - $VIP 3024 $CONNECTIONS <<-'PY'
		import asyncio, sys
		host, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
		async def worker(ports):
		    good = 0
		    while ports:
		        reader, writer = await asyncio.open_connection(host, port, local_addr=("0.0.0.0", ports.pop()))
		        good += (await reader.read()).startswith(b"SSH-2.0")
		        writer.close()
		    return good
		async def main():
		    ports = list(range(10000, 10000 + count))
		    print(sum(await asyncio.gather(*(worker(ports) for _ in range(16)))))
		asyncio.run(main())
	PY
}

# spread KEY: of pool proxy-tunnel's backends, each over the mean.
spread() {
	ctl show backends -o json | python3 -c 'import json, sys, statistics
values = [row[sys.argv[1]] for row in json.load(sys.stdin) if row["pool"] == "proxy-tunnel"]
mean = statistics.mean(values)
print(f"{len(values)} backends, mean {mean:.1f}, least {min(values) / mean:.4f}, most {max(values) / mean:.4f},"
      f" standard deviation {statistics.pstdev(values) / mean:.4f}")' "$1"
}

# Whether counts are as chance alone would have them: a chi-square of so many degrees of freedom,
# within five deviations.
is_by_chance() {
	ctl show backends -o json | python3 -c 'import json, sys, math
values = [row["new_flows"] for row in json.load(sys.stdin) if row["pool"] == "proxy-tunnel"]
mean = sum(values) / len(values)
chi = sum((value - mean) ** 2 for value in values) / mean
freedom = len(values) - 1
sys.exit(min(values) == 0 or abs(chi - freedom) > 5 * math.sqrt(2 * freedom))'
}

lab_begin
teleport_secrets
teleport_host farm 10.0.1.19
teleport_certificate farm DNS:$domain
for ((k = 20; k < 245; k++)); do
	echo "addr add 10.0.1.$k/24 dev eth0"
done >$LAB/addresses
ip -n farm -batch $LAB/addresses
farm_nginx
cluster >$LAB/cluster.yaml
begun=$(now_ms)
ctl teleport render $LAB/cluster.yaml -o $out >$LAB/render.out
lab_say "rendered in $(($(now_ms) - begun)) ms: $(tail -n 1 $LAB/render.out)"
for file in proxy auth; do
	lab_check "$file-lb.yaml is right: $(ctl check -f $out/$file-lb.yaml)" ctl check -f $out/$file-lb.yaml
done
# The files of a pool's hosts say the same but for the tunnel's address, which is left to the
# interface here.
{
	sed '/tunnel_addresses/d' $out/backends/proxy-0.yaml
	sed -n '/^vips/,$ {/^  /p}' $out/backends/auth-0.yaml
} >$LAB/backend.yaml
lab_start agent-farm farm "$fulcrum_backend" -c $LAB/backend.yaml --pin $LAB/bpf/farm
lab_wait_for "grep -q ready $LAB/agent-farm.log" 20 "the agent"
lab_fulcrumd
begun=$(now_ms)
# One daemon is both balancers here.
python3 - $out/proxy-lb.yaml $out/auth-lb.yaml >$LAB/both.yaml <<-'PY'
	import sys, yaml
	proxy, auth = (yaml.safe_load(open(path)) for path in sys.argv[1:])
	for key in ("services", "pools"):
	    proxy[key] += auth[key]
	print(yaml.safe_dump(proxy))
PY
ctl apply -f $LAB/both.yaml >$LAB/apply.out
lab_say "applied in $(($(now_ms) - begun)) ms: $(tail -n 1 $LAB/apply.out)"
lab_wait_for "teleport_all ctl up" 60 "620 backends are up"
lab_say "all 620 are up after $(($(now_ms) - begun)) ms"

lab_say "slots: $(spread share_ppm)"
begun=$(now_ms)
answered=$(connect_often)
lab_check "$answered of $CONNECTIONS connections were answered, in $(($(now_ms) - begun)) ms" test "$answered" -eq "$CONNECTIONS"
lab_say "connections: $(spread new_flows)"
lab_check "their spread is that of chance" is_by_chance
lab_end
