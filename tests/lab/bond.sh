#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Two taps as one port, by DPDK's bonding driver: one works, the other stands by. Two queues of the bond are two queues of each.
. "$(dirname "$0")/lib.sh"

lab_begin
lab_web_backends 3
member() { echo "--vdev=net_tap$1,iface=ftap$1"; }
lab_config "eal: {hugepages: auto, memory: 256MiB, prefix: fulcrum, arguments: [\"$(member 0)\", \"$(member 1)\"]}" \
	'workers: {cores: [0, 1], idle: sleep}' \
	'ports: [{name: wan, device: "net_bonding0,mode=1,slave=net_tap0,slave=net_tap1", kernel_interface: fulcrum0}]'
[ "$(nproc)" -gt 1 ] || sed -i 's|cores: \[0, 1\]|cores: [0]|' $LAB/fulcrumd.yaml
lab_fulcrumd
lab_say "$(ctl show ports | tail -n 1)"
lab_check "the bond is the port" grep -q '"device": "net_bonding0,mode=1' <(ctl show ports -o json)
lab_check "every worker has a queue" grep -q "\"queues\": $(nproc | awk '{print ($1 > 1) ? 2 : 1}')" <(ctl show ports -o json)
lab_check "the pool is applied" ctl apply -f $lab_pool
lab_wait_up web-1 web-2 web-3
lab_requests 60 >$LAB/answers
lab_check "60 of 60 requests are answered" test "$(lab_count '^b[123]$' $LAB/answers)" -eq 60
lab_end
