# SPDX-License-Identifier: BSD-3-Clause
# What the appliance's stories share: packages, a clean system to install them into, and machines that boot it.
# Sourced by bash. $work is kept between stories; what is older than its source is made anew.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../../tools/lib.sh
. "$here/../../tools/lib.sh"
work=${FULCRUM_APPLIANCE:-$root/build/appliance}
mkdir -p "$work"

ok() {
	printf 'ok: %s\n' "$*"
}

# check 'what' command...: ends the story where the command fails.
check() {
	local what=$1
	shift
	"$@" >"$work/last.log" 2>&1 || {
		tail -n 30 "$work/last.log" | sed 's/^/  /' >&2
		printf 'FAILED: %s\n' "$what" >&2
		exit 1
	}
	ok "$what"
}

# wait_for SECONDS 'what' command...
wait_for() {
	local end=$((SECONDS + $1)) what=$2
	shift 2
	until "$@" >"$work/last.log" 2>&1; do
		[ $SECONDS -lt $end ] || {
			tail -n 30 "$work/last.log" | sed 's/^/  /' >&2
			printf 'FAILED: no %s in time\n' "$what" >&2
			exit 1
		}
		sleep 0.2
	done
}

# The packages, built from a clean checkout of what is committed and what is not yet.
make_packages() {
	local tree=$work/source/fulcrum
	rm -rf "$work/source" "$work/debs"
	mkdir -p "$tree" "$work/debs"
	git -C "$root" ls-files -z --cached --others --exclude-standard |
		tar -C "$root" --null --ignore-failed-read -T - -cf - 2>/dev/null | tar -C "$tree" -xf -
	(cd "$tree" && dpkg-buildpackage -us -uc -b -j2) >"$work/packages.log" 2>&1 || {
		tail -n 30 "$work/packages.log" >&2
		fail "dpkg-buildpackage failed"
	}
	cp "$work"/source/*.deb "$work"/source/*.changes "$work"/source/*.buildinfo "$work/debs/"
}

# Where this machine gets Debian from, as lines for apt.
sources() {
	apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' |
		sort -u
}

# base_packages: a system to install the packages into and to boot, as small as that allows.
base_packages="systemd,systemd-sysv,udev,kmod,iproute2,curl,openssh-server,driverctl,dpdk,procps,nftables,python3,netbase"

# An archive of a clean Debian of this release. Made once; remove it to have it made anew.
make_base() {
	local codename
	[ ! -f "$work/base.tar" ] || return 0
	codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
	sources | mmdebstrap --variant=minbase --include="$base_packages" \
		"$codename" "$work/base.part.tar" - >"$work/base.log" 2>&1 || {
		tail -n 15 "$work/base.log" >&2
		fail "no clean Debian could be made from this machine's package sources"
	}
	mv "$work/base.part.tar" "$work/base.tar"
}
