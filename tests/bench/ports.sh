#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What a packet costs a worker of a real fulcrumd, driver and all, beside testpmd's macswap on the same driver: over
# captures of 1, 1k, 16k flows that net_pcap repeats for ever. Each figure is processor time of the thread by the
# packets that it passed on, the least of several turns.
#   [TURNS=3] [SECONDS_EACH=4] [FLOWS='1 1024 16384'] FULCRUM_BUILD=build tests/bench/ports.sh
. "$(dirname "$0")/../lab/lib.sh"

TURNS=${TURNS:-3}
SECONDS_EACH=${SECONDS_EACH:-4}
mount -t tmpfs -o mode=755 lab /run
mkdir -p $LAB /run/fulcrum /run/lock
lab_namespace lb
command -v dpdk-testpmd >/dev/null || { echo "skipped: there is no dpdk-testpmd (Debian: dpdk-dev)"; exit 77; }

# A capture of N TCP packets of 60 bytes, each of a flow of its own, to the VIP.
make_capture() {
	python3 - "$1" "$2" <<-'PY'
		import struct, sys
		flows, path = int(sys.argv[1]), sys.argv[2]
		def ipv4(client):
		    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 46, 0, 0x4000, 64, 6, 0, client, bytes([203, 0, 113, 10]))
		    total = sum(struct.unpack(">10H", head))
		    total = (total & 0xffff) + (total >> 16)
		    return head[:10] + struct.pack(">H", ~(total + (total >> 16)) & 0xffff) + head[12:]
		with open(path, "wb") as file:
		    file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
		    for flow in range(flows):
		        client = bytes([10, 1 + (flow >> 16), flow >> 8 & 255, flow & 255])
		        tcp = struct.pack(">HHIIBBHHH", 1024 + flow % 50000, 443, 1, 1, 5 << 4, 0x10, 1000, 0, 0)
		        frame = bytes([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9, 8, 0]) + ipv4(client) + tcp + bytes(6)
		        file.write(struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame)
	PY
}

write_pool() {
	echo "services: [{name: web, vip: 203.0.113.10, protocol: tcp, port: 443, forwarding: $1, pool: p}]"
	echo "pools:"
	echo "  - {name: p, health: {type: none}, backends: ["
	for i in $(seq 1 100); do
		echo "      {name: b$i, address: 10.0.1.$i},"
	done
	echo "    ]}"
}

# cpu_ns PID THREAD: processor time of the thread with that name.
cpu_ns() {
	local task
	for task in /proc/"$1"/task/*; do
		[ "$(cat "$task/comm")" != "$2" ] || cut -d' ' -f1 "$task/schedstat"
	done
}

forwarded() {
	ctl show workers -o json | python3 -c 'import json, sys; print(sum(w["forwarded"] + w["dropped"] for w in json.load(sys.stdin)))'
}

hits() {
	ctl show workers -o json | python3 -c 'import json, sys; print(sum(w["flow_hits"] for w in json.load(sys.stdin)))'
}

# fulcrum DEVICE FORWARDING BUFFERS
fulcrum() {
	local worker pid packets time
	cat >$LAB/fulcrumd.yaml <<-YAML
		channel: /run/fulcrum/channel
		state: $LAB/state
		eal: {hugepages: auto, prefix: ports}
		control_core: 0
		workers: {cores: [1], idle: poll}
		ports: [{name: wan, device: "$1", kernel_interface: fulcrum0, mtu: 1500, rx_descriptors: $3}]
		flows: 1000000
	YAML
	rm -rf $LAB/state && mkdir -p $LAB/state && : >$LAB/fulcrumd.log
	lab_start fulcrumd lb "$fulcrumd" -c $LAB/fulcrumd.yaml
	lab_wait_for 'grep -q "fulcrumd: ready" $LAB/fulcrumd.log || ! lab_alive fulcrumd' 60 "fulcrumd ready"
	lab_alive fulcrumd || lab_fail "fulcrumd ended before it was ready"
	ip -n lb addr add 10.0.0.2/16 dev fulcrum0
	ip -n lb link set fulcrum0 up
	for i in $(seq 1 100); do
		ip -n lb neigh replace 10.0.1.$i lladdr 02:00:00:00:01:02 dev fulcrum0 nud permanent
	done
	write_pool "$2" >$LAB/pool.yaml
	ctl apply -f $LAB/pool.yaml >$LAB/apply.log 2>&1 || lab_fail "apply: $(cat $LAB/apply.log)"
	pid=$(pgrep -P "${lab_pids[fulcrumd]}" fulcrumd || echo "${lab_pids[fulcrumd]}")
	worker=$(cat /proc/"$pid"/task/*/comm | grep -m1 worker)
	lab_wait_for "[ \$(hits) -gt $((2 * flows)) ]" 30 "every flow is known"
	packets=$(forwarded) time=$(cpu_ns "$pid" "$worker")
	sleep "$SECONDS_EACH"
	packets=$(($(forwarded) - packets)) time=$(($(cpu_ns "$pid" "$worker") - time))
	lab_stop fulcrumd
	awk "BEGIN { printf \"%.1f\n\", $time / $packets }"
}

# testpmd DEVICE BUFFERS
testpmd() {
	local pid time packets worker
	mkfifo $LAB/words
	ip netns exec lb dpdk-testpmd -l 0,1 --in-memory --no-pci --vdev="$1" -- --forward-mode=macswap \
		--nb-cores=1 --total-num-mbufs="$2" --burst=64 -i <$LAB/words >$LAB/testpmd.log 2>&1 &
	pid=$!
	exec 9>$LAB/words
	echo start >&9
	lab_wait_for "grep -qE 'worker|lcore' /proc/$pid/task/*/comm" 20 "testpmd's worker is there"
	worker=$(cat /proc/$pid/task/*/comm | grep -m1 -E 'worker|lcore')
	lab_wait_for "[ \$(cpu_ns $pid '$worker') -gt 500000000 ]" 20 "it forwards"
	time=$(cpu_ns $pid "$worker")
	echo 'clear port stats all' >&9
	sleep "$SECONDS_EACH"
	echo 'show port stats all' >&9
	time=$(($(cpu_ns $pid "$worker") - time))
	printf 'stop\nquit\n' >&9
	exec 9>&-
	wait $pid || cat $LAB/testpmd.log >&2
	rm $LAB/words
	packets=$(awk '/RX-packets:/ { print $2; exit }' $LAB/testpmd.log)
	awk "BEGIN { printf \"%.1f\n\", $time / $packets }"
}

least() {
	local turn
	for turn in $(seq 1 "$TURNS"); do
		"$@"
	done | sort -n | head -1
}

printf '%-28s %8s %8s %8s\n' 'ns a packet, gross' macswap ipip dsr
for flows in ${FLOWS:-1 1024 16384}; do
	make_capture $flows $LAB/flows.pcap
	device="net_pcap0,rx_pcap=$LAB/flows.pcap,infinite_rx=1"
	buffers=$((flows < 4096 ? 4096 : 32768))
	printf '%-28s %8s %8s %8s\n' "net_pcap, $flows flows" "$(least testpmd "$device" $((buffers * 3)))" \
		"$(least fulcrum "$device" ipip $buffers)" "$(least fulcrum "$device" dsr $buffers)"
done
