#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The balancer as an appliance: a machine that has the package installed, cards behind an IOMMU and
# bound to vfio-pci, alone and in a bond, and systemd, which starts, watches and restarts the
# daemon. Real clients and backends are around it.
. "$(dirname "$0")/../lab/lib.sh"
. "$lab_root/tests/appliance/machine.sh"

quickly() {
	in_machine fulcrumctl "$@"
}

lab_ask() {
	set +e
	in_machine journalctl -b -u fulcrumd -n 12 -o cat --no-pager
	in_machine "ip -br address; ip route; ip neigh; uptime"
	ip -n router neigh show dev br-lb
	quickly show ports
	quickly show backends
}

# field 'what' ROW 'key': of a show, by the row's name.
field() {
	quickly show "$1" -o json | python3 -c 'import json, sys
rows = json.load(sys.stdin)
rows = rows if isinstance(rows, list) else rows[sys.argv[1]]
print([row for row in rows if row["name"] == sys.argv[2]][0][sys.argv[3]])' "$1" "$2" "$3"
}

all_up() {
	local name
	for name in web-1 web-2 web-3; do
		[ "$(field backends $name health)" = up ] || return 1
	done
}

# The router knew the card before by the same address.
forget_neighbour() {
	ip -n router neigh flush dev br-lb
}

requests_succeed() {
	lab_requests "$1" >$LAB/answers
	[ "$(lab_count '^b[123]$' $LAB/answers)" -eq "$1" ]
}

# configure DEVICE WORKERS
configure() {
	in_machine "cat >/etc/fulcrum/fulcrumd.yaml" <<-YAML
		channel: /run/fulcrum/channel
		channel_mode: "0660"
		state: /var/lib/fulcrum
		user: fulcrum
		eal: {hugepages: required}
		control_core: 0
		workers: {cores: $2, idle: sleep}
		ports: [{name: wan, device: "$1", kernel_interface: fulcrum0, rx_descriptors: 256, tx_descriptors: 256}]
		flows: 65536
	YAML
}

# doctor_says 'regular expression'...: fulcrumctl doctor, which ends with 1 where anything is wrong,
# says all of these.
doctor_says() {
	local said line
	said=$(in_machine fulcrumctl doctor || true)
	for line; do
		grep -qE "$line" <<<"$said" || { echo "$said" && return 1; }
	done
}

# try_card NAME PCI NETDEV WORKERS: the quickstart's story through that card.
try_card() {
	local name=$1 pci=$2 netdev=$3
	configure "$pci" "$4"
	lab_check "$name: the doctor finds that it is not bound, and names the command" doctor_says \
		"^wrong +card +wan: $pci is bound to " "mend +driverctl set-override $pci vfio-pci"
	lab_check "$name: bound to vfio-pci" in_machine "driverctl set-override $pci vfio-pci"
	lab_check "$name: systemd starts the daemon" in_machine systemctl start fulcrumd ||
		in_machine journalctl -u fulcrumd -n 30 --no-pager
	lab_check "$name: it runs as its own user" test "$(in_machine 'stat -c %U /proc/$(pidof fulcrumd)')" = fulcrum
	lab_wait_for "[ \"\$(in_machine cat /sys/class/net/fulcrum0/address)\" = \"\$(field ports wan mac)\" ]" 30 \
		"$name: the kernel's side has the card's address, whatever udev thinks of it"
	forget_neighbour
	lab_check "$name: the pool is applied over the ring" quickly apply -f - <$lab_pool
	lab_wait_for all_up "$machine_patience" "$name: all backends up"
	lab_check "$name: 60 of 60 requests are answered" requests_succeed 60
	lab_check "$name: the doctor finds it, its IOMMU, pages, user, folders and link right" doctor_says "^ok +card +wan: $pci " \
		"^ok +card-group " "^ok +iommu " "^ok +vfio-pci " "^ok +memlock " "^ok +hugepages " "^ok +user " "^ok +state " \
		"^ok +channel " "^ok +daemon " "^ok +dpdk " "^ok +link "
	lab_check "$name: the history says who applied it" grep -q ' root ' <(quickly history)
	lab_check "$name: the kernel's side is a virtio_user" has_vhost_thread
	lab_say "$(quickly show ports | tail -n 1)"

	machine_monitor balancer "set_link $netdev off"
	lab_wait_for "[ \"\$(field ports wan link_up)\" = False ]" 30 "$name: the pulled link seen"
	lab_wait_for "quickly show backends | grep -q 'has no link'" 30 "$name: show backends says why"
	lab_wait_for "in_machine ip link show fulcrum0 | grep -q NO-CARRIER" 30 "$name: the kernel's side has no carrier either"
	machine_monitor balancer "set_link $netdev on"
	lab_wait_for "[ \"\$(field ports wan link_up)\" = True ]" 30 "$name: the link seen again"
	lab_wait_for all_up "$machine_patience" "$name: all backends up again"
	lab_check "$name: with the link put back 30 of 30 requests are answered" requests_succeed 30

	in_machine 'kill -KILL $(pidof fulcrumd)'
	lab_wait_for "in_machine systemctl is-active fulcrumd" "$machine_patience" "$name: the unit restarts a killed daemon"
	lab_wait_for "LAB_TIMEOUT=5 lab_get" "$machine_patience" "$name: an answer by the restarted daemon"
	lab_check "$name: after it 30 of 30 requests are answered" requests_succeed 30
}

# Whether the kernel's side is a virtio_user, whose packets a thread of the kernel hands over, and
# no tap.
has_vhost_thread() {
	in_machine 'pgrep "^vhost-$(pidof fulcrumd)"' >/dev/null
}

# The switch port of a card's cable, in VLAN 100 as a trunk has it: this host's kernel may lack
# 8021q.
tag_cable() {
	in_ns router tc qdisc add dev "$1" clsact
	in_ns router tc filter add dev "$1" ingress bpf da obj $LAB/tag.o sec tc/pop
	in_ns router tc filter add dev "$1" egress bpf da obj $LAB/tag.o sec tc/push
}

# member_is PCI up|down: what the log said last of that member of a bond.
member_is() {
	in_machine "journalctl -u fulcrumd -o cat | grep 'port wan: the link of its member $1 is' | tail -n 1 | grep -q 'is $2$'"
}

# serves_by TAP 'words': 30 requests are answered, and what goes to backends meanwhile comes by that
# cable, all of it tagged.
serves_by() {
	local tunnels="$BALANCER > 10.0.1.1[123]: "
	lab_wait_for "LAB_TIMEOUT=5 lab_get" "$machine_patience" "$2: an answer"
	lab_capture "wire-$1" router "$1" "-e"
	lab_check "$2: 30 of 30 requests are answered" requests_succeed 30
	lab_wait_for "[ \$(lab_count '$tunnels' $LAB/wire-$1.log) -gt 100 ]" 30 "$2: their packets on the cable"
	lab_stop "wire-$1"
	lab_check "$2: every packet to a backend is tagged" test "$(lab_count "vlan 100,.*$tunnels" $LAB/wire-$1.log)" -eq \
		"$(lab_count "$tunnels" $LAB/wire-$1.log)"
}

# Two cards as one port, on a trunk whose VLAN is the kernel's affair ('vlan: route', as it is
# without that key), and with a tap as the kernel's side.
try_bond_in_vlan() {
	local first=0000:00:13.0 second=0000:00:14.0
	clang -O2 -g -target bpf -mcpu=v3 -idirafter "/usr/include/$(uname -m)-linux-gnu" \
		-c "$lab_root/tests/lab/vlan_tag.bpf.c" -o $LAB/tag.o
	tag_cable vm4
	tag_cable vm5
	in_machine sh -e <<-SH
		cd /etc/systemd/network
		printf '[NetDev]\nName=fulcrum0.100\nKind=vlan\n[VLAN]\nId=100\n' >20-fulcrum0.100.netdev
		sed 's/fulcrum0/fulcrum0.100/' 20-fulcrum.network >20-fulcrum0.100.network
		printf '[Match]\nName=fulcrum0\n[Network]\nVLAN=fulcrum0.100\nConfigureWithoutCarrier=yes\n' >10-fulcrum.network
		systemctl restart systemd-networkd
		mv /dev/vhost-net /dev/vhost-net.away
		driverctl set-override $first vfio-pci
		driverctl set-override $second vfio-pci
	SH
	machine_monitor balancer "set_link n5 off"
	configure "net_bonding0,mode=1,slave=$first,slave=$second" "[1]"
	lab_check "bond: systemd starts the daemon" in_machine systemctl start fulcrumd ||
		in_machine journalctl -u fulcrumd -n 30 --no-pager
	forget_neighbour
	lab_wait_for all_up "$machine_patience" "bond: all backends up, by VLAN 100"
	lab_check "bond: without vhost-net the kernel's side is a tap" eval "! has_vhost_thread"
	serves_by vm4 "bond in a VLAN"
	lab_check "bond: the doctor knows both cards" doctor_says "^ok +card +wan: $first " "^ok +card +wan: $second "

	lab_wait_for "member_is $second down" 30 "bond: the log says that the second cable is out from the start"
	machine_monitor balancer "set_link n5 on"
	lab_wait_for "member_is $second up" 30 "bond: the log says that it was put in"
	machine_monitor balancer "set_link n4 off"
	lab_wait_for "member_is $first down" 30 "bond: the log says that the first cable is out"
	serves_by vm5 "bond, the first cable pulled"
	lab_check "bond: with one cable it has a link" test "$(field ports wan link_up)" = True
	machine_monitor balancer "set_link n4 on"
	lab_wait_for "member_is $first up" 30 "bond: the log says that the first cable was put back"
	machine_monitor balancer "set_link n5 off"
	lab_wait_for "member_is $second down" 30 "bond: the log says that the second cable is out"
	serves_by vm4 "bond, the second cable pulled"
	in_machine systemctl stop fulcrumd
	in_machine 'mv /dev/vhost-net.away /dev/vhost-net
		rm /etc/systemd/network/10-fulcrum.network /etc/systemd/network/20-fulcrum0.100.* && systemctl restart systemd-networkd'
}

lab_begin
lab_web_backends 3
machine_tap vm1 br-lb
machine_tap vm2 br-lb
machine_tap vm3 br-lb multi_queue
machine_tap vm4 br-lb
machine_tap vm5 br-lb
begun=$(now_ms)
machine_start balancer 2048 3 "hugepages=300" \
	-netdev tap,id=n1,ifname=vm1,script=no,downscript=no \
	-device e1000e,netdev=n1,mac=52:54:00:00:00:11,addr=0x10,romfile= \
	-netdev tap,id=n2,ifname=vm2,script=no,downscript=no \
	-device vmxnet3,netdev=n2,mac=52:54:00:00:00:12,addr=0x11,romfile= \
	-netdev tap,id=n3,ifname=vm3,script=no,downscript=no,queues=2 \
	-device virtio-net-pci,netdev=n3,mq=on,vectors=6,mac=52:54:00:00:00:13,addr=0x12,romfile=,disable-legacy=on,iommu_platform=on \
	-netdev tap,id=n4,ifname=vm4,script=no,downscript=no \
	-device e1000e,netdev=n4,mac=52:54:00:00:00:14,addr=0x13,romfile= \
	-netdev tap,id=n5,ifname=vm5,script=no,downscript=no \
	-device e1000e,netdev=n5,mac=52:54:00:00:00:15,addr=0x14,romfile=
lab_say "the machine is up after $(($(now_ms) - begun)) ms"
in_machine "cat >/etc/systemd/network/20-fulcrum.network" <<-'UNIT'
	[Match]
	Name=fulcrum0
	[Network]
	Address=10.0.0.2/24
	Gateway=10.0.0.1
	ConfigureWithoutCarrier=yes
UNIT
in_machine systemctl restart systemd-networkd

try_card e1000e 0000:00:10.0 n1 "[1, 2]"
lab_check "e1000e: that it spreads nothing over its queues is in the log" in_machine \
	"journalctl -u fulcrumd | grep -q 'spreads nothing over its 2 queues'"
lab_check "e1000e: the doctor says so, too" doctor_says "^wrong +rss +wan spreads nothing"
in_machine systemctl stop fulcrumd
try_card vmxnet3 0000:00:11.0 n2 "[1, 2]"
lab_check "vmxnet3: two queues, and RSS by ports" test "$(field ports wan queues)" = 2
lab_check "vmxnet3: RSS by address and port" grep -q ipv4-tcp <(field ports wan rss)
in_machine systemctl stop fulcrumd
try_bond_in_vlan
try_card virtio-net 0000:00:12.0 n3 "[0, 1, 2]"
lab_check "virtio-net: two queues keep two of three workers busy, and the log says so" in_machine \
	"journalctl -u fulcrumd | grep -q 'has 2 queue(s) each way: 2 of 3 workers work'"
lab_check "virtio-net: the doctor says so, too" doctor_says "^wrong +queues +wan: 2 queue.s. for 3 workers"

head -c 6M /dev/urandom >$LAB/www/big
lab_download big
before=$(in_machine systemctl show -P MainPID fulcrumd)
lab_check "an upgrade over the running unit goes through" in_machine "dpkg -i /root/fulcrum_*.deb"
lab_check "it restarts the daemon" test "$(in_machine systemctl show -P MainPID fulcrumd)" != "$before"
lab_wait_for "LAB_TIMEOUT=5 lab_get" "$machine_patience" "an answer by the upgraded daemon"
lab_check "after it 30 of 30 requests are answered" requests_succeed 30
lab_download_end
lab_check "a download that had begun before it came to its end" cmp $LAB/www/big $LAB/got
lab_check "the unit is enabled" in_machine systemctl enable fulcrumd
in_machine systemctl start --no-block reboot.target
machine_forget_connection
lab_wait_for "! in_machine true" 60 "the machine goes down"
machine_wait_ready
lab_wait_for "in_machine systemctl is-active fulcrumd" "$machine_patience" "the daemon after a reboot"
lab_wait_for "LAB_TIMEOUT=5 lab_get" "$machine_patience" "an answer after the reboot"
lab_check "after a reboot it serves what was applied: 30 of 30 requests are answered" requests_succeed 30
lab_end
