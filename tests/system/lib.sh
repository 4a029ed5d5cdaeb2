# SPDX-License-Identifier: BSD-3-Clause
# A root file system of another Debian, and what runs in it. Sourced by bash, after
# tests/appliance/lib.sh.

system=$work/root

# Where this machine gets Debian's own archive from.
mirror() {
	sources | awk -v release="$(. /etc/os-release && echo "$VERSION_CODENAME")" '$1 == "deb" && $3 == release {print $2; exit}'
}

# system_make CODENAME [ARGUMENT OF MMDEBSTRAP]...: makes the smallest root there is, unless it is
# there. Ends the story as skipped where the archive cannot be had.
system_make() {
	local name=$1 from
	shift
	[ ! -e "$work/made" ] || return 0
	from=$(mirror)
	rm -rf --one-file-system "$system" "$work/made"
	# A mirror of unstable that stands still for some weeks is good enough.
	mmdebstrap --variant=minbase --aptopt='Acquire::Check-Valid-Until "false"' \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' --skip=output/dev "$@" "$name" "$system" "$from" \
		>"$work/last.log" 2>&1 || {
		tail -n 15 "$work/last.log" | sed 's/^/  /' >&2
		echo "skipped: no root of $name can be had from $from"
		exit 77
	}
	ok "a root of $name is made from $from"
	touch "$work/made"
}

# What is mounted here is gone with the caller's namespace. The tree in /src is a copy, built from
# anew where it differs.
system_enter() {
	mount --bind "$system" "$system" # a chroot whose root is a mount may make namespaces
	mkdir -p "$system/dev" "$system/proc" "$system/sys" "$system/src"
	mount --rbind /dev "$system/dev"
	mount --make-rslave "$system/dev"
	mount -t proc proc "$system/proc"
	mount -t sysfs sysfs "$system/sys"
	mount -t tmpfs tmpfs "$system/run"
	cp /etc/resolv.conf "$system/etc/resolv.conf"
	cp -a /etc/apt/apt.conf.d/*proxy* "$system/etc/apt/apt.conf.d/" 2>/dev/null || true
	git -C "$root" ls-files -z --cached --others --exclude-standard |
		tar -C "$root" --null --ignore-failed-read -T - -cf - 2>/dev/null | tar -C "$system/src" -xf -
}

inside() {
	chroot "$system" env DEBIAN_FRONTEND=noninteractive HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

# inside_tree COMPILER [ARGUMENT OF MESON]...: configures build/COMPILER and builds it.
inside_tree() {
	local compiler=$1 again=''
	shift
	[ ! -f "$system/src/build/$compiler/build.ninja" ] || again=--reconfigure
	# shellcheck disable=SC2086 # empty, or one word
	inside env CC="$compiler" meson setup $again "/src/build/$compiler" /src -Dwerror=true "$@" &&
		inside ninja -C "/src/build/$compiler"
}
