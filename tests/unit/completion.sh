#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What bash offers for a line of fulcrumctl: completion.sh COMPLETION FULCRUMCTL
. "$1"
real=$2
status=0

fulcrumctl() { # stands in for one with a daemon
	case "$*" in
	*"show backends") printf 'POOL BACKEND ADDRESS\nweb a1 10.0.0.1\nweb a2 10.0.0.2\n' ;;
	*"show services") printf 'SERVICE VIP\nfront 203.0.113.10\n' ;;
	*"show history") printf 'VERSION APPLIED\n12 3s\n11 4s\n' ;;
	esac
}

offers() { # the line, whose last word is to be completed, and what is offered, sorted
	local line=$1 wanted=$2 got
	read -ra COMP_WORDS <<<"$line"
	[[ $line != *" " ]] || COMP_WORDS+=("")
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	COMPREPLY=()
	_fulcrumctl
	got=$(printf '%s\n' "${COMPREPLY[@]}" | sort | xargs)
	if [[ $got != "$wanted" ]]; then
		echo "'$line' offers '$got', not '$wanted'"
		status=1
	fi
}

offers "fulcrumctl sh" "show"
offers "fulcrumctl -C /run/x --wait 5s ro" "rollback"
offers "fulcrumctl nothing " ""
offers "fulcrumctl show p" "pools ports"
offers "fulcrumctl show pools -o " "json table yaml"
offers "fulcrumctl backend d" "disable drain"
offers "fulcrumctl backend drain " "web/a1 web/a2"
offers "fulcrumctl backend drain web/a1 --d" "--deadline"
offers "fulcrumctl backend drain web/a1 --w" "--watch"
offers "fulcrumctl backend enable web/a1 --d" ""
offers "fulcrumctl capture --service f" "front"
offers "fulcrumctl flows -b web/a2" "web/a2"
offers "fulcrumctl explain t" "tcp"
offers "fulcrumctl doctor --c" "--config"
offers "fulcrumctl doctor -c $1" "$1"
offers "fulcrumctl rollback 1" "11 12"
offers "fulcrumctl apply -f $1" "$1"
offers "fulcrumctl check -f a.yaml -f $1" "$1"
offers "fulcrumctl backend-setup --backend " "web/a1 web/a2"
offers "fulcrumctl backend-setup --backend web/a1 --c" "--check"
offers "fulcrumctl backend-setup -f $1" "$1"
offers "fulcrumctl teleport " "render verify"
offers "fulcrumctl teleport render $1" "$1"
offers "fulcrumctl teleport verify c.yaml --pool " "auth proxy"
offers "fulcrumctl teleport verify c.yaml -o " "json table yaml"
offers "fulcrumctl teleport render c.yaml --f" "--force"

# Every command that the tool's help names.
names=$("$real" --help | sed -n '/^Commands:/,/COMMAND --help/s/^  \([a-z-]\+\) .*/\1/p' | sort -u)
for name in $names; do
	offers "fulcrumctl $name" "$(grep "^$name" <<<"$names" | xargs)"
	named=1
done
[[ -n $named ]] || { echo "the help names no command" && status=1; }
exit $status
