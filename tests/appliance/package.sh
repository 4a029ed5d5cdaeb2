#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The packages: built from a clean checkout, installed into a clean system, upgraded over a running
# daemon, removed, purged. Leaves a root file system with them installed in $work/root, for the
# machines that boot it.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

# What is mounted below the system's root is gone with this namespace, whatever way the story ends.
[ -n "${PACKAGE_INSIDE:-}" ] || PACKAGE_INSIDE=1 exec unshare --mount bash "$0"

system=$work/root
inside() {
	chroot "$system" env DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

# A package of the same files under a later version.
later_version() {
	local deb=$1 version=$2 folder=$work/later
	rm -rf "$folder"
	dpkg-deb -R "$deb" "$folder"
	sed -i "s/^Version: .*/Version: $version/" "$folder/DEBIAN/control"
	dpkg-deb -b "$folder" "$system/tmp/later.deb"
	rm -rf "$folder"
}

# The daemon on a tap, in a network of its own.
daemon=''
start_daemon() {
	local arguments=(--mount-proc --fork --kill-child --net --pid)
	: >"$work/daemon.log"
	unshare "${arguments[@]}" chroot "$system" fulcrumd -c /tmp/fulcrumd.yaml 2>"$work/daemon.log" &
	daemon=$!
	wait_for 60 "daemon" grep -q "fulcrumd: ready" "$work/daemon.log"
}

# unshare(1) itself does not heed SIGTERM; its child does.
stop_daemon() {
	local child
	[ -n "$daemon" ] || return 0
	child=$(cat "/proc/$daemon/task/$daemon/children" 2>/dev/null) || true
	# shellcheck disable=SC2086 # none, where it has not come so far
	kill ${child:--KILL $daemon} 2>/dev/null || true
	wait "$daemon" 2>/dev/null || true
	daemon=''
}

trap stop_daemon EXIT

# What the build needs is told twice.
for library in $(sed -n '/\[build\]=/,/"$/p' "$root/tools/install-deps" | grep -oE '[a-z0-9-]+-dev' | grep -v libc6); do
	check "the package's build wants $library too" grep -q "^ $library\b" "$root/debian/control"
done
make_packages
ok "dpkg-buildpackage makes $(cd "$work/debs" && echo fulcrum_*.deb fulcrum-backend_*.deb)"
check "lintian finds no error and no warning" lintian --fail-on error,warning --allow-root "$work"/debs/*.changes
# As small as installing the packages and booting allow.
make_base base "systemd,systemd-sysv,udev,kmod,iproute2,curl,openssh-server,driverctl,dpdk,procps,nftables,python3,netbase"
open_system base "$system"
printf '#!/bin/sh\nexit 101\n' >"$system/usr/sbin/policy-rc.d"
chmod 755 "$system/usr/sbin/policy-rc.d"

cp "$work"/debs/fulcrum_*.deb "$work"/debs/fulcrum-backend_*.deb "$system/tmp/"
check "apt's lists are there" inside apt-get update
check "both packages are installed into a clean system" inside sh -c \
	'apt-get install -y --no-install-recommends /tmp/fulcrum_*.deb /tmp/fulcrum-backend_*.deb'
rm "$system"/tmp/*.deb
check "there is a user and a group" inside sh -c 'id -un fulcrum && getent group fulcrum'
check "their folders are the user's" test "$(inside stat -c %U:%a /var/lib/fulcrum /run/fulcrum | sort -u)" = fulcrum:750
check "the configuration is the operator's to keep" test \
	"$(inside dpkg-query -W -f '${Conffiles}\n' fulcrum fulcrum-backend | awk 'NF {print $1}' | xargs)" = \
	"/etc/fulcrum/fulcrumd.yaml /etc/fulcrum/backend.yaml"
check "the installed files are right" inside sh -c \
	'fulcrumd --check && fulcrumctl check -f /usr/share/doc/fulcrum/examples/pools-example.yaml &&
	fulcrum-backend -c /etc/fulcrum/backend.yaml --check'
for page in fulcrumd.8 fulcrumctl.8 fulcrum-backend.8 fulcrum-bench.8 fulcrum-interface.8 fulcrum.yaml.5; do
	check "man shows $page" sh -c "man -l '$system/usr/share/man/man${page##*.}/$page.gz' | grep -q -- '^ *${page%.*} - '"
done
pages=$(cd "$system/usr/share/man/man8" && echo fulcrumctl-*.8.gz)
check "each verb of fulcrumctl has a page: $(wc -w <<<"$pages")" test "$(wc -w <<<"$pages")" -gt 10
for page in $pages; do
	check "man shows ${page%.gz}" sh -c "cd '$system/usr/share/man' && man -l man8/$page | grep -q -- '^ *fulcrumctl-.* - '"
done
check "every link of the installed documents leads to a file" python3 "$root/tests/unit/documents.py" links \
	"$system/usr/share/doc/fulcrum"
check "the units are right" inside sh -c 'systemd-analyze --man=no verify fulcrumd.service fulcrum-backend.service'
# The figures are ten times what 'systemd-analyze security' prints; the units say why it is not
# less.
check "the daemon's unit is as closed as it was" inside systemd-analyze security --offline=yes --threshold=39 fulcrumd.service
check "the agent's unit is as closed as it was" inside systemd-analyze security --offline=yes --threshold=23 fulcrum-backend.service
check "nothing is started or enabled by itself" inside sh -c \
	'! ls /etc/systemd/system/*.wants/fulcrum* 2>/dev/null'

cat >"$system/tmp/fulcrumd.yaml" <<-YAML
	channel: /run/fulcrum/channel
	channel_mode: "0660"
	state: /var/lib/fulcrum
	user: fulcrum
	eal: {hugepages: "off", memory: 128MiB, prefix: package}
	workers: {cores: [0], idle: sleep}
	ports: [{name: wan, device: "net_tap0,iface=ftap0", kernel_interface: fulcrum0}]
	flows: 65536
YAML
start_daemon
check "the installed daemon runs, and is configured" inside fulcrumctl apply -f /usr/share/doc/fulcrum/examples/quickstart.yaml
inside useradd --groups fulcrum ops
check "a member of the group may ask it" inside setpriv --reuid ops --init-groups fulcrumctl show version
check "another user may not" inside sh -c '! setpriv --reuid nobody --clear-groups fulcrumctl show version'

echo "# the operator was here" >>"$system/etc/fulcrum/fulcrumd.yaml"
later_version "$(echo "$work"/debs/fulcrum_*.deb)" 99.0
check "an upgrade over the running daemon goes through" inside apt-get install -y /tmp/later.deb
rm "$system/tmp/later.deb"
check "it leaves the operator's file" grep -q "operator was here" "$system/etc/fulcrum/fulcrumd.yaml"
check "it leaves the daemon and its configuration" inside sh -c 'fulcrumctl show services | grep -q web'
stop_daemon
start_daemon
check "the daemon after it serves what was applied" inside sh -c 'fulcrumctl show services | grep -q web'
stop_daemon

check "it can be removed" inside apt-get remove -y fulcrum
check "that leaves configuration and state" test -f "$system/etc/fulcrum/fulcrumd.yaml" -a -f "$system/var/lib/fulcrum/pools.yaml"
check "and no program" test ! -e "$system/usr/sbin/fulcrumd" -a ! -e "$system/usr/bin/fulcrumctl"
check "it can be purged" inside apt-get purge -y fulcrum fulcrum-backend
check "that leaves nothing" test ! -e "$system/etc/fulcrum" -a ! -e "$system/var/lib/fulcrum" -a ! -e "$system/run/fulcrum"

cp "$work"/debs/fulcrum_*.deb "$work"/debs/fulcrum-backend_*.deb "$system/root/"
check "they can be installed again" inside sh -c \
	'apt-get install -y --no-install-recommends /root/fulcrum_*.deb /root/fulcrum-backend_*.deb'
