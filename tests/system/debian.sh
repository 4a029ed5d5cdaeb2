#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Another release of Debian: Fulcrum is built there with gcc and clang, warnings being errors, and
# unit tests, packet cases and the demo run there.
#   tests/system/debian.sh trixie|sid
# The root file system is made by mmdebstrap and kept in build/system: remove it to have it made
# anew.
set -euo pipefail
name=${1:?a codename of Debian}
FULCRUM_APPLIANCE=$(cd "$(dirname "$0")/../.." && pwd)/build/system/$name
. "$(dirname "$0")/../appliance/lib.sh"
. "$here/../system/lib.sh"

[ -n "${SYSTEM_INSIDE:-}" ] || SYSTEM_INSIDE=1 exec unshare --mount bash "$0" "$@"

system_make "$name"
system_enter
check "apt's lists are there" inside apt-get update
check "the packages of $name have the names that tools/install-deps knows" inside /src/tools/install-deps build demo unit test appliance bench --names
check "what a build and its tests want is installed" inside /src/tools/install-deps build demo unit
check "gcc $(inside gcc -dumpversion) builds everything against DPDK $(inside pkg-config --modversion libdpdk)" inside_tree gcc -Dtests=true
check "the tests without a laboratory pass" inside sh -c 'cd /src && meson test -C build/gcc --no-rebuild --suite unit \
	--suite integration --suite packet --print-errorlogs'
check "the demo runs" inside /src/tools/demo
check "$(inside clang --version | head -n 1) builds the programs" inside_tree clang
