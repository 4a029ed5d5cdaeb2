#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What decides a new connection's backend: each connection for itself (five_tuple), the client's
# address, the same for all services of the pool (source), or the client's address and the service
# (source_service).
. "$(dirname "$0")/lib.sh"
. "$lab_root/tests/lab/streams.sh"

ADDRESSES=40
EACH=4

# Two services of one pool.
apply() {
	cat >$LAB/pool.yaml <<-YAML
		services:
		  - {name: first, vip: $VIP, protocol: tcp, port: 7000, pool: stream, affinity: $1}
		  - {name: second, vip: $VIP, protocol: tcp, port: 7001, pool: stream, affinity: $1}
		pools:
		  - name: stream
		    health: {port: 7000, interval: 5s, timeout: 5s, rise: 1, fall: 4}
		    backends:
		      - {name: b1, address: 10.0.1.11}
		      - {name: b2, address: 10.0.1.12}
		      - {name: b3, address: 10.0.1.13}
	YAML
	ctl apply -f $LAB/pool.yaml >$LAB/apply.out 2>&1
	lab_wait_up b1 b2 b3
	in_ns client python3 "$lab_root/tests/lab/talk.py" spread $VIP 7000 7001 --sources "$sources" --each $EACH >$LAB/said
	lab_check "$1: all connections are answered" test "$(lab_count ' b[123]$' $LAB/said)" -eq $((2 * ADDRESSES * EACH))
}

# clients_with KEY COUNT: how many values of KEY (awk, of "source port backend") met COUNT backends.
clients_with() {
	sort -u $LAB/said | awk -v want="$2" "!seen[$1, \$3]++ { met[$1]++ }
		END { for (key in met) count += met[key] == want; print count + 0 }"
}

# Where each backend has its share of the addresses: a third of them, and luck.
shares_are_fair() {
	awk '!seen[$1, $2, $3]++ { count[$3]++ }
		END { exit !(count["b1"] > 10 && count["b2"] > 10 && count["b3"] > 10) }' $LAB/said
}

lab_begin
sources=
for ((i = 1; i <= ADDRESSES; i++)); do
	ip -n client addr add 198.51.100.$((100 + i))/24 dev eth0
	sources+=${sources:+,}198.51.100.$((100 + i))
done
lab_stream_backends 3
for k in 1 2 3; do
	lab_start second-b$k b$k python3 "$lab_root/tests/lab/stream.py" serve 0.0.0.0 7001 b$k
	lab_wait_for "grep -q ready $LAB/second-b$k.log" 20 "the second server on b$k"
done
lab_fulcrumd

apply five_tuple
lab_check "connections of one address go to several backends" test "$(clients_with '$1' 1)" -lt 3
lab_check "each backend has its share" shares_are_fair

apply source
lab_check "all connections of an address go to one backend" test "$(clients_with '$1' 1)" -eq $ADDRESSES
lab_check "each backend has its share" shares_are_fair
cp $LAB/said $LAB/before
apply source
lab_check "the next ones go there, too" cmp <(sort -u $LAB/before) <(sort -u $LAB/said)

apply source_service
lab_check "all connections of an address to a service go to one backend" \
	test "$(clients_with '$1 $2' 1)" -eq $((2 * ADDRESSES))
lab_check "another service's may go elsewhere" test "$(clients_with '$1' 2)" -gt 10
lab_check "each backend has its share" shares_are_fair
lab_end
