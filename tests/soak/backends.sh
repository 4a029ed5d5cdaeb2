# SPDX-License-Identifier: BSD-3-Clause
# The soak's backends: each has an agent and traffic.py's server. Sourced after the lab's lib.sh.

soak=$lab_root/tests/soak

# soak_server bK: its server, whose process number is in $LAB/server-bK.pid.
soak_server() {
	: >$LAB/server-$1.log
	lab_start server-$1 $1 python3 $soak/traffic.py serve $VIP $1
	echo ${lab_pids[server-$1]} >$LAB/server-$1.pid
	lab_wait_for "grep -q ready $LAB/server-$1.log" 20 "the server on $1"
}

# soak_agent bK: as lab_agent, its process number in $LAB/agent-bK.pid.
soak_agent() {
	: >$LAB/agent-$1.log
	lab_agent $1
	echo ${lab_pids[agent-$1]} >$LAB/agent-$1.pid
}

# soak_kill NAME: the process of that name is gone.
soak_kill() {
	local pid
	pid=$(cat $LAB/$1.pid)
	kill -KILL $pid
	lab_wait_for "! kill -0 $pid" 5 "$1 is gone"
}

soak_signal() {
	kill -$2 "$(cat $LAB/$1.pid)"
}
