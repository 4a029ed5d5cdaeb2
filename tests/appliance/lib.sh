# SPDX-License-Identifier: BSD-3-Clause
# What the appliance's stories share: packages, a clean system to install them into, and machines
# that boot it. Sourced by bash. $work is kept between stories; what is older than its source is
# made anew.

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

# A clean checkout, of what is committed and what is not yet.
checkout() {
	mkdir -p "$1"
	git -C "$root" ls-files -z --cached --others --exclude-standard |
		tar -C "$root" --null --ignore-failed-read -T - -cf - 2>/dev/null | tar -C "$1" -xf -
}

# What is checked out, as one number.
source_digest() {
	(cd "$root" && git ls-files -z --cached --others --exclude-standard | xargs -0 sha256sum 2>/dev/null | sha256sum)
}

# keep_packages FOLDER: those that were built there.
keep_packages() {
	rm -rf "$work/debs"
	mkdir -p "$work/debs"
	cp "$1"/*.deb "$1"/*.changes "$1"/*.buildinfo "$work/debs/"
	source_digest >"$work/debs/source"
}

# The packages of this very source, which another story may have built.
make_packages() {
	local tree=$work/source/fulcrum
	[ ! -f "$work/debs/source" ] || [ "$(cat "$work/debs/source")" != "$(source_digest)" ] || return 0
	rm -rf "$work/source"
	checkout "$tree"
	(cd "$tree" && dpkg-buildpackage -us -uc -b -j2) >"$work/packages.log" 2>&1 || {
		tail -n 30 "$work/packages.log" >&2
		fail "dpkg-buildpackage failed"
	}
	keep_packages "$work/source"
}

# Where this machine gets Debian from, as lines for apt.
sources() {
	apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' |
		sort -u
}

# make_base NAME 'package,package...': an archive of a clean Debian of this release. Made once;
# remove it to have it made anew.
make_base() {
	local codename
	[ ! -f "$work/$1.tar" ] || return 0
	codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
	sources | mmdebstrap --variant=minbase --include="$2" \
		"$codename" "$work/$1.part.tar" - >"$work/$1.log" 2>&1 || {
		tail -n 15 "$work/$1.log" >&2
		fail "no clean Debian could be made from this machine's package sources"
	}
	mv "$work/$1.part.tar" "$work/$1.tar"
}

# open_system NAME FOLDER [rw]: that archive unpacked, with this machine's devices and its way to
# Debian; 'rw' lets it set hugepages, too. To be called in a mount namespace of the story's own,
# with which what is mounted here goes.
open_system() {
	local system=$2
	rm -rf --one-file-system "$system"
	mkdir -p "$system"
	tar -C "$system" --exclude='./dev/*' -xf "$work/$1.tar"
	mount --bind "$system" "$system" # a root that is no mount has no namespaces below it
	mount --rbind /dev "$system/dev"
	mount --make-rslave "$system/dev"
	mount -t proc proc "$system/proc"
	mount -t sysfs -o "${3:-ro}" sysfs "$system/sys"
	cp /etc/resolv.conf "$system/etc/resolv.conf"
	sources >"$system/etc/apt/sources.list"
	rm -f "$system"/etc/apt/sources.list.d/*
	cp -a /etc/apt/apt.conf.d/*proxy* "$system/etc/apt/apt.conf.d/" 2>/dev/null || true
	echo force-unsafe-io >"$system/etc/dpkg/dpkg.cfg.d/story" # it need not outlive a power cut
}
