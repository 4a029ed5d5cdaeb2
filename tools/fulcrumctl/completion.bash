# SPDX-License-Identifier: BSD-3-Clause
# bash completion of fulcrumctl. Names come from the running daemon, where there is one.

_fulcrumctl_ask() { # column... of a show, without its line of titles
	local what=$1
	shift
	fulcrumctl --wait 0s show "$what" 2>/dev/null </dev/null | awk "NR > 1 && NF > 1 { print $* }"
}

_fulcrumctl_command() { # the first word that is neither an option nor one's value; sets 'command' and 'at'
	command= at=0
	local i
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-C | -w | --channel | --wait) i=$((i + 1)) ;;
		-*) ;;
		*)
			command=${COMP_WORDS[i]} at=$i
			return
			;;
		esac
	done
}

_fulcrumctl_words() { # what may follow, for a command and the word before
	case $1:$2 in
	teleport:-o | teleport:--output) [[ ${COMP_WORDS[at + 1]} != verify ]] || echo table json yaml ;;
	*:-o | *:--output) echo table json yaml ;;
	capture:-s | capture:--service | flows:-s | flows:--service) _fulcrumctl_ask services '$1' ;;
	flows:-b | flows:--backend) _fulcrumctl_ask backends '$1 "/" $2' ;;
	backend:backend) echo drain undrain disable enable weight ;;
	backend:drain | backend:undrain | backend:disable | backend:enable | backend:weight)
		_fulcrumctl_ask backends '$1 "/" $2'
		;;
	backend:*) [[ ${COMP_WORDS[at + 1]} != drain ]] || echo --deadline --then --watch ;;
	backend-setup:-b | backend-setup:--backend) _fulcrumctl_ask backends '$1 "/" $2' ;;
	backend-setup:--mtu) ;;
	backend-setup:*) echo -b --backend -f --file --check --undo --mtu --track ;;
	check:*) echo -f --file ;;
	doctor:*) echo -c --config -o --output ;;
	plan:*) echo -f --file -o --output ;;
	apply:*) echo -f --file --if-version --confirm ;;
	confirm:*) echo --revert ;;
	show:show) echo services vips pools backends zones drops workers ports memory history version config -o --all ;;
	show:*) echo -o --output --all ;;
	capture:*) echo -w --write --service --packets --seconds --snaplen --drops ;;
	flows:*) echo --service --backend --client --limit -o --output ;;
	explain:explain) echo tcp udp ;;
	explain:*) echo --syn -o --output ;;
	history:* | digest:*) echo -o --output ;;
	teleport:teleport) echo render verify ;;
	teleport:--pool | teleport:-p) echo proxy auth ;;
	teleport:*)
		case ${COMP_WORDS[at + 1]} in
		render) echo -o --output --force ;;
		verify) echo --pool --resolver --ca --connections --timeout -o --output ;;
		esac
		;;
	top:*) echo --delay ;;
	rollback:rollback) _fulcrumctl_ask history '$1' ;;
	:*) echo check plan apply confirm show backend backend-setup capture flows explain digest history rollback teleport top doctor --channel --wait --help --version ;;
	esac
}

# Those of the words that begin so. (compgen -W would run what stands in them.)
_fulcrumctl_begin() {
	local words offered
	while read -ra words; do
		for offered in "${words[@]}"; do
			[[ $offered != "$1"* ]] || printf '%s\n' "$offered"
		done
	done
}

_fulcrumctl() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command at
	_fulcrumctl_command
	case $command:$before in
	backend-setup:-f | backend-setup:--file | check:-f | check:--file | doctor:-c | doctor:--config | plan:-f | plan:--file | apply:-f | apply:--file | capture:-w | capture:--write | :-C | :--channel)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		;;
	teleport:render | teleport:verify | teleport:--ca | teleport:-c) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
	teleport:-o | teleport:--output)
		if [[ ${COMP_WORDS[at + 1]} = render ]]; then
			mapfile -t COMPREPLY < <(compgen -d -- "$word")
		else
			mapfile -t COMPREPLY < <(_fulcrumctl_words "$command" "$before" | _fulcrumctl_begin "$word")
		fi
		;;
	:-w | :--wait) COMPREPLY=() ;;
	*) mapfile -t COMPREPLY < <(_fulcrumctl_words "$command" "$before" | _fulcrumctl_begin "$word") ;;
	esac
}

complete -o filenames -F _fulcrumctl fulcrumctl
