#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A thread that blocks all signals leaves SIGSYS: a system call that the daemon may not make is told
# by it, and would end the process where it is blocked. signals.sh SOURCE
set -euo pipefail
cd "$1"
bad=0 count=0
while IFS=: read -r file line _; do
	count=$((count + 1))
	sed -n "$((line + 1))p" "$file" | grep -q 'sigdelset(.*SIGSYS)' || {
		echo "$file:$line: sigfillset() is not followed by sigdelset(..., SIGSYS)"
		bad=1
	}
done < <(grep -rn 'sigfillset(' lib app tools/fulcrum-backend --include='*.c')
[ $count -gt 0 ] && [ $bad -eq 0 ]
