#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Mistakes of an operator: one clear sentence, an exit status that says so, and nothing changed.
. "$(dirname "$0")/lib.sh"

# refused 'what' status 'words' command...: ends with that status, says one sentence with those
# words.
refused() {
	local what=$1 want=$2 words=$3 status=0
	shift 3
	"$@" >$LAB/said 2>&1 || status=$?
	lab_check "$what: exit status $want" test $status -eq "$want"
	lab_check "$what: says '$words'" grep -qE -- "$words" $LAB/said
}

# unstarted 'what' 'words': a daemon on a channel of its own does not start.
unstarted() {
	sed -i "s|^channel:.*|channel: $LAB/channel|" $LAB/fulcrumd.yaml
	refused "$1" 1 "$2" in_ns lb "$fulcrumd" -c $LAB/fulcrumd.yaml
}

lab_begin
refused "no daemon" 3 'fulcrumd' ctl show backends
refused "no daemon for an apply" 3 'fulcrumd' ctl apply -f $lab_pool

lab_web_backends 3
lab_fulcrumd
ctl apply -f $lab_pool
lab_wait_up web-1 web-2 web-3
before=$(ctl show config)

# broken NAME SED-SCRIPT WORDS: the quickstart, edited, is refused at a line and column.
broken() {
	sed "$2" $lab_pool >$LAB/$1.yaml
	refused "$1" 2 "$1\.yaml:[0-9]+:[0-9]+: .*$3" ctl apply -f $LAB/$1.yaml
	refused "$1, checked" 2 "$1\.yaml:[0-9]+:[0-9]+: " ctl check -f $LAB/$1.yaml
}
broken unknown-key 's/forwarding:/forwardinf:/' forwardinf
broken wrong-type 's/port: 443/port: many/' many
broken duplicate 's/web-2/web-1/' web-1
broken no-address 's/10\.0\.1\.12/10.0.1.312/' '10\.0\.1\.312'
broken no-pool 's/pool: web$/pool: wob/' wob
broken no-yaml 's/^pools:/pools: [/' ''
refused "no such file" 2 'nowhere.yaml' ctl apply -f $LAB/nowhere.yaml
refused "no such backend" 1 'nobody' ctl backend drain nobody

sed "s/$VIP/$BALANCER/" $lab_pool >$LAB/own.yaml
refused "the balancer's own address for a VIP" 1 "service 'web': VIP $BALANCER is this balancer's own address on fulcrum0: take another" \
	ctl apply -f $LAB/own.yaml
sed "s/$VIP/'fd00:10::2'/" $lab_pool >$LAB/own.yaml
refused "its IPv6 address" 1 'VIP fd00:10::2 is this' ctl plan -f $LAB/own.yaml
lab_check "the configuration is what it was" test "$before" = "$(ctl show config)"
lab_requests 60 >$LAB/answers
lab_check "and it still balances" test "$(lab_count '^b[123]$' $LAB/answers)" -eq 60

sed "s/$VIP/10.0.0.77/" $lab_pool >$LAB/own.yaml
lab_check "a VIP that is free" ctl apply --force -f $LAB/own.yaml
ctl apply --force -f $lab_pool
ip -n lb addr add 10.0.0.77/24 dev fulcrum0
refused "is no more, and nobody goes back to it" 1 'VIP 10\.0\.0\.77 is this' ctl rollback --force 2
ip -n lb addr del 10.0.0.77/24 dev fulcrum0
lab_wait_up web-1 web-2 web-3

# What takes much out wants somebody's word: several files of which some are gone, standard input, a
# version of before.
mkdir -p $LAB/pools.d
sed -n '/^services/,/^pools/ {/^pools/!p}' $lab_pool >$LAB/pools.d/services.yaml
sed -n '/^pools/,$ p' $lab_pool >$LAB/pools.d/pools.yaml
lab_check "the same by a folder" ctl apply -f $LAB/pools.d
rm $LAB/pools.d/services.yaml
refused "a folder with a file gone" 7 "nothing was changed: it would take out 1 of 1 service; --force" ctl apply -f $LAB/pools.d
lab_check "what goes is named" grep -q "^service 'web' ($VIP, tcp, port 443) would be served no longer" $LAB/said
refused "nothing at all" 7 'take out 1 of 1 service, and 3 of the 3 backends' ctl apply -f - <<<'{services: [], pools: []}'
sed 's/web-2.*}/web-2, address: 10.0.1.12, weight: 0}/; s/web-3.*}/web-3, address: 10.0.1.13, state: disabled}/' $lab_pool >$LAB/few.yaml
refused "most of a pool" 7 "2 of the 3 backends of pool 'web'" ctl apply -f $LAB/few.yaml
lab_check "a plan says so" grep -q "pool 'web': 2 of the 3 backends would take no new connections: web-2, web-3" \
	<(ctl plan -f $LAB/few.yaml)
lab_check "the configuration is what it was" test "$before" = "$(ctl show config)"

# at_terminal WORD command...: gives that word to the question that comes.
at_terminal() {
	timeout 30 python3 - "$@" <<-'PY'
		import os, pty, sys
		word, *command = sys.argv[1:]
		child, terminal = pty.fork()
		if child == 0:
		    os.execvp(command[0], command)
		said = b""
		try:
		    while b"[y/N]" not in said:
		        said += os.read(terminal, 4096)
		    os.write(terminal, word.encode() + b"\n")
		    while True:
		        said += os.read(terminal, 4096)
		except OSError:
		    pass
		sys.stdout.buffer.write(said)
		sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
	PY
}
refused "a terminal's no" 7 'Put it in force all the same\?' at_terminal n "$fulcrumctl" apply -f $LAB/few.yaml
refused "a terminal's yes" 0 '2 changes; version [0-9]* is in force' at_terminal y "$fulcrumctl" apply -f $LAB/few.yaml
lab_check "and back" ctl apply -f <(sed 's/web-3/web-3, state: active/' $lab_pool)
version=$(ctl history -o json | python3 -c 'import json, sys; print(json.load(sys.stdin)[1]["version"])')
refused "a version of before" 7 "2 of the 3 backends" ctl rollback $version
lab_check "for a while it is taken" ctl rollback --confirm 1h $version
lab_check "and taken back" ctl confirm --revert
lab_wait_up web-1 web-2 web-3

refused "the same daemon again" 1 'another fulcrumd \(process [0-9]+\) serves it' in_ns lb "$fulcrumd" -c $LAB/fulcrumd.yaml
lab_check "it took nothing from the first: its kernel-side interface has its route" \
	grep -q 'dev fulcrum0' <(ip -n lb route show default)
lab_wait_up web-1 web-2 web-3
lab_requests 60 >$LAB/answers
lab_check "which still balances" test "$(lab_count '^b[123]$' $LAB/answers)" -eq 60

lab_config 'ports: [{name: other, device: "net_null0"}]' 'eal: {hugepages: auto, memory: 64MiB, prefix: other}'
refused "a wrong option" 2 'fulcrumd --help' "$fulcrumd" --frob
refused "an agent that is told nothing" 2 'what to do is missing: --config FILE, or' "$fulcrum_backend"
refused "a second daemon" 1 'fulcrumd' in_ns lb "$fulcrumd" -c $LAB/fulcrumd.yaml
lab_config 'workers: {cores: [1023], idle: sleep}'
unstarted "a core that is not there" 'workers: this machine has no core 1023'
lab_config 'eal: {hugepages: off, memory: 1TiB, prefix: other}'
unstarted "more memory than there is" '1048576 MiB of memory are needed, this machine has [0-9]+ MiB'
lab_config 'ports: [{name: wan, device: lo, mtu: 1500}]'
unstarted "a kernel's interface for a device" 'port wan: lo is an interface of the kernel: .* PCI address'
lab_config 'ports: [{name: wan, device: "net_tap7,iface=ftap7", mtu: 9000}]'
unstarted "a larger MTU than the device takes" 'port wan: its device takes an mtu of [0-9]+ at most, not 9000'
lab_config "state: $lab_pool" 'ports: [{name: other, device: "net_null0"}]' 'eal: {hugepages: auto, memory: 64MiB, prefix: other}'
sed -i "s|^channel:.*|channel: $LAB/channel|" $LAB/fulcrumd.yaml
lab_start other lb "$fulcrumd" -c $LAB/fulcrumd.yaml
lab_wait_for 'grep -q "state: $lab_pool cannot be written: Not a directory" $LAB/other.log' 20 "a state folder that cannot be is told at the start"
lab_wait_for 'grep -q "fulcrumd: ready" $LAB/other.log' 20 "it balances all the same"
lab_stop other

lab_config 'workers: {cores: [1], idle: sometimes}'
refused "a wrong daemon configuration" 2 'fulcrumd.yaml:[0-9]+:[0-9]+: ' in_ns lb "$fulcrumd" -c $LAB/fulcrumd.yaml
# The version stands at byte 8 of the segment, in every version. The daemon would put its own back:
# this one is a copy, and whoever holds its first byte's lock is its daemon.
lab_start another-version lb python3 -uc "
import fcntl, os, signal, struct
segment = bytearray(open('$FULCRUM_CHANNEL', 'rb').read())
segment[8] = 99
open('$LAB/another-version', 'wb').write(segment)
fd = os.open('$LAB/another-version', os.O_RDWR)
fcntl.fcntl(fd, fcntl.F_OFD_SETLK, struct.pack('hhqqi4x', fcntl.F_WRLCK, 0, 0, 1, 0))
print('ready')
signal.pause()"
lab_wait_for 'grep -q ready $LAB/another-version.log' 10
refused "another version" 4 'version 99' ctl --channel $LAB/another-version show version
lab_stop another-version
lab_check "the first daemon is untouched" test "$before" = "$(ctl show config)"
lab_end
