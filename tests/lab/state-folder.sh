#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A state folder that is full or read-only: what is asked for is in force, the answer says that it
# is not kept, and the daemon keeps it by itself when it can. And one with a stranger's links at
# every name.
. "$(dirname "$0")/lib.sh"

saved() { # what the page of metrics says
	in_ns lb curl -sf --max-time 20 http://127.0.0.1:9110/metrics | sed -n 's/^fulcrum_config_saved //p'
}

# not_kept WORDS COMMAND...: it ends with status 6, and says so.
not_kept() {
	local words=$1 status=0
	shift
	"$@" >$LAB/answer 2>&1 || status=$?
	lab_check "$words: status 6" test $status -eq 6 || cat $LAB/answer
	lab_check "and a sentence that it is in force and NOT kept" grep -q 'is in force and NOT kept' $LAB/answer
}

fill() {
	dd if=/dev/zero of=$LAB/state/ballast bs=4k status=none 2>/dev/null || true
	! sh -c "echo x >$LAB/state/more" 2>/dev/null
}

start_full() { lab_wait_for fill 5 "the folder is full"; }
end_full() { rm -f $LAB/state/ballast $LAB/state/more; }
# Not while a file is open there to be written.
start_read_only() { lab_wait_for "mount -o remount,ro $LAB/state" 5 "the folder is read-only"; }
end_read_only() { mount -o remount,rw $LAB/state; }

links() {
	local name
	mkdir -p $LAB/victim
	for name in pools.yaml pools.yaml.before health flows flows.checkpoint pools.yaml.left; do
		ln -sf $LAB/victim/$name $LAB/state/$name.new
	done
	for name in pools.yaml.link pools.yaml.broken "$@"; do
		ln -sf $LAB/victim/$name $LAB/state/$name
	done
}

lab_begin
lab_web_backends 3
mkdir -p $LAB/state
mount -t tmpfs -o size=512k,mode=755 state $LAB/state
links health flows flows.checkpoint pools.yaml.left
lab_fulcrumd
lab_check "the pool is applied" ctl apply -f $lab_pool
lab_wait_up web-1 web-2 web-3
lab_wait_for "test -f $LAB/state/health -a ! -L $LAB/state/health" 10 "the health is kept"
lab_check "the page says that it is kept" test "$(saved)" = 1

for fault in full read_only; do
	start_$fault
	not_kept "$fault: drain" ctl backend drain web-3
	lab_check "it is in force" lab_backend_is web-3 state draining
	sed "s|name: web-2, |&weight: $((100 + ${#fault})), |" $lab_pool >$LAB/other.yaml
	lab_check "another pool file is another" sh -c "! cmp -s $lab_pool $LAB/other.yaml"
	not_kept "$fault: apply" ctl apply -f $LAB/other.yaml
	lab_check "it is in force" grep -q "weight: $((100 + ${#fault}))" <(ctl show config)
	lab_check "the page says that it is not kept" test "$(saved)" = 0
	lab_requests 20 >$LAB/answers
	lab_check "20 of 20 requests are answered meanwhile" test "$(lab_count '^b[12]$' $LAB/answers)" -eq 20
	lab_check "an event says that it is not kept" grep -q "is in force and not kept" <(ctl events)
	before=$(ctl show config)

	end_$fault
	lab_wait_for '[ "$(saved)" = 1 ]' 10 "the daemon keeps it by itself"
	lab_check "an event says so" grep -q "is kept at last" <(ctl events)
	lab_stop fulcrumd KILL
	lab_fulcrumd
	lab_check "a restart serves it" test "$before" = "$(ctl show config)"
	lab_wait_up web-1 web-2
	ctl backend undrain web-3
done

links
lab_stop fulcrumd TERM
lab_check "it ends cleanly" test $lab_status -eq 0
lab_check "nobody's links were followed" test -z "$(ls -A $LAB/victim)"
lab_check "what is kept is nobody else's to read" test -z "$(find $LAB/state -type f ! -perm 600)"
lab_fulcrumd
lab_check "and is served" test "$(ctl show config | grep -c 'name: web-')" -eq 3
lab_end
