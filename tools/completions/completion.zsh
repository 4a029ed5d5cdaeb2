#compdef @PROGRAM@
# SPDX-License-Identifier: BSD-3-Clause
# zsh completion of @PROGRAM@: the program itself says what may stand for the word at hand.

local line word='' tab=$'\t'
local -a asked lines offers texts

asked=("${(@Q)words[2,CURRENT]}")
if [[ $asked[-1] == --*=* ]]; then # the value of an option in the same word
	word=${asked[-1]#*=}
	compset -P '*='
	asked=("${(@)asked[1,-2]}" "${asked[-1]%%=*}" "$word")
fi
lines=("${(@f)$(@PROGRAM@ --complete "${asked[@]}" 2>/dev/null </dev/null)}")
for line in "${lines[@]}"; do
	case $line in
	'') ;;
	:files) _files && return 0 ;;
	:folders) _files -/ && return 0 ;;
	*)
		offers+=("${line%%$tab*}")
		texts+=("${line/$tab/  -- }")
		;;
	esac
done
(($#offers)) && compadd -l -d texts -a offers
