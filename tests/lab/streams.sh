# SPDX-License-Identifier: BSD-3-Clause
# For stories of connections that last: stream.py's servers and clients. Sourced after lib.sh.

lab_stream_pool=$LAB/pool.yaml
# So patient that no server is lost on a busy machine.
lab_stream_health="interval: 5s, timeout: 5s, rise: 1, fall: 4"

# lab_stream_backends N: b1 .. bN, each with an agent and a stream server on port 7000.
lab_stream_backends() {
	local k
	lab_backends "$1"
	for ((k = 1; k <= $1; k++)); do
		lab_agent b$k
		lab_start stream-b$k b$k python3 "$lab_root/tests/lab/stream.py" serve 0.0.0.0 7000 b$k
	done
	for ((k = 1; k <= $1; k++)); do
		lab_wait_for "grep -q ready $LAB/stream-b$k.log" 20 "the stream server on b$k"
	done
}

# lab_stream_apply N ['pool key: value']: the backends b1 .. bN by their own names are the pool
# 'stream'.
lab_stream_apply() {
	local k
	{
		echo "services: [{name: stream, vip: $VIP, protocol: tcp, port: 7000, pool: stream}]"
		echo "pools:"
		echo "  - name: stream"
		echo "    health: {$lab_stream_health}"
		echo "    ${2:-on_down: keep}"
		echo "    backends:"
		for ((k = 1; k <= $1; k++)); do
			echo "      - {name: b$k, address: 10.0.1.$((10 + k))}"
		done
	} >$lab_stream_pool
	ctl apply -f $lab_stream_pool >$LAB/apply.out 2>&1
	for ((k = 1; k <= $1; k++)); do
		lab_wait_for "lab_backend_is b$k health up" 20 "b$k up"
	done
}

# How long a client may take to open its connections, and to end; how often it asks, and how patient
# it is.
lab_hold_wait_s=60
lab_hold_pace="--period 0.5 --stall 100"

# lab_hold NAME N: N connections, a line on each at that pace, until lab_hold_end.
lab_hold() {
	lab_start "$1" client python3 "$lab_root/tests/lab/stream.py" hold $VIP 7000 \
		--connections "$2" $lab_hold_pace --until "$LAB/$1.end"
	lab_wait_for "grep -q 'all are open' $LAB/$1.log" $lab_hold_wait_s "$2 connections are open"
}

lab_hold_end() {
	touch "$LAB/$1.end"
	lab_wait_for "! lab_alive $1" $lab_hold_wait_s "the client has ended"
	unset "lab_pids[$1]"
	lab_say "$1: $(tail -n 1 "$LAB/$1.log")"
}

# lab_held NAME KEY: what the ended client says.
lab_held() {
	python3 -c 'import json, sys
print(json.loads(open(sys.argv[1]).readlines()[-1])[sys.argv[2]])' "$LAB/$1.log" "$2"
}
