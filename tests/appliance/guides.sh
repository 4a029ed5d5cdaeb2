#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The command blocks of README and guides, word for word, in a network as these have it. To be run
# in the folder of a checkout that is built in build/; bare.sh does so in a system that has nothing
# else.
#   tests/appliance/guides.sh [arguments of blocks.py run]
. "$(dirname "$0")/../lab/lib.sh"

# give FILE: a configuration that the next document begins with, whatever is in force.
make_give() {
	mkdir -p $LAB/bin
	cat >$LAB/bin/give <<-'SH'
		#!/bin/sh
		fulcrumctl apply -f "$1" || fulcrumctl apply --force -f "$1"
	SH
	chmod 755 $LAB/bin/give
}

# The network before anybody set up anything: no VIP anywhere, eth1 of the balancer on the router's
# bridge.
lab_begin
cd "$lab_root"
make_give
ip -n router route del $VIP/32
ip -n router -6 route del $VIP6/128
lab_backends 4
for k in 1 2 3 4; do
	ip -n b$k addr del $VIP/32 dev lo
	ip -n b$k addr del $VIP6/128 dev lo
	lab_nginx b$k
done
lab_cable lb eth1 router lb
ip -n router link set lb master br-lb
# The number of hugepages is the whole machine's, and not a document's to change here.
cat /proc/sys/vm/nr_hugepages >$LAB/nr_hugepages
mount --bind $LAB/nr_hugepages /proc/sys/vm/nr_hugepages

# Nothing of that is there before the daemon makes it.
rmdir /run/fulcrum
unset FULCRUM_CHANNEL

PATH=$PATH:$LAB/bin python3 tests/appliance/blocks.py run "$@"
lab_end
