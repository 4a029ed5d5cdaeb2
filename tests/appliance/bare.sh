#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A new user's first hour, word for word out of the documents: a Debian that has nothing but git and
# certificates builds and runs what README and the guides say.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

# What is mounted below the system's root is gone with this namespace, whatever way the story ends.
[ -n "${BARE_INSIDE:-}" ] || BARE_INSIDE=1 exec unshare --mount --pid --fork --kill-child --mount-proc bash "$0"

system=$work/bare-root
blocks=$root/tests/appliance/blocks.py

# in_checkout 'commands': by a shell in the folder of the checkout, as root, with nothing of this
# machine's environment.
in_checkout() {
	chroot "$system" env -i HOME=/root LANG=C.UTF-8 TERM=dumb PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		bash -ec "cd /root/fulcrum && $1" </dev/null
}

# open_bare: the system as Debian makes it, with a checkout. What apt downloaded once it finds
# again.
open_bare() {
	umount -R "$system" 2>/dev/null || true
	open_system bare "$system" rw
	mkdir -p "$work/apt-archives"
	mount --bind "$work/apt-archives" "$system/var/cache/apt/archives"
	checkout "$system/root/fulcrum"
	git -C "$system/root/fulcrum" init -q # as in a clone: the checks ask git for the files
	git -C "$system/root/fulcrum" add -A
}

# words PLACE FILE: the document's commands.
words() {
	python3 "$blocks" show "$1" "$root/$2"
}

# line FILE 'pattern': the one command of a document's bare blocks that has it.
line() {
	words bare "$1" | grep -- "$2"
}

first_table() {
	awk -v begun="$1" '/ok  300 of 300/ { print $1 - begun; exit }' "$work/demo.log"
}

# said_how_far 'what': as often as its time wants, which the last line has: once in ten seconds, and
# one may be missing.
said_how_far() {
	awk -v said="== $1, " -v took="== $1: took " '
		index($0, said) { lines++ }
		index($0, took) { split(substr($0, index($0, took) + length(took)), end, " "); seconds = end[1] }
		END { exit !(seconds != "" && lines + 1 >= int(seconds / 10)) }' "$work/demo.log"
}

# Each line of the demo with its second.
stamped() {
	while IFS= read -r said; do
		printf '%(%s)T %s\n' -1 "$said"
	done
}

check "every block of README and guides says whether it is run" python3 "$blocks" check "$root"/README.md "$root"/docs/guides/*.md
make_base bare git,ca-certificates

open_bare
check "the quickstart's first step, in a bare Debian" in_checkout "$(words bare docs/guides/quickstart.md)"
check "the packages are built as the appliance's guide says" in_checkout "$(words packaging docs/guides/appliance.md)"
check "they are where it says" in_checkout "ls ../fulcrum_*.deb ../fulcrum-backend_*.deb"
keep_packages "$system/root"
rm -rf "$work/bare-build"
mv "$system/root/fulcrum/build" "$work/bare-build"

open_bare
begun=$(date +%s)
demo() {
	in_checkout "$(line README.md tools/demo)" 2>&1 | stamped >"$work/demo.log"
}
check "the README's first command, in a bare Debian" demo
check "its first table holds, and so do the others" test "$(grep -c ' ok  ' "$work/demo.log")" -ge 7 -a -n "$(first_table "$begun")"
check "it shows how far it is while it installs" said_how_far installing
check "and while it builds" said_how_far "building in build/gcc"
check "step by step" grep -q '== building in .*step [0-9]* of' "$work/demo.log"
ok "300 of 300 are answered $(first_table "$begun") s after the command"
check "its second, of which the unit tests are run" in_checkout "$(line README.md tools/test | sed 's/ *#.*//') --quick --suite unit"
tail -n 1 "$work/last.log"

mv "$work/bare-build" "$system/root/fulcrum/build/quickstart"
in_checkout "mv build gone && mv gone/quickstart build"
check "the README's quickstart, on a balancer and three servers" in_checkout "tests/appliance/guides.sh README.md"
guides=$(cd "$root" && echo docs/guides/*.md)
installed=/root/fulcrum/build/app:/root/fulcrum/build/tools/fulcrumctl:/root/fulcrum/build/tools/fulcrum-backend
check "every guide" in_checkout "tests/appliance/guides.sh docs/guides/quickstart.md --installed $installed ${guides/docs\/guides\/quickstart.md/}"
grep '^ok: docs' "$work/last.log"
umount -R "$system"
rm -rf --one-file-system "$system"
