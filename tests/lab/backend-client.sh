#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Real clients through every tunnel to real servers behind the agent: megabytes both ways arrive
# whole, with segments that the NIC would cut as well as with packets that just fit the cable.
. "$(dirname "$0")/lib.sh"
. "$lab_root/tests/lab/backend-host.sh"
command -v clang >/dev/null && command -v ethtool >/dev/null || {
	echo "skipped: needs clang and ethtool"
	exit 77
}

lab_backend_host
ip -n peer route add $VIP/32 via 10.9.0.2
ip -n peer -6 route add $VIP6/128 via fd00:9::2
for family in 4 6; do
	clang -DOUTER=$family -O2 -g -target bpf -mcpu=v3 -idirafter "/usr/include/$(uname -m)-linux-gnu" \
		-c "$lab_root/tests/lab/backend_encap.bpf.c" -o $LAB/encap$family.o
done

cat >$LAB/backend.yaml <<-YAML
	interfaces: [eth0]
	balancers: [10.9.0.1, "fd00:9::1"]
	vips:
	  - {address: $VIP, protocol: tcp, port: 443, target_port: 3080}
	  - {address: $VIP, protocol: tcp, port: 8443, target_port: 443}
	  - {address: $VIP6, protocol: tcp, port: 443, target_port: 3080}
YAML
# Where sysfs is fresh, as in a namespace, the agent finds no BPF file system and mounts its own.
lab_backend_serve 3080
lab_nginx host

# balance family: the outer header, from now on
balance() {
	in_ns peer tc qdisc del dev eth0 clsact 2>/dev/null || true
	in_ns peer tc qdisc add dev eth0 clsact
	in_ns peer tc filter add dev eth0 egress bpf da obj $LAB/encap$1.o sec tc
}

# whole ADDRESS: eight random megabytes there and back
whole() {
	in_ns peer python3 - "$1" <<-'PY'
		import os, socket, sys, threading
		data = os.urandom(8 << 20)
		peer = socket.create_connection((sys.argv[1], 443), 5)
		reader = peer.makefile("rb")
		own = f"{peer.getsockname()[0]} {peer.getsockname()[1]}\n".encode()
		if reader.readline() != own:
		    sys.exit("the server saw another client")
		threading.Thread(target=peer.sendall, args=(data,), daemon=True).start()
		sys.exit(reader.read(len(data)) != data)
	PY
}

for offload in on off; do
	for namespace in peer host; do
		in_ns $namespace ethtool -K eth0 tso $offload gso $offload gro $offload tx $offload >/dev/null 2>&1
	done
	for outer in 4 6; do
		balance $outer
		lab_check "4-in-$outer, offloads $offload: 8 MiB there and back" whole $VIP
		lab_check "6-in-$outer, offloads $offload: 8 MiB there and back" whole $VIP6
	done
done

balance 4
page=$(in_ns peer curl -sf --max-time 5 --cacert $LAB/tls.crt https://$VIP:8443/)
lab_check "curl to VIP:8443 reads nginx's page on 443" test "$page" = host
in_ns peer tc filter del dev eth0 egress
page=$(in_ns peer curl -sf --max-time 5 --cacert $LAB/tls.crt https://$VIP:8443/)
lab_check "and without a tunnel as well (direct server return)" test "$page" = host
lab_end
