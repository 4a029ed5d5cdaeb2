#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 'fulcrumctl teleport' as a process: teleport.sh FULCRUMCTL SOURCE_ROOT
set -u
ctl=$1
root=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0

# check 'what should hold' command...
check() {
	local what=$1
	shift
	"$@" >"$folder/said" 2>&1 || { echo "does not hold: $what" && cat "$folder/said" && failed=1; }
}

# ends_with STATUS command...
ends_with() {
	local status=0
	"${@:2}" || status=$?
	[ $status -eq "$1" ]
}

says() {
	grep -q -- "$1" <<<"$("${@:2}" 2>&1)"
}

render() {
	"$ctl" teleport render "$@"
}

cp -r "$root/config/teleport/cluster.yaml" "$root/config/teleport/storage.yaml" "$folder/"
cluster=$folder/cluster.yaml out=$folder/out

check "the example renders" render "$cluster" -o "$out"
check "to what stands in config/teleport/out" diff -r "$out" "$root/config/teleport/out"
check "the file with the balancers' key is for its owner alone" test "$(stat -c %a "$out/proxy-lb.yaml")" = 600
for file in proxy-lb auth-lb; do
	check "$file is right for the balancer" "$ctl" check -f "$out/$file.yaml"
done
check "a second time changes nothing" says ' 0 of them new or changed' render "$cluster" -o "$out"
check "no file is left beside" test -z "$(find "$out" -name '*.new')"

# --- A change of the cluster ---
sed -i '/proxy-c1/d; s/^tls_routing: off.*/tls_routing: on/' "$cluster"
check "an instance that is gone takes its file with it" says '^removed .*/backends/proxy-c1.yaml' render "$cluster" -o "$out"
check "and it is gone" test ! -e "$out/backends/proxy-c1.yaml"
check "with TLS routing nobody listens on 3023" ends_with 1 grep -rq 3023 "$out"

# --- Files of others ---
echo 'services: []' >"$out/auth-lb.yaml"
sed -i 's/zone: b/zone: z/' "$cluster"
cp "$out/proxy-lb.yaml" "$folder/before"
check "somebody else's file is not overwritten" ends_with 1 render "$cluster" -o "$out"
check "it is named" says 'auth-lb.yaml is there and was not made by render: nothing was written; --force' render "$cluster" -o "$out"
check "nothing else was written either" cmp "$out/proxy-lb.yaml" "$folder/before"
check "--force overwrites it" render "$cluster" -o "$out" --force
check "and all of the others" grep -q 'zone: z' "$out/proxy-lb.yaml"
touch "$out/backends/mine.txt"
check "a file that render has no name for stays" render "$cluster" -o "$out"
check "as it was" test -e "$out/backends/mine.txt"

rm "$out/dns.zone"
mkdir -p "$out/dns.zone"
check "a folder in a file's place is refused, whatever is said" ends_with 1 render "$cluster" -o "$out" --force
check "and nothing is left beside" test -z "$(find "$out" -name '*.new')"
rmdir "$out/dns.zone"
touch "$folder/plain"
check "a file in the folder's place is refused" says 'Not a directory' render "$cluster" -o "$folder/plain"

# --- Bad usage ---
check "no file: usage" ends_with 2 render -o "$out"
check "no folder: usage" ends_with 2 render "$cluster"
check "one word too many" ends_with 2 render "$cluster" more -o "$out"
check "no verb" ends_with 2 "$ctl" teleport
check "a verb that is none" says "there is no command 'draw'; there are: render, verify" "$ctl" teleport draw
check "a file that is not there" ends_with 2 render "$folder/nowhere.yaml" -o "$out"
check "is told once" says 'nowhere.yaml: No such file' render "$folder/nowhere.yaml" -o "$out"
sed 's/zone: a/zona: a/' "$cluster" >"$folder/bad.yaml"
check "a mistake has its caret" says '|  *^' render "$folder/bad.yaml" -o "$out"
check "verify refuses the same" ends_with 2 "$ctl" teleport verify "$folder/bad.yaml"
# Usage is looked at before the file, and there is none: nothing here may reach a network.
refuses() { # 'what is said' OPTION VALUE
	check "verify $2 $3 is refused" says "$1" "$ctl" teleport verify "$folder/nowhere.yaml" "$2" "$3"
}
refuses "'dns.example.com' is no address" --resolver dns.example.com
refuses "'10.0.0.1:0' is no address" --resolver 10.0.0.1:0
refuses "'0' is no number from 1" --connections 0
refuses "'5' is no time from 10ms" --timeout 5
refuses "'node' is neither proxy nor auth" --pool node
refuses "-o: 'xml' is" -o xml
refuses "/nowhere has no certificates" --ca /nowhere
echo 'a: [' >"$folder/storage.yaml"
check "a storage file that is no YAML is told with its own place" says 'storage_file: .*storage.yaml:[0-9]' render "$cluster" -o "$out"
rm "$folder/storage.yaml"
mkdir "$folder/storage.yaml"
check "one that cannot be read, too" says 'auth: storage_file: .*storage.yaml: Is a directory' render "$cluster" -o "$out"

# --- Scale: 200 proxies and 20 auth servers ---
instances() { # prefix, network, how many
	local i
	for ((i = 0; i < $3; i++)); do
		echo "  - {name: $1-$i, address: 10.$2.$((i / 200)).$((i % 200 + 1)), zone: z$((i % 5))}"
	done
}
{
	echo "domain: teleport.example.com"
	echo "tls_routing: off"
	printf 'proxy:\n  vips: [203.0.113.10]\n  ports: [kubernetes, mysql, postgres, mongo]\n  instances:\n'
	instances proxy 1 200
	printf 'auth:\n  vips: [10.9.9.9]\n  instances:\n'
	instances auth 2 20
} >"$folder/large.yaml"
check "a cluster of 220 renders" render "$folder/large.yaml" -o "$folder/large"
check "to a file for each" test "$(find "$folder/large/backends" -type f | wc -l)" -eq 220
check "and pools that are right" says '7 services, 7 pools, 1400 backends' "$ctl" check -f "$folder/large/proxy-lb.yaml"
exit $failed
