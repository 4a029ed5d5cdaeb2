# SPDX-License-Identifier: BSD-3-Clause
# What the scripts that people run share: words, preconditions, hugepages. Sourced by bash.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

bold='' dim='' red='' green='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
	bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' plain=$'\e[0m'
fi

say() {
	printf '%s\n' "${dim}==${plain} $*"
}

# Ends the script with one sentence.
fail() {
	printf '%s: %s\n' "$(basename "$0")" "$*" >&2
	exit 1
}

need_root() {
	[ "$(id -u)" -eq 0 ] || fail "must run as root: it makes network namespaces and tap interfaces"
}

need_tun() {
	[ -c /dev/net/tun ] || fail "there is no /dev/net/tun: load the kernel's tun module (modprobe tun)"
	{ : <>/dev/net/tun; } 2>/dev/null || fail "cannot open /dev/net/tun: is it forbidden in this container?"
}

need_namespaces() {
	local said
	said=$(unshare --mount --net --pid --ipc --fork true 2>&1) ||
		fail "cannot make namespaces: the kernel or the container forbids it, or this is a chroot whose root is no mount ($said)"
}

# Sees to it that 'pages' hugepages of 2 MiB are free, and remembers what it added.
hugepages_added=0
hugepages_pool=/sys/kernel/mm/hugepages/hugepages-2048kB
hugepages_reserve() {
	local pages=$1 free before after
	[ -d $hugepages_pool ] || fail "the kernel has no 2 MiB hugepages"
	free=$(cat $hugepages_pool/free_hugepages)
	[ "$free" -lt "$pages" ] || return 0
	before=$(cat $hugepages_pool/nr_hugepages)
	echo $((before + pages - free)) >$hugepages_pool/nr_hugepages
	after=$(cat $hugepages_pool/nr_hugepages)
	hugepages_added=$((after - before))
	free=$(cat $hugepages_pool/free_hugepages)
	[ "$free" -ge "$pages" ] || fail "no hugepages to be had: asked for $pages of 2 MiB, got $free"
	say "reserved $hugepages_added hugepages of 2 MiB, given back at the end"
}

# Gives back what hugepages_reserve() added and no more, so that two scripts side by side agree.
hugepages_release() {
	[ "$hugepages_added" -gt 0 ] || return 0
	echo $(($(cat $hugepages_pool/nr_hugepages) - hugepages_added)) >$hugepages_pool/nr_hugepages
	hugepages_added=0
}

# progress 'what': shows how far it is, by the lines that come on standard input. On a terminal that
# is one line, written anew each second; elsewhere a line every ten seconds. Says at the end how
# long it took.
progress_every=10
progress() {
	local what=$1 far='' line='' begun=$SECONDS shown=$SECONDS status
	while true; do
		status=0
		IFS= read -r -t 1 line || status=$?
		[ $status -eq 0 ] || [ $status -gt 128 ] || break
		[ $status -ne 0 ] || far=": $line"
		if [ -t 1 ]; then
			printf '\r%s\e[K' "${dim}==${plain} $what, $((SECONDS - begun)) s$far"
		elif [ $((SECONDS - shown)) -ge $progress_every ]; then
			shown=$SECONDS
			say "$what, $((SECONDS - begun)) s$far"
		fi
	done
	[ ! -t 1 ] || printf '\r\e[K'
	say "$what: took $((SECONDS - begun)) s"
}

# What ninja prints, to 'log'; the steps that are done, to standard output.
ninja_steps() {
	local line
	while IFS= read -r line; do
		printf '%s\n' "$line" >&3
		[[ ! $line =~ ^\[([0-9]+)/([0-9]+)\] ]] || printf 'step %s of %s\n' "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
	done 3>"$1"
}

# Configures the tree build/'name' with the meson arguments that follow, and builds it: of its
# targets those in build_targets, or all.
build_targets=()
build_tree() {
	local tree=$root/build/$1 log=$root/build/$1.log again='' what="building in build/$1"
	shift
	mkdir -p "$root/build"
	[ ! -f "$tree/build.ninja" ] || again=--reconfigure
	meson setup $again "$tree" "$root" "$@" >"$log" 2>&1 || {
		tail -n 30 "$log" >&2
		return 1
	}
	ninja -C "$tree" "${build_targets[@]}" 2>&1 | ninja_steps "$log" | progress "$what" || {
		grep -A 20 -m 3 '^FAILED' "$log" >&2 || tail -n 30 "$log" >&2
		return 1
	}
}
