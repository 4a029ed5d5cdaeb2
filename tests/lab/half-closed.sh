#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A client that ends its side, and a server that sends much later: the connection outlives the time
# of those that are closing, over two changes of the pool. No other table is asked for it.
. "$(dirname "$0")/lib.sh"

half_closed="$lab_root/tests/lab/half_closed.py"
pool() { # what s1 and s2 have beside their addresses
	cat <<-YAML
		services: [{name: half, vip: $VIP, protocol: tcp, port: 7000, pool: half, flow_ttl: {closing: 1s}}]
		pools:
		  - name: half
		    previous_table: 0s
		    health: {port: 80, interval: 1s, timeout: 1s, rise: 1}
		    backends: [{name: s1, address: 10.0.1.11$1}, {name: s2, address: 10.0.1.12$2}, {name: s3, address: 10.0.1.13}]
	YAML
}

lab_begin
lab_backends 3
for k in 1 2 3; do
	lab_agent b$k
	lab_nginx b$k
	lab_start half-$k b$k python3 "$half_closed" serve 0.0.0.0 7000 8 $LAB/send
	lab_wait_for "grep -q ready $LAB/half-$k.log" 10 "the server on b$k"
done
lab_fulcrumd
lab_check "the pool is applied" ctl apply -f <(pool "" "")
lab_wait_up s1 s2 s3
lab_start client client python3 "$half_closed" hold $VIP 7000 60 8 3
lab_wait_for "grep -q 'half closed' $LAB/client.log" 30 "60 connections are half closed, for longer than those that are closing live"
lab_check "a weight is changed" ctl apply -f <(pool ", weight: 10" "")
lab_check "a backend is drained" ctl apply -f <(pool ", weight: 10" ", state: draining")
touch $LAB/send
lab_wait_for "! lab_alive client" 60 "the client has all of it"
unset 'lab_pids[client]'
lab_check "60 of 60 connections are whole" grep -q '^whole 60$' $LAB/client.log
lab_end
