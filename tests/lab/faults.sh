# SPDX-License-Identifier: BSD-3-Clause
# Faults around the balancer, and the course that a balancer is to keep through each of them.
# Sourced after lib.sh.
#
# A fault NAME is a pair of functions, fault_NAME_begin and fault_NAME_end, and where it can be seen
# a third, fault_NAME_told, which is true when the daemon tells of it. fault_course NAME runs the
# course:
#
#   steady traffic -> the fault -> a backend dies -> nobody is sent to it any more, in time -> a change is acknowledged
#   -> the fault ends -> all is well, without a restart -> the daemon is killed, and the next one has what was acknowledged

. "$lab_root/tests/soak/backends.sh"

fault_promise_s=4 # health.md: fall x interval + timeout. So patient that a busy machine loses few backends by mistake
fault_long=20
fault_rows=()
fault_memory_kib=4096
fault_weight=100

fault_now() {
	python3 -c 'import time; print(time.monotonic())'
}

fault_metric() {
	in_ns lb curl -sf --max-time 20 http://127.0.0.1:9110/metrics | sed -n "s/^$1 //p"
}

# fault_pool [MORE]: three backends behind TCP and UDP, and what else is to stand in the file.
fault_pool() {
	cat <<-YAML
		services:
		  - {name: stream, vip: $VIP, protocol: tcp, port: 7000, pool: soak}
		  - {name: datagrams, vip: $VIP, protocol: udp, port: 5353, pool: soak}
		pools:
		  - name: soak
		    health: {type: tcp, port: 7000, interval: 1s, timeout: 1s, rise: 1, fall: 3, flap_limit: 0}
		    backends:
		      - {name: b1, address: 10.0.1.11, weight: ${1:-100}}
		      - {name: b2, address: 10.0.1.12}
		      - {name: b3, address: 10.0.1.13}
	YAML
}

# True where it is built with sanitizers.
fault_is_instrumented() {
	grep -q __asan_init "$fulcrumd"
}

# The balancer and three backends with traffic.py's servers; what is configured before is kept.
fault_lab() {
	local k
	lab_begin
	lab_backends 3
	for k in 1 2 3; do
		soak_agent b$k
		soak_server b$k
	done
	mkdir -p $LAB/state
	[ -z "${1:-}" ] || "$1"
	# A thread that is held cannot be stopped by the leak checker, too.
	export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
	! fault_is_instrumented || fault_memory_kib=131072
	: >$LAB/canary.log
	lab_start canary lb python3 "$soak/canary.py" $(($(nproc) > 1 ? 1 : 0))
	lab_fulcrumd
	fault_pool >$LAB/pool.yaml
	lab_check "the pool is applied" ctl apply -f $LAB/pool.yaml
	lab_wait_up b1 b2 b3
}

fault_traffic_begin() {
	: >$LAB/traffic.log
	rm -f $LAB/traffic.end
	mkfifo $LAB/traffic.end
	exec 7<>$LAB/traffic.end
	in_ns client python3 "$soak/traffic.py" ask $VIP --long $fault_long --every 0.05 --stall 60 --tell-all \
		<$LAB/traffic.end >$LAB/traffic.log 2>&1 7>&- &
	lab_pids[traffic]=$!
	lab_wait_for "grep -q '\"open\": $fault_long' $LAB/traffic.log" 20 "the traffic flows"
}

fault_traffic_end() {
	echo end >&7
	exec 7>&-
	lab_wait_for "! lab_alive traffic" 70 "the traffic has ended"
	wait "${lab_pids[traffic]}" || lab_fail "the traffic ended with status $?"
	unset 'lab_pids[traffic]'
}

fault_settled() {
	python3 "$lab_root/tests/lab/faults.py" settled $LAB/traffic.log "$fault_died"
}

# fault_course NAME 'what it is' [SECONDS]: so much later than promised may the dead backend be
# found.
fault_course() {
	local name=$1 late=${3:-0} limit status=0 config row told=-
	limit=$(python3 -c "print($fault_promise_s * $lab_slack + $late)")
	lab_say "-- $2"
	fault_traffic_begin
	"fault_${name}_begin"
	fault_died=$(fault_now)
	lab_stop server-b2 KILL
	lab_wait_for fault_settled $((${late%.*} + 10)) "$2: new connections are served again"
	fault_weight=$((fault_weight + 10))
	ctl --wait 60s backend weight b1 $fault_weight >$LAB/answer 2>&1 || status=$?
	lab_check "$2: a change is acknowledged" test $status -eq 0 -o $status -eq 6
	lab_check "$2: the daemon runs on" lab_alive fulcrumd
	[ "$(type -t "fault_${name}_told")" != function ] || {
		lab_wait_for "fault_${name}_told" 10 "$2: it is told"
		told=told
	}
	"fault_${name}_end"
	soak_server b2
	lab_wait_up b1 b2 b3
	lab_check "$2: it was found dead" eval '! lab_backend_is b2 downs 0'
	lab_wait_for '[ "$(fault_metric fulcrum_config_saved)" = 1 ]' 10 "$2: what is in force is kept"
	lab_check "$2: the daemon is healthy" in_ns lb curl -sf -o /dev/null --max-time 20 http://127.0.0.1:9110/healthz
	fault_traffic_end
	row=$(python3 "$lab_root/tests/lab/faults.py" judge $LAB/traffic.log "$fault_died" "$limit" $LAB/canary.log) ||
		lab_fail "$2: what broke is not explained ($row)"
	config=$(ctl show config)
	lab_check "$2: it has the weight" grep -q "weight: $fault_weight" <(echo "$config")
	lab_stop fulcrumd KILL
	lab_fulcrumd
	lab_check "$2: the next daemon has what was acknowledged" test "$config" = "$(ctl show config)"
	lab_wait_up b1 b2 b3
	fault_rows+=("$2|$row|$([ $status -eq 0 ] && echo kept || echo 'not kept, and said')|$told")
}

# The table of all courses of this story.
fault_table() {
	{
		echo "fault|new ones failed for|so many|long ones broke (its own)|a change was|the fault is"
		printf '%s\n' "${fault_rows[@]}"
	} | column -t -s '|'
	lab_end
}

# -- the disk of the state folder --

# Small, and one that can hang where hang.sh is there: what it serves is in fault_disk then.
fault_disk=$LAB/state
fault_disk_small() {
	[ "$(type -t hang_disk)" != function ] || fault_disk=$LAB/disk-state
	mkdir -p $fault_disk
	mount -t tmpfs -o size=2m,mode=755 state $fault_disk
	[ "$(type -t hang_disk)" != function ] || hang_disk state $LAB/state
}

fault_disk_fill() {
	dd if=/dev/zero of=$fault_disk/ballast bs=4k oflag=append conv=notrunc status=none 2>/dev/null || true
	! sh -c "echo x >$fault_disk/more" 2>/dev/null
}

fault_disk_full_begin() { lab_wait_for fault_disk_fill 5 "the folder is full"; }
fault_disk_full_end() { rm -f $fault_disk/ballast $fault_disk/more; }
fault_disk_full_told() { [ "$(fault_metric fulcrum_config_saved)" = 0 ]; }

# Not while a file is open there to be written.
fault_read_only_begin() { lab_wait_for "mount -o remount,ro $fault_disk" 5 "the folder is read-only"; }
fault_read_only_end() { mount -o remount,rw $fault_disk; }
fault_read_only_told() { [ "$(fault_metric fulcrum_config_saved)" = 0 ]; }

fault_disk_hung_begin() { hang_begin state; }
fault_disk_hung_end() { hang_end state; }
fault_disk_hung_told() { [ "$(fault_metric fulcrum_state_late_seconds)" != 0 ]; }

# -- the machine --

# The daemon's wall clock, for which clock_begin is to have been called.
fault_clock_forward_begin() { clock_set 3600; }
fault_clock_forward_end() { clock_set 0; }
fault_clock_forward_told() { fault_clock_logged '+1 hour' || fault_clock_logged '+59 minutes'; }
fault_clock_back_begin() { clock_set -3600; }
fault_clock_back_end() { clock_set 0; }
fault_clock_back_told() { fault_clock_logged '-1 hour' || fault_clock_logged '-61 minutes'; }
# fault_clock_logged 'from now': a backend went down in that hour, as the log has it.
fault_clock_logged() {
	grep -q "$(date -u -d "$1" +%Y-%m-%dT%H):.*is down" $LAB/fulcrumd.log
}

# The kernel's side of the port, with its addresses and routes.
fault_interface_begin() { ip -n lb link del fulcrum0; }
fault_interface_end() { lab_wait_for "ip -n lb addr show dev fulcrum0 | grep -q $BALANCER" 10 "it is made again"; }
fault_interface_told() { grep -q "somebody deleted its kernel-side interface fulcrum0" $LAB/fulcrumd.log; }

# The kernel tells more about its routes than the socket holds, while the control thread does not
# look.
fault_netlink_begin() {
	local before
	before=$(fault_netlink_drops)
	fault_thread=fulcrumd fault_thread_begin
	seq 1 30000 | awk '{ printf "route replace 192.0.2.%d/32 dev lo\nroute del 192.0.2.%d/32 dev lo\n", $1 % 250, $1 % 250 }' |
		ip -n lb -batch -
	fault_thread_end
	lab_check "its socket ran over" test "$(fault_netlink_drops)" -gt "$before"
}
fault_netlink_end() { :; }
fault_netlink_drops() {
	in_ns lb awk 'NR > 1 && $2 == 0 { drops += $9 } END { print drops + 0 }' /proc/net/netlink
}

# A control group whose limit is what the daemon has by now, and a little.
fault_memory_group() {
	fault_group=/sys/fs/cgroup/memory/fulcrum-lab-$$-$RANDOM fault_limit=memory.limit_in_bytes fault_usage=memory.usage_in_bytes
	[ -e /sys/fs/cgroup/memory/cgroup.procs ] || {
		fault_group=/sys/fs/cgroup/fulcrum-lab-$$-$RANDOM fault_limit=memory.max fault_usage=memory.current
		grep -qw memory /sys/fs/cgroup/cgroup.subtree_control 2>/dev/null || return 1
	}
	mkdir $fault_group 2>/dev/null
}
fault_memory_begin() {
	echo 3 2>/dev/null >$fault_group/memory.move_charge_at_immigrate || true
	echo "${lab_pids[fulcrumd]}" >$fault_group/cgroup.procs
	echo $(($(cat $fault_group/$fault_usage) + fault_memory_kib * 1024)) >$fault_group/$fault_limit
}
fault_memory_end() {
	echo -1 >$fault_group/$fault_limit 2>/dev/null || echo max >$fault_group/$fault_limit
	echo "${lab_pids[fulcrumd]}" >$fault_group/../cgroup.procs
	rmdir $fault_group
}

# It may open nothing at all for a while, in which routes change, and then no more than a few probes
# at a time.
fault_descriptors_set() {
	prlimit --pid "${lab_pids[fulcrumd]}" --nofile="$1:"
}
fault_descriptors_begin() {
	local least
	fault_descriptors_limit=$(prlimit --pid "${lab_pids[fulcrumd]}" --nofile --noheadings -o SOFT | tr -d ' ')
	least=$(ls /proc/"${lab_pids[fulcrumd]}"/fd | sort -n | tail -n 1)
	fault_descriptors_set 8
	ip -n lb route add 10.0.1.0/24 via 10.0.0.1
	fault_died=$(fault_now)
	lab_wait_for fault_settled 20 "new connections are served without a descriptor"
	lab_check "no next hop is lost" eval '! ctl show backends | grep "route\|next hop"'
	fault_descriptors_set $((least + 3))
}
fault_descriptors_end() {
	fault_descriptors_set "$fault_descriptors_limit"
	ip -n lb route del 10.0.1.0/24 via 10.0.0.1
}

# -- those who ask --

# A tool that has the channel's lock is stopped.
fault_tool_begin() {
	: >$LAB/tool.log
	lab_start tool lb python3 -uc "
import fcntl, os, signal, struct
fd = os.open('$FULCRUM_CHANNEL', os.O_RDWR)
fcntl.fcntl(fd, fcntl.F_SETLK, struct.pack('hhqqi4x', fcntl.F_WRLCK, 0, 1, 1, 0))
print('locked')
os.kill(os.getpid(), signal.SIGSTOP)"
	lab_wait_for "grep -q locked $LAB/tool.log" 10 "a tool has the lock"
}
fault_tool_end() { lab_stop tool KILL; }
fault_tool_told() { grep -q "said nothing for .* (it is stopped)" $LAB/fulcrumd.log; }

# 60,000 backends more, whose page several ask for all the time, some without reading it.
fault_scraped_count=60000
fault_scraped_begin() {
	{
		fault_pool $fault_weight
		echo "  - name: many"
		echo "    health: {type: none}"
		echo "    backends:"
		awk -v n=$fault_scraped_count 'BEGIN { for (i = 0; i < n; i++)
			printf "      - {name: m%d, address: 10.%d.%d.%d}\n", i, 20 + i / 62500, i / 250 % 250, 1 + i % 250 }'
	} >$LAB/many.yaml
	lab_check "$fault_scraped_count backends are applied" eval "ctl apply -f $LAB/many.yaml >$LAB/answer"
	lab_start scrape lb sh -c 'for i in 1 2 3; do
		while :; do curl -sf --max-time 60 -o /dev/null http://127.0.0.1:9110/metrics && echo page; done & done; wait'
	lab_start hostile lb python3 "$lab_root/tests/lab/hostile_http.py" 127.0.0.1 9110
	lab_wait_for "grep -q ready $LAB/hostile.log && grep -q page $LAB/scrape.log" 60 "the page is asked for"
}
fault_scraped_end() {
	lab_stop hostile
	kill $(ps -o pid= --ppid "${lab_pids[scrape]}") 2>/dev/null || true
	lab_stop scrape KILL
	fault_pool $fault_weight >$LAB/pool.yaml
	lab_check "they are taken out" eval "ctl apply --force -f $LAB/pool.yaml >$LAB/answer"
}

# Who reads the log stops, and the pipe is full. Before the daemon starts: fault_log_pipe.
fault_log_pipe() {
	mkfifo $LAB/log.pipe
	: >$LAB/fulcrumd.log
	cat <>$LAB/log.pipe >>$LAB/fulcrumd.log &
	fault_reader=$!
	printf '#!/bin/sh\nexec %s "$@" 2>%s\n' "$fulcrumd" $LAB/log.pipe >$LAB/fulcrumd.program
	chmod +x $LAB/fulcrumd.program
	fulcrumd=$LAB/fulcrumd.program
}
fault_log_stalled_begin() {
	kill -STOP $fault_reader
	python3 -c 'import os, sys
fd = os.open(sys.argv[1], os.O_WRONLY | os.O_NONBLOCK)
for size in 4096, 1:
    try:
        while True:
            os.write(fd, b"\n" * size)
    except BlockingIOError:
        pass' $LAB/log.pipe
}
fault_log_stalled_end() { kill -CONT $fault_reader; }

# Backends that are asked by TLS and do whatever costs the one who asks.
fault_tls_begin() {
	local k addresses=()
	for k in 41 42 43 44; do
		ip -n b3 addr add 10.0.1.$k/24 dev eth0
		addresses+=(10.0.1.$k)
	done
	[ -f $LAB/rsa.crt ] || openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=hostile -keyout $LAB/rsa.key \
		-out $LAB/rsa.crt 2>/dev/null
	lab_start hostile b3 python3 "$lab_root/tests/lab/hostile_tls.py" $LAB/rsa.crt $LAB/rsa.key 9443 "${addresses[@]}"
	lab_wait_for "grep -q ready $LAB/hostile.log" 10 "hostile servers"
	{
		fault_pool $fault_weight
		echo "  - name: hostile"
		echo "    health: {type: tls, port: 9443, interval: 200ms, timeout: 200ms, fall: 2, flap_limit: 0}"
		echo "    backends:"
		for k in 41 42 43 44; do
			echo "      - {name: h$k, address: 10.0.1.$k}"
		done
	} >$LAB/hostile.yaml
	lab_check "hostile backends are applied" eval "ctl apply -f $LAB/hostile.yaml >$LAB/answer"
	lab_wait_for "lab_backend_is h41 health down" 10 "they are asked"
}
fault_tls_end() {
	lab_stop hostile KILL
	fault_pool $fault_weight >$LAB/pool.yaml
	lab_check "they are taken out" eval "ctl apply --force -f $LAB/pool.yaml >$LAB/answer"
}
fault_tls_told() { ! lab_backend_is h41 reason ""; }

# -- the daemon's own threads --

# fault_thread: its name. It stands still for as long as the fault lasts, or for fault_thread_s at
# most.
fault_thread='' fault_thread_s=600
fault_thread_begin() {
	: >$LAB/hold.log
	lab_start hold lb timeout $fault_thread_s python3 "$lab_root/tests/lab/hold_thread.py" "${lab_pids[fulcrumd]}" "$fault_thread"
	lab_wait_for "grep -q held $LAB/hold.log" 10 "$fault_thread is held"
}
fault_thread_end() {
	lab_stop hold
}

# fault_threads: the names of the daemon's threads, each once.
fault_threads() {
	cat /proc/"${lab_pids[fulcrumd]}"/task/*/comm | sort -u
}
