# SPDX-License-Identifier: BSD-3-Clause
# A real fulcrumd, and DPDK's testpmd over the same drivers, in a laboratory of one namespace.
# Sourced by a story as its first command.
. "$(dirname "$0")/../lab/lib.sh"

TURNS=${TURNS:-3}
mount -t tmpfs -o mode=755 lab /run
mkdir -p $LAB /run/fulcrum /run/lock
lab_namespace lb
lab_skip() {
	echo "skipped: $*"
	exit 77
}

# What bench_fulcrumd takes.
bench_needs_load() {
	[ "$(nproc)" -gt 1 ] || lab_skip "there is one core, and it takes two"
	awk '/HugePages_Free/ { exit $2 < 400 }' /proc/meminfo ||
		lab_skip "400 hugepages are to be free: echo 512 > /proc/sys/vm/nr_hugepages"
}

# cpu_ns PID THREAD: processor time of the thread with that name.
cpu_ns() {
	local task
	for task in /proc/"$1"/task/*; do
		[ "$(cat "$task/comm")" != "$2" ] || cut -d' ' -f1 "$task/schedstat"
	done
}

# worker_ns NAME: that of the thread that takes the packets of what was started under that name.
worker_ns() {
	local pid=${lab_pids[$1]}
	cpu_ns "$pid" "$(cat /proc/"$pid"/task/*/comm | grep -m1 worker)"
}

least() {
	sort -n <<<"$1" | head -1
}

most() {
	sort -n <<<"$1" | tail -1
}

median() {
	sort -n <<<"$1" | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'
}

# --- testpmd ---

pmd_needs() {
	command -v dpdk-testpmd >/dev/null || lab_skip "there is no dpdk-testpmd (Debian: dpdk-dev)"
}

# pmd_start NAME LCORES DEVICE OPTIONS...: ready to be told words, its worker on the second of the
# cores.
pmd_start() {
	local name=$1 lcores=$2 device=$3 fd
	shift 3
	rm -f "$LAB/$name.words" "$LAB/$name.log"
	mkfifo "$LAB/$name.words"
	exec {fd}<>"$LAB/$name.words"
	lab_start "$name" lb sh -c "exec stdbuf -oL dpdk-testpmd \"\$@\" <$LAB/$name.words" testpmd \
		--lcores "$lcores" --in-memory --no-pci --vdev="$device" -- \
		--nb-cores=1 --burst=64 --disable-link-check -i "$@"
	exec {fd}>&- # testpmd has it too, so its words never end
	lab_wait_for "grep -q 'testpmd> ' $LAB/$name.log || ! lab_alive $name" 30 "testpmd is ready"
	pmd_say "$name" start
}

pmd_say() {
	echo "${@:2}" >"$LAB/$1.words"
}

# pmd_stats NAME: sets pmd_received, and pmd_pps since it was asked before.
pmd_stats() {
	local shown
	shown=$(lab_count 'Tx-pps' "$LAB/$1.log")
	pmd_say "$1" show port stats all
	lab_wait_for "[ \$(lab_count 'Tx-pps' $LAB/$1.log) -gt $shown ]" 20 "testpmd tells its counters"
	pmd_received=$(awk '/RX-packets:/ { n = $2 } END { print n }' "$LAB/$1.log")
	pmd_pps=$(awk '/Rx-pps:/ { n = $2 } END { print n }' "$LAB/$1.log")
}

pmd_has_received() {
	pmd_stats "$1"
	[ "$pmd_received" -ge "$2" ]
}

# pmd_halt NAME: it forwards no more. Sets pmd_received to all that it received since it began.
pmd_halt() {
	pmd_say "$1" stop
	lab_wait_for "grep -q 'Accumulated forward' $LAB/$1.log" 20 "testpmd stops"
	pmd_received=$(awk '/Accumulated/ { n = "" } /RX-total:/ { n = $NF } END { print n }' "$LAB/$1.log")
}

pmd_stop() {
	pmd_say "$1" quit
	lab_wait_for "! lab_alive $1" 20 "testpmd ends"
	unset "lab_pids[$1]"
}

# --- fulcrumd ---

# bench_fulcrumd DEVICE DESCRIPTORS: ready, the addresses of a hundred backends known. The pool is
# the caller's.
bench_fulcrumd() {
	local k
	lab_config 'eal: {hugepages: required, prefix: bench}' 'workers: {cores: [1], idle: poll}' 'flows: 1000000' \
		"ports: [{name: wan, device: \"$1\", kernel_interface: fulcrum0, mtu: 1500, rx_descriptors: $2}]"
	rm -rf $LAB/state
	lab_daemon
	ip -n lb addr add 10.0.0.2/16 dev fulcrum0
	ip -n lb link set fulcrum0 up
	for k in $(seq 1 100); do
		echo "neigh replace 10.0.1.$k lladdr 02:00:00:00:01:02 dev fulcrum0 nud permanent"
	done | ip -n lb -batch -
}

# bench_apply SERVICES: those, and their pool p of the hundred backends.
bench_apply() {
	{
		echo "services: [$1]"
		echo "pools:"
		echo "  - {name: p, health: {type: none}, backends: ["
		seq 1 100 | sed 's|.*|      {name: b&, address: 10.0.1.&},|'
		echo "    ]}"
	} >$LAB/pool.yaml
	ctl apply -f $LAB/pool.yaml >$LAB/apply.log 2>&1 || lab_fail "apply: $(cat $LAB/apply.log)"
}

# What the workers counted under a name.
bench_counted() {
	ctl show workers -o json | python3 -c 'import json, sys
print(sum(worker[sys.argv[1]] for worker in json.load(sys.stdin)))' "$1"
}

# bench_has COUNTER N: it is N at least.
bench_has() {
	[ "$(bench_counted "$1")" -ge "$2" ]
}

# Sets passed and spent, of one moment: half way between before and after it asked.
bench_sample() {
	spent=$(worker_ns fulcrumd)
	passed=$(bench_counted forwarded)
	spent=$(((spent + $(worker_ns fulcrumd)) / 2))
}

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

cost() {
	awk "BEGIN { printf \"%.1f\n\", $1 / $2 }"
}
