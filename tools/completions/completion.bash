# SPDX-License-Identifier: BSD-3-Clause
# bash completion of @PROGRAM@: the program itself says what may stand for the word at hand.

_@FUNCTION@() {
	local word=${COMP_WORDS[COMP_CWORD]} line lines
	local -a asked=("${COMP_WORDS[@]:1:COMP_CWORD}")
	COMPREPLY=()
	# bash takes "--output=json" for three words.
	if ((COMP_CWORD > 1)) && [[ $word == = || ${COMP_WORDS[COMP_CWORD - 1]} == = ]]; then
		local from=$((COMP_CWORD - 1))
		[[ $word != = ]] || word='' from=$COMP_CWORD
		asked=("${COMP_WORDS[@]:1:from-1}" "$word")
	fi
	mapfile -t lines < <(@PROGRAM@ --complete "${asked[@]}" 2>/dev/null </dev/null)
	for line in "${lines[@]}"; do
		case $line in
		:files) mapfile -t COMPREPLY < <(compgen -f -- "$word") && compopt -o filenames 2>/dev/null ;;
		:folders) mapfile -t COMPREPLY < <(compgen -d -- "$word") && compopt -o filenames 2>/dev/null ;;
		*) COMPREPLY+=("${line%%$'\t'*}") ;;
		esac
	done
	return 0
}

complete -F _@FUNCTION@ @PROGRAM@
