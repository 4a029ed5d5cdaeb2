#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 64-bit ARM: all is built by the cross compiler, warnings being errors, and unit tests run under
# QEMU's emulation of user programs. Root file system and tree as in debian.sh.
set -euo pipefail
FULCRUM_APPLIANCE=$(cd "$(dirname "$0")/../.." && pwd)/build/system/arm64
. "$(dirname "$0")/../appliance/lib.sh"
. "$here/../system/lib.sh"

[ -n "${SYSTEM_INSIDE:-}" ] || SYSTEM_INSIDE=1 exec unshare --mount bash "$0" "$@"

release=$(. /etc/os-release && echo "$VERSION_CODENAME")
tools="gcc-aarch64-linux-gnu libc6-dev-arm64-cross meson ninja-build pkg-config python3 iproute2 lowdown clang qemu-user python3-scapy python3-yaml python3-jsonschema"
libraries=$(sed -n '/\[build\]=/,/"$/p; /\[unit\]=/p' "$root/tools/install-deps" | grep -oE '[a-z0-9-]+-dev' | sort -u)
# shellcheck disable=SC2086 # lists of names, split on purpose
system_make "$release" --architectures=amd64,arm64 --include="$(printf '%s,' $tools; printf '%s:arm64,' $libraries)"
system_enter
check "DPDK and the other libraries are those of arm64" inside sh -c \
	"dpkg-query -W -f '\${Architecture}\n' $(printf '%s:arm64 ' $libraries | xargs) | sort -u | grep -qx arm64"
again=''
[ ! -f "$system/src/build/gcc/build.ninja" ] || again=--reconfigure
# shellcheck disable=SC2086 # empty, or one word
check "meson takes the cross file" inside meson setup $again --cross-file /src/tests/system/arm64.cross /src/build/gcc /src \
	-Dwerror=true -Dtests=true
check "the cross compiler builds everything" inside ninja -C /src/build/gcc
for program in app/fulcrumd tools/fulcrumctl/fulcrumctl tools/fulcrum-backend/fulcrum-backend; do
	check "$program is a program for 64-bit ARM" sh -c "[ \$(od -An -tu2 -j18 -N2 '$system/src/build/gcc/$program') -eq 183 ]"
done

# Programs alone: what a test script starts would be for another processor.
emulated=0
for test in "$system"/src/build/gcc/tests/unit/test_*; do
	[ -f "$test" ] && [ -x "$test" ] || continue
	name=$(basename "$test")
	case $name in
	test_fulcrumctl*) continue ;; # they start fulcrumctl
	esac
	check "under QEMU: $name" inside sh -c \
		"SOURCE_ROOT=/src timeout 300 qemu-aarch64 /src/build/gcc/tests/unit/$name || [ \$? -eq 77 ]"
	emulated=$((emulated + 1))
done
check "there were $emulated of them" test "$emulated" -ge 50
