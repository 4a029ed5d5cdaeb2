#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The container image: made of the package, read by tools that are not ours, and its root serves
# clients with the
# capabilities NET_ADMIN and NET_RAW alone and without hugepages.
set -euo pipefail

if [ -z "${LAB_INSIDE:-}" ]; then
	. "$(dirname "$0")/lib.sh"
	make_packages
	folder=$work/container
	rm -rf --one-file-system "$folder"
	mkdir -p "$folder/layout"
	check "an image is made of the package" "$root/tools/container-image" "$(echo "$work"/debs/fulcrum_*.deb)" "$folder/image.tar"
	check "skopeo reads it: for $(dpkg --print-architecture), with the package's version" sh -c \
		"skopeo inspect oci-archive:'$folder/image.tar' | tee '$folder/inspect' | grep -q '\"Architecture\": \"$(dpkg --print-architecture)\"' &&
		grep -q '\"org.opencontainers.image.version\": \"$(dpkg-deb -f "$work"/debs/fulcrum_*.deb Version)\"' '$folder/inspect'"
	tar -C "$folder/layout" -xf "$folder/image.tar"
	check "every digest is right: skopeo copies it" skopeo copy --insecure-policy oci:"$folder/layout":latest oci:"$folder/copy":latest
	check "umoci unpacks it" umoci unpack --image "$folder/layout:latest" "$folder/bundle"
	dpkg-deb -x "$(echo "$work"/debs/fulcrum-backend_*.deb)" "$folder/agent"
	printf 'ok: the image has %s\n' "$(du -h "$folder/image.tar" | cut -f 1)"
	export CONTAINER_FOLDER=$folder
fi

. "$(dirname "$0")/../lab/lib.sh"
bundle=$CONTAINER_FOLDER/bundle
fulcrumctl=$bundle/rootfs/usr/bin/fulcrumctl
fulcrum_backend=$CONTAINER_FOLDER/agent/usr/sbin/fulcrum-backend

lab_begin
lab_web_backends 2
lab_cable lb eth0 router lb
ip -n router link set lb master br-lb
ip -n lb address add $BALANCER/24 dev eth0
ip -n lb route add default via 10.0.0.1

# What a container engine does: a root of its own, few devices, /proc and /sys as they are, two
# capabilities, no way to more.
cat >$LAB/engine.sh <<'SH'
root=$1/rootfs
mapfile -t arguments < <(python3 -c 'import json, sys
print("\n".join(json.load(open(sys.argv[1] + "/config.json"))["process"]["args"]))' "$1")
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
mkdir "$root/dev/net"
for device in null zero random urandom net/tun; do
	touch "$root/dev/$device"
	mount --bind "/dev/$device" "$root/dev/$device"
done
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mkdir "$root/run/fulcrum"
mount --bind /run/fulcrum "$root/run/fulcrum"
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$root" setpriv --no-new-privs \
	--inh-caps=-all,+net_admin,+net_raw --bounding-set=-all,+net_admin,+net_raw "${arguments[@]}"
SH
printf '#!/bin/sh\nexec unshare --mount bash %s %s\n' $LAB/engine.sh "$bundle" >$LAB/engine
chmod +x $LAB/engine
fulcrumd=$LAB/engine
mkdir -p /run/fulcrum
lab_config
lab_daemon
daemon=$(pgrep -P "${lab_pids[fulcrumd]}" -x fulcrumd)
lab_check "the daemon has NET_ADMIN and NET_RAW and can have no more" test \
	"$(awk '/^Cap(Prm|Eff|Bnd)/ {print $2}' "/proc/$daemon/status" | sort -u)" = 0000000000003000
lab_check "it maps no hugepage" \
	test "$(awk '/^KernelPageSize: *2048/ {n++} END {print n + 0}' "/proc/$daemon/smaps")" -eq 0
lab_wait_for "ip -n lb -4 address show dev fulcrum0 | grep -q $BALANCER" 10 "eth0's address is on fulcrum0"
lab_check "the pool is applied" ctl apply -f <(sed /web-3/d $lab_pool)
lab_wait_up web-1 web-2
lab_requests 60 >$LAB/answers
lab_check "60 of 60 requests are answered" test "$(lab_count '^b[12]$' $LAB/answers)" -eq 60

# served_again 'after what': a container that is started again on the same volume and network.
served_again() {
	lab_daemon
	lab_wait_up web-1 web-2
	lab_requests 20 >$LAB/answers
	lab_check "$1, the next one serves what was applied" test "$(lab_count '^b[12]$' $LAB/answers)" -eq 20
}

lab_stop fulcrumd TERM
lab_check "it ends when the container is stopped" test $lab_status -eq 0
lab_check "eth0 has its address again" sh -c "ip -n lb -4 address show dev eth0 | grep -q $BALANCER"
served_again "after a stop"
# As an engine kills: all of its processes.
killed="${lab_pids[fulcrumd]} $(pgrep -P "${lab_pids[fulcrumd]}" -x fulcrumd)"
# shellcheck disable=SC2086 # two numbers
kill -KILL $killed
lab_wait_for "! ip -n lb link show fulcrum0" 10 "the kernel-side interface is gone"
served_again "after a kill"
lab_end
