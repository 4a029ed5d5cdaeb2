#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A disk that an emulated machine boots: the system that package.sh left, Debian's own kernel with
# the modules that its hardware wants, a network that the stories can reach, and nothing else.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

system=$work/root
[ -x "$system/usr/sbin/fulcrumd" ] || fail "no system in $system: package.sh makes it"

# Debian's kernel, unpacked: the package's scripts would make a large initial file system.
get_kernel() {
	local name
	[ ! -e "$work/kernel/boot" ] || return 0
	name=$(apt-cache depends linux-image-amd64 | awk '/Depends: linux-image/ {print $2; exit}')
	rm -rf "$work/kernel.part"
	mkdir -p "$work/kernel.part/debs"
	(cd "$work/kernel.part/debs" && apt-get download "$name") >"$work/kernel.log" 2>&1 ||
		fail "Debian's kernel cannot be downloaded: $(tail -n 1 "$work/kernel.log")"
	dpkg-deb -x "$work"/kernel.part/debs/*.deb "$work/kernel.part"
	mv "$work/kernel.part" "$work/kernel"
}

# The modules of file system, network, cards, IOMMU and taps; graphics, sound and the rest stay
# behind.
add_modules() {
	local version=$1 from=$work/kernel/lib/modules/$1 to=$system/lib/modules/$1
	rm -rf "$system/lib/modules"
	mkdir -p "$to/kernel/drivers/net/ethernet"
	cp -a "$from"/modules.{order,builtin,builtin.modinfo} "$to/"
	cp -a "$from"/kernel/{arch,crypto,fs,lib,net} "$to/kernel/"
	cp -a "$from"/kernel/drivers/{virtio,vfio,vhost,block,iommu} "$to/kernel/drivers/" 2>/dev/null || true
	cp -a "$from"/kernel/drivers/net/{tun,tap,virtio_net,net_failover,dummy}.ko "$from"/kernel/drivers/net/vmxnet3 \
		"$to/kernel/drivers/net/"
	mkdir -p "$to/kernel/drivers/char" "$to/kernel/virt"
	cp -a "$from"/kernel/drivers/char/hw_random "$to/kernel/drivers/char/"
	cp -a "$from"/kernel/virt/* "$to/kernel/virt/"
	rm -rf "$to"/kernel/fs/{btrfs,xfs,ocfs2,gfs2,nfs,cifs,ceph,smb,jfs,f2fs} "$to"/kernel/net/{bluetooth,mac80211,wireless,sunrpc}
	cp -a "$from"/kernel/drivers/net/ethernet/intel/e1000e "$to/kernel/drivers/net/ethernet/"
	depmod -b "$system" "$version"
}

# Busybox and what finds the disk: loads the modules in order and goes on to the system on it.
make_initrd() {
	local version=$1 folder=$work/initrd module
	rm -rf "$folder"
	mkdir -p "$folder"/{bin,proc,sys,dev,new,modules}
	cp /bin/busybox "$folder/bin/"
	{
		printf '#!/bin/busybox sh\n/bin/busybox mount -t devtmpfs dev /dev\n'
		for module in $(modprobe -d "$system" -S "$version" --show-depends virtio_pci | awk '{print $2}') \
			$(modprobe -d "$system" -S "$version" --show-depends virtio_blk | awk '{print $2}') \
			$(modprobe -d "$system" -S "$version" --show-depends crc32c_generic | awk '{print $2}') \
			$(modprobe -d "$system" -S "$version" --show-depends ext4 | awk '{print $2}'); do
			[ ! -e "$folder/modules/$(basename "$module")" ] || continue
			cp "$module" "$folder/modules/"
			printf '/bin/busybox insmod /modules/%s\n' "$(basename "$module")"
		done
		printf 'until [ -b /dev/vda ]; do :; done\n'
		printf '/bin/busybox mount -t ext4 /dev/vda /new\nexec /bin/busybox switch_root /new /sbin/init\n'
	} >"$folder/init"
	chmod 755 "$folder/init"
	(cd "$folder" && find . | cpio -o -H newc --quiet) >"$work/initrd.img"
}

# Who it is, how to reach it, and how the kernel's side of a port is addressed when it comes.
configure() {
	local etc=$system/etc
	[ -f "$work/key" ] || ssh-keygen -q -t ed25519 -N '' -f "$work/key"
	install -D -m 600 "$work/key.pub" "$system/root/.ssh/authorized_keys"
	rm -f "$system/usr/sbin/policy-rc.d" "$etc/resolv.conf"
	echo balancer >"$etc/hostname"
	printf '[Match]\nMACAddress=52:54:00:77:00:02\n[Network]\nAddress=192.168.77.2/24\n' >"$etc/systemd/network/10-management.network"
	mkdir -p "$etc/systemd/system/multi-user.target.wants"
	chroot "$system" systemctl enable systemd-networkd ssh >/dev/null 2>&1
	chroot "$system" systemctl mask systemd-networkd-wait-online apt-daily.timer apt-daily-upgrade.timer \
		e2scrub_reap.service e2scrub_all.timer getty@tty1.service systemd-pstore.service >/dev/null 2>&1
	printf 'vfio-pci\ntun\n' >"$etc/modules-load.d/fulcrum.conf"
	: >"$etc/fstab"
}

get_kernel
version=$(basename "$work"/kernel/lib/modules/*)
add_modules "$version"
make_initrd "$version"
configure
rm -f "$work/disk.img"
mke2fs -q -t ext4 -O ^has_journal -d "$system" "$work/disk.img" 1500M >"$work/disk.log" 2>&1 || {
	tail -n 3 "$work/disk.log" >&2
	fail "no disk could be made of $system"
}
cp "$work"/kernel/boot/vmlinuz-* "$work/vmlinuz"
ok "a disk of $(du -m "$work/disk.img" | cut -f 1) MiB with kernel $version"
