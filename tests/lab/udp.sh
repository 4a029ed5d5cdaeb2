#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A UDP service: datagrams spread over the backends, and one client port stays with one of them.
. "$(dirname "$0")/lib.sh"

lab_begin
lab_web_backends 3
for k in 1 2 3; do
	lab_responder b$k
done
lab_fulcrumd
lab_pool_udp >$LAB/pool.yaml
lab_check "the pool is applied" ctl apply -f $LAB/pool.yaml
lab_wait_up web-1 web-2 web-3

in_ns client python3 "$lab_root/tests/lab/udp.py" ask $VIP 5353 --ports 150 --each 4 >$LAB/answers
lab_check "every datagram is answered" test "$(lab_count lost $LAB/answers)" -eq 0
lab_check "four from each of 150 ports" test "$(wc -l <$LAB/answers)" -eq 600
for k in 1 2 3; do
	lab_check "b$k has its part" test "$(lab_count " b$k$" $LAB/answers)" -gt 100
done
lab_check "a port's datagrams go to one backend" test "$(sort -u $LAB/answers | wc -l)" -eq 150

lab_say "a backend is taken out of the file and switched off: on_down of UDP is rehash unless the file says otherwise"
grep -v "web-3" $LAB/pool.yaml >$LAB/two.yaml
lab_check "it leaves" ctl apply --force -f $LAB/two.yaml
ip -n router link set b3 down
lab_wait_for "lab_backend_is web-3 health down" 20 "web-3 is still probed"
in_ns client python3 "$lab_root/tests/lab/udp.py" ask $VIP 5353 --ports 150 --each 2 >$LAB/answers
lab_check "its clients are answered by others" test "$(lab_count lost $LAB/answers)" -eq 0
ip -n router link set b3 up
lab_check "it is back" ctl apply --force -f $LAB/pool.yaml

lab_check "a port without a service is no one's" \
	sh -c "! ip netns exec client python3 '$lab_root/tests/lab/udp.py' ask $VIP 5354 --ports 1 --each 1 | grep -q b"
lab_wait_for 'ctl show drops | grep -iq "port"' 2 "the drop has a name"
lab_end
