#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# fulcrumctl top in a terminal (tmux's): its figures are those of the traffic, its keys work, and it
# leaves the terminal as it was.
. "$(dirname "$0")/lib.sh"
command -v tmux >/dev/null || {
	echo "skipped: there is no tmux"
	exit 77
}
export LC_ALL=C TERM=xterm
mux() {
	tmux -S $LAB/tmux "$@"
}
screen() {
	mux capture-pane -p
}
press() {
	mux send-keys "$@"
}
shows() { # TEXT: on the screen, now
	screen | grep -qF -- "$1"
}
wait_shows() {
	lab_wait_for "shows '$1'" 15 "the screen shows '$1': $(screen)"
}

lab_begin
lab_web_backends 2
for k in 1 2; do
	lab_responder b$k
done
lab_fulcrumd
lab_pool_udp | sed '/web-3/d' >$LAB/pools.yaml
lab_check "the pool is applied" ctl apply -f $LAB/pools.yaml
lab_wait_up web-1 web-2

# No terminal: a sentence.
! ctl top </dev/null >$LAB/no-terminal 2>&1 || lab_fail "top without a terminal does not fail"
grep -q 'top is a screen for a terminal' $LAB/no-terminal

mux new-session -d -x 80 -y 24 "env PS1='ready> ' bash --norc --noprofile"
wait_shows 'ready>'
press "stty -a >$LAB/stty.before; clear" Enter
press "TERM=vt-unheard-of $fulcrumctl top; clear -x; echo status \$?" Enter
wait_shows 'status 0' # of clear: what matters is that the shell goes on
press "clear; $fulcrumctl top --delay 500ms" Enter
wait_shows 'SERVICE'
lab_check "every line fits into 80 columns and 24 lines" [ "$(screen | awk 'length > 80' | wc -l):$(screen | wc -l)" = 0:24 ]
lab_check "both backends are up" [ "$(screen | grep -c 'web/web-[12] .* up ')" -eq 2 ]

# 200 datagrams a second of 100 bytes and 28 of headers, each of a flow of its own: 204.8 kbit/s.
lab_start sender client /usr/bin/python3 -c "
import socket, time
due = time.monotonic()
print('ready', flush=True)
while True:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(bytes(100), ('$VIP', 5353))
    due += 0.005
    time.sleep(max(0, due - time.monotonic()))"
near() { # COLUMN LEAST MOST: the service's figure, with its k
	screen | awk -v column="$1" -v least="$2" -v most="$3" '$1 == "web" {
		value = $column + 0
		if ($column ~ /k$/) value *= 1000
		good = value >= least && value <= most
	} END { exit !good }'
}
lab_wait_for 'near 3 160 240 && near 4 163000 246000 && near 5 160 240' 20 "200 packets, 205 kbit and 200 flows a second: $(screen)"
lab_say "ok: $(screen | grep '^web ')"
lab_stop sender
lab_wait_for 'near 3 0 0' 10 "nothing comes, nothing is shown"

# The keys.
press s
wait_shows 'by bits'
press r
wait_shows 'by bits, reversed'
press / web-2 Enter
wait_shows 'filter: web-2'
lab_wait_for '! shows web/web-1' 5 "the other backend is filtered away"
press Escape
lab_wait_for 'shows web/web-1' 5 "the filter is gone"
press p
wait_shows 'paused'
ctl backend drain web-2 >/dev/null
sleep 1 # two rounds in which it must not look
lab_check "a paused screen stands" eval "! shows draining"
press p
wait_shows draining

# Other sizes; others who use the daemon.
mux resize-window -x 120 -y 40
lab_wait_for '[ "$(screen | wc -l)" = 40 ] && shows BACKEND && shows "q quit"' 10 "it takes the larger window"
mux resize-window -x 30 -y 5
wait_shows 'the terminal is too small'
mux resize-window -x 80 -y 24
wait_shows 'SERVICE'
for _ in $(seq 10); do
	ctl --wait 2s show version >/dev/null || lab_fail "fulcrumctl finds no way in beside top"
done
lab_say "ok: ten other fulcrumctl had their turn"
lab_stop nginx-b1
lab_wait_for 'screen | grep "web/web-1 .* down " | grep -q "connection refuse"' 20 "the reason of web-1"

# The daemon goes: the screen says so, and stays.
lab_stop fulcrumd
lab_wait_for 'screen | sed -n 3p | grep -qi "daemon\|channel"' 15 "it says that the daemon has gone: $(screen)"
press q
wait_shows 'ready>'
press "stty -a >$LAB/stty.after; echo done" Enter
wait_shows done
lab_check "the terminal is as it was" cmp $LAB/stty.before $LAB/stty.after
lab_check "nothing of the screen is left" eval "! shows SERVICE"

# A signal ends it as well.
lab_fulcrumd
press "clear; $fulcrumctl top; echo ended \$?" Enter
wait_shows 'SERVICE'
kill -TERM "$(pgrep -P "$(mux display-message -p "#{pane_pid}")")"
wait_shows 'ended 0'
press "stty -a >$LAB/stty.after; echo done" Enter
wait_shows done
lab_check "the terminal is as it was after a signal" cmp $LAB/stty.before $LAB/stty.after
mux kill-server
lab_end
