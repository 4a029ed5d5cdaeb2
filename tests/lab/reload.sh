#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Pools that the daemon reads by itself, from a file or a folder: at the start, by SIGHUP; what is
# wrong changes nothing.
. "$(dirname "$0")/lib.sh"

version() { # KEY: what 'show version' says
	ctl show version -o json | python3 -c 'import json, sys; print(json.load(sys.stdin)["daemon"][sys.argv[1]])' "$1"
}

reload() {
	kill -HUP ${lab_pids[fulcrumd]}
}

# waits_refused WORDS: it is told, in the log and by the tool, and what ran goes on.
waits_refused() {
	lab_wait_for "[[ \$(version pools_refused) == *'$1'* ]]" 10 "show version tells of '$1'"
	lab_check "the log tells of '$1'" grep -q "config: pools: refused, version [0-9]* goes on: .*$1" $LAB/fulcrumd.log
	lab_check "what ran goes on" test "$(ctl show config)" = "$before"
}

lab_begin
cp $lab_pool $LAB/pools.yaml
lab_config
echo "pools: $LAB/pools.yaml" >>$LAB/fulcrumd.yaml
lab_daemon
lab_wait_for '[ "$(version config_version)" = 1 ]' 10 "the file is in force after the start"
lab_check "the history tells where it is from" test "$(ctl history -o json | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["how"])')" = file

sed -i '/web-3/d' $LAB/pools.yaml
reload
lab_wait_for '! ctl show config | grep -q web-3' 10 "SIGHUP reads it again"
lab_check "as the next version" test "$(version config_version)" = 2

# Who changed something by the tool is told that the file does not have it.
ctl backend weight web-1 7
reload
lab_wait_for '[ "$(version config_version)" = 4 ]' 10 "the file comes again"
lab_check "what it overwrites is told" grep -q 'changed since the file was read: backend web/web-1: weight 100 -> 7' $LAB/fulcrumd.log
lab_check "and overwritten" lab_backend_is web-1 weight 100
before=$(ctl show config)
reload
lab_wait_for 'grep -q "pools: nothing changed; version 4 is in force" $LAB/fulcrumd.log' 10 "the same file again is no version"

sed 's/10\.0\.1\.12/10.0.1.312/' $LAB/pools.yaml >$LAB/bad.yaml
cp $LAB/pools.yaml $LAB/good.yaml
cp $LAB/bad.yaml $LAB/pools.yaml
reload
waits_refused '10.0.1.312'
! in_ns lb "$fulcrumd" -c $LAB/fulcrumd.yaml --check-pools >$LAB/checked 2>&1 || lab_fail "--check-pools is content"
lab_check "systemd's reload fails by --check-pools, with the sentence" grep -q '10\.0\.1\.312' $LAB/checked
echo '{services: [], pools: []}' >$LAB/pools.yaml
reload
waits_refused 'it would take out 1 of 1 service'

# A bad file at the start: the last configuration that was in force serves, and it is told.
cp $LAB/bad.yaml $LAB/pools.yaml
lab_stop fulcrumd
lab_daemon
waits_refused '10.0.1.312'
lab_check "the version goes on" test "$(version config_version)" = 4

# A folder; and the file is right again.
rm $LAB/pools.yaml
mkdir $LAB/pools.yaml
sed -n '/^services/,/^pools/ {/^pools/!p}' $LAB/good.yaml >$LAB/pools.yaml/10-services.yaml
sed -n '/^pools/,$ p' $LAB/good.yaml | sed 's/10\.0\.1\.12/10.0.1.13/' >$LAB/pools.yaml/20-pools.yaml
echo "an editor's" >$LAB/pools.yaml/.#20-pools.yaml
echo "somebody's" >$LAB/pools.yaml/notes.txt
mkdir $LAB/pools.yaml/old.yaml
reload
lab_wait_for '[ "$(version pools_refused)" = "" ]' 10 "a folder is taken"
for name in notes.txt old.yaml; do
	lab_check "$name in it is passed over, and named" grep -q "config: pools: .*/$name: note: passed over" $LAB/fulcrumd.log
done
lab_check "what is an editor's is not" sh -c "! grep -q '#20-pools.yaml: note' $LAB/fulcrumd.log"
lab_check "and in force" lab_backend_is web-2 address 10.0.1.13
lab_end
