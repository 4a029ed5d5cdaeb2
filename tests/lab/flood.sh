#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# SYNs from random sources, as fast as hping3 sends them, while 200 connections talk: none of those
# breaks, new ones succeed meanwhile, and the workers say how many flows they did not remember.
#   FLOOD_S=30 is the full form.
. "$(dirname "$0")/lib.sh"
. "$lab_root/tests/lab/streams.sh"
command -v hping3 >/dev/null || {
	echo "skipped: needs hping3"
	exit 77
}

FLOOD_S=${FLOOD_S:-5}
CONNECTIONS=${CONNECTIONS:-200}

lab_begin
# The answers to sources that nobody has end here.
ip -n router route add blackhole default
lab_stream_backends 3
lab_config
# Far below what the generator sends, so that the budget is at work on any machine.
echo 'new_flow_rate: 5000' >>$LAB/fulcrumd.yaml
lab_fulcrumd
lab_stream_apply 3
lab_hold held $CONNECTIONS

# An appliance's worker has its core to itself.
renice -n -15 -p $(ls "/proc/${lab_pids[fulcrumd]}/task") >/dev/null
lab_start flood client nice -n 10 taskset -c 0 timeout --signal=INT --kill-after=5 90 \
	hping3 --flood --rand-source --syn --destport 7000 --quiet $VIP
flood_begun=$(now_ms)
lab_wait_for '[ "$(lab_worker_sum flow_skipped)" -gt 0 ]' 20 "the budget of new flows is spent"
in_ns client python3 "$lab_root/tests/lab/talk.py" spread $VIP 7000 --each 10 --timeout 60 >$LAB/new
lab_say "10 new connections took until $(($(now_ms) - flood_begun)) ms after its begin"
lab_wait_for '[ $(($(now_ms) - flood_begun)) -ge $((FLOOD_S * 1000)) ]' $((FLOOD_S + 5))
lab_check "the flood goes on all the while" lab_alive flood
lab_stop flood INT
sent=$(sed -n 's/^\([0-9]*\) packets transmitted.*/\1/p' $LAB/flood.log)
lab_say "$sent SYNs in $(($(now_ms) - flood_begun)) ms; the worker took $(lab_worker_sum rx_packets) packets," \
	"did not remember $(lab_worker_sum flow_skipped) flows, gave up $(lab_worker_sum flow_evictions)"

lab_hold_end held
lab_check "each of the $CONNECTIONS connections was kept" test "$(lab_held held kept)" -eq $CONNECTIONS
lab_check "10 of 10 new ones succeeded" test "$(lab_count ' b[123]$' $LAB/new)" -eq 10
lab_end
