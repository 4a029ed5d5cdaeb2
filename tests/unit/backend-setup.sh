#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 'fulcrumctl backend-setup' prints what stands in tests/unit/backend-setup/, and refuses what
# cannot work:
#   backend-setup.sh FULCRUMCTL SOURCE_ROOT
# After a change on purpose: backend-setup.sh FULCRUMCTL SOURCE_ROOT --write
set -u
ctl=$(realpath "$1")
folder=$2/tests/unit/backend-setup
cd "$folder" || exit 1
said=$(mktemp)
trap 'rm -f "$said"' EXIT
failed=0

complain() {
	echo "does not hold: $*"
	cat "$said"
	failed=1
}

setup() {
	"$ctl" backend-setup "$@"
}

# prints FILE [arguments]...
prints() {
	local file=$1
	shift
	setup -f pools.yaml "$@" >"$said" 2>&1 || complain "fulcrumctl backend-setup $* ends well"
	[ "${write:-}" = --write ] && cp "$said" "$file"
	cmp -s "$said" "$file" || {
		diff "$file" "$said"
		complain "fulcrumctl backend-setup $* prints $file"
	}
	sh -n "$file" || complain "$file is shell"
	! command -v shellcheck >/dev/null || shellcheck "$file" || complain "shellcheck has nothing against $file"
}

# refuses 'sentence' [arguments]...
refuses() {
	local sentence=$1 status=0
	shift
	setup "$@" >"$said" 2>&1 || status=$?
	[ $status -eq 2 ] || complain "fulcrumctl backend-setup $* ends with 2, not $status"
	grep -qF -- "$sentence" "$said" || complain "fulcrumctl backend-setup $* says: $sentence"
}

write=${3:-}
prints b1.sh --backend b1
prints b1-undo.sh --backend b1 --undo
prints n1.sh --backend n1
prints n1-undo.sh --backend n1 --undo
prints b1-tracked.sh --backend web/b1 --track --mtu 1400

refuses "--backend NAME is missing" -f pools.yaml
refuses "-f FILE is missing" --backend b1
refuses "--check and --undo do not go together" --backend b1 -f pools.yaml --check --undo
refuses "--mtu: '500' is no size between 576 and 65535 bytes" --backend b1 -f pools.yaml --mtu 500
refuses "--mtu: '1500 bytes' is no size" --backend b1 -f pools.yaml --mtu "1500 bytes"
refuses "missing.yaml: No such file or directory" --backend b1 -f missing.yaml
refuses "pools.yaml: there is no backend 'b11': did you mean 'b1'?" --backend b11 -f pools.yaml
refuses "pools.yaml: there is no backend 'names/b1'" --backend names/b1 -f pools.yaml
refuses "backends 'b2' are several hosts, 10.0.1.12 and 10.0.0.12: say which, such as near/b2" --backend b2 -f pools.yaml
refuses "no service uses a pool of backend 'idle-1': nothing to set up" --backend idle-1 -f pools.yaml
refuses "services 'one' and 'other' both lead to port 3080 here: a reply could not tell which" --backend mixed-1 -f pools.yaml
refuses "-:1:1: unknown key 'no'" --backend b1 -f - <<<'no: key'

# The units of the guide are what systemd takes.
if command -v systemd-analyze >/dev/null; then
	units=$(mktemp -d)
	awk -v folder="$units" '/^    # \/etc\/systemd\/system\// { file = folder "/" $2; sub(".*/", folder "/", file); next }
		/^    / { if (file) print substr($0, 5) > file; next } { file = "" }' "$2/docs/guides/backend.md"
	[ "$(find "$units" -type f | wc -l)" -eq 3 ] || complain "the guide has three units"
	SYSTEMD_UNIT_PATH=$units: systemd-analyze verify --man=no "$units"/fulcrum-* >"$said" 2>&1 || complain "systemd takes the guide's units"
	! grep -q "$units" "$said" || complain "systemd has nothing to say about the guide's units"
	rm -r "$units"
fi

# A host that lacks something is told all of it before anything is changed. Whoever changes
# something here leaves a trace.
bin=$(mktemp -d)
trap 'rm -rf "$said" "$bin"' EXIT
for program in awk cat sh; do
	ln -s "$(command -v $program)" "$bin/$program"
done
printf '#!/bin/sh\nexit 1\n' >"$bin/modprobe"
# lacks 'sentence' [program that is there]: the script of b1, and what a look says.
lacks() {
	local sentence=$1 status=0
	PATH=$bin sh b1.sh >"$said" 2>&1 || status=$?
	[ $status -eq 1 ] || complain "a host that lacks something ends the script with 1, not $status"
	grep -qF -- "$sentence" "$said" || complain "the script says: $sentence"
	[ ! -e "$bin/changed" ] || complain "nothing is changed before that"
}
chmod 755 "$bin/modprobe"
lacks "this host lacks ip: apt-get install iproute2"
cat >"$bin/ip" <<-'SH'
	#!/bin/sh
	case "$*" in
	"-o addr show to "*) echo "1: lo inet 10.0.1.11/32" ;;
	*) : >"${0%/*}/changed" ;;
	esac
SH
chmod 755 "$bin/ip"
lacks "this host lacks nft, and nf_tables in the kernel: apt-get install nftables"
lacks "nothing was changed"
[ -d /sys/module/ipip ] || lacks "this host lacks the kernel's module ipip: modprobe ipip"
[ -d /sys/module/ip6_tunnel ] || lacks "this host lacks the kernel's module ip6_tunnel: modprobe ip6_tunnel"

# This host is not that backend, whatever it is.
status=0
setup --check --backend b1 -f pools.yaml >"$said" 2>&1 || status=$?
[ $status -eq 1 ] || complain "a look at another host ends with 1, not $status"
grep -qE "no interface has 10.0.1.11: is this backend b1|--check wants root" "$said" || complain "it says why"
exit $failed
