# SPDX-License-Identifier: BSD-3-Clause
# Emulated machines in the laboratory's network. Sourced by a story after tests/lab/lib.sh.
# A machine's cards are taps in the router's namespace; it is reached by ssh over one more of them.

machine_work=${FULCRUM_APPLIANCE:-$lab_root/build/appliance}
# The programs are the packages'.
fulcrumd=$machine_work/root/usr/sbin/fulcrumd
fulcrumctl=$machine_work/root/usr/bin/fulcrumctl
fulcrum_backend=$machine_work/root/usr/sbin/fulcrum-backend
machine_patience=${FULCRUM_PATIENCE:-240} # seconds: everything is slow here, and slower on a busy host

# machine_tap NAME BRIDGE [multi_queue]: one end of a card's cable.
machine_tap() {
	ip -n router tuntap add "$1" mode tap ${3:-}
	ip -n router link set "$1" master "$2" up
}

# A host that is busy for long enough makes the kernel believe that its timer is broken:
# no_timer_check.
# machine_start NAME MEMORY_MIB CPUS 'kernel arguments' [qemu arguments]...
machine_start() {
	local name=$1 memory=$2 cpus=$3 arguments=$4
	shift 4
	[ -e /sys/class/net/mg0 ] || in_ns router ip link show mg0 >/dev/null 2>&1 || {
		ip -n router tuntap add mg0 mode tap
		ip -n router addr add 192.168.77.1/24 dev mg0
		ip -n router link set mg0 up
	}
	mkdir -p /root/.ssh
	lab_start "$name" router qemu-system-x86_64 -name "$name" -machine q35,accel=tcg -cpu max -smp "$cpus" -m "$memory" \
		-nographic -nodefaults -no-user-config -device intel-iommu,aw-bits=48 -device virtio-rng-pci \
		-kernel "$machine_work/vmlinuz" -initrd "$machine_work/initrd.img" \
		-append "console=ttyS0 root=/dev/vda rw net.ifnames=0 intel_iommu=on systemd.show_status=0 loglevel=4 no_timer_check $arguments" \
		-drive "if=none,id=disk,file=$machine_work/disk.img,format=raw,snapshot=on" -device virtio-blk-pci,drive=disk \
		-netdev tap,id=mg,ifname=mg0,script=no,downscript=no -device virtio-net-pci,netdev=mg,mac=52:54:00:77:00:02,romfile= \
		-serial "file:$LAB/$name-console.log" -monitor "unix:$LAB/$name-monitor,server,nowait" "$@"
	machine_wait_ready
}

# in_machine command...: as root there, one string for its shell.
in_machine() {
	in_ns router ssh -q -i "$machine_work/key" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
		-o ConnectTimeout=20 -o ControlMaster=auto -o ControlPersist=600 -o "ControlPath=$LAB/ssh" root@192.168.77.2 "$@"
}

machine_wait_ready() {
	lab_wait_for "in_machine true" "$machine_patience" "the machine answers"
}

machine_forget_connection() {
	in_machine -O exit >/dev/null 2>&1 || true
}

# machine_monitor NAME 'command': to QEMU itself, such as set_link.
machine_monitor() {
	python3 - "$LAB/$1-monitor" "$2" <<-'PY'
		import socket, sys
		s = socket.socket(socket.AF_UNIX)
		s.connect(sys.argv[1])
		def read():
		    text = b""
		    while not text.endswith(b"(qemu) "):
		        text += s.recv(4096)
		read()
		s.sendall(sys.argv[2].encode() + b"\n")
		read()
	PY
}
