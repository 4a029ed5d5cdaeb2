#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# On a backend host that setup.sh set up by pools.yaml: takes one thing away after the other, and
# sees that 'fulcrumctl backend-setup --check' names it and setup.sh puts it back.
set -u
cd /root || exit 1
table=fulcrum_backend

fail() {
	cat said >&2
	echo "FAILED: $*" >&2
	exit 1
}

check() {
	fulcrumctl backend-setup --check --backend b1 -f pools.yaml >said 2>&1
}

# take_away 'what is missing then' command...: and what was taken away before is there again.
before=nothing
take_away() {
	what=$1
	shift
	"$@" || fail "could not take away: $what"
	! check || fail "unseen: $what"
	grep -qF "missing  $what" said || fail "not named: $what"
	! grep -qF "missing  $before" said || fail "still missing after the script: $before"
	sh setup.sh >said 2>&1 || fail "not put back: $what"
	before=$what
}

rules() {
	nft -a list table inet $table | sed -n 's/.*comment "\(.*\)" # handle \([0-9]*\)$/\2 \1/p'
}

set_key() {
	echo "$2" >"/proc/sys/$1"
}

chain_of() { # a rule's mark
	case $1 in
	tunnel*) echo in ;;
	*untracked) echo untracked ;;
	*) echo "${1%% *}" ;;
	esac
}

check || fail "all should be there"
count=$(rules | wc -l)
[ "$count" -eq 18 ] || fail "$count rules, not 18"
for at in $(seq "$count"); do
	# The script made them anew: the handles are others each time.
	rule=$(rules | sed -n "${at}p")
	mark=${rule#* }
	take_away "nft rule '$mark'" nft delete rule inet $table "$(chain_of "$mark")" handle "${rule%% *}"
done
for chain in in untracked mss out; do
	nft flush chain inet $table $chain
	take_away "nft chain $chain" nft delete chain inet $table $chain
done

for device in fulcrum-ipip fulcrum-sit fulcrum-ip6tnl; do
	take_away "$device, the tunnel" ip link del $device
	take_away "$device is up" ip link set $device down
	for vip in $(ip -o addr show dev $device scope global | awk '{ print $4 }'); do
		take_away "VIP ${vip%/*} on $device" ip addr del "$vip" dev $device
	done
done
take_away "rp_filter of fulcrum-ipip" set_key net/ipv4/conf/fulcrum-ipip/rp_filter 1
take_away "rp_filter of fulcrum-ip6tnl" set_key net/ipv4/conf/fulcrum-ip6tnl/rp_filter 1
take_away "net/ipv4/conf/all/arp_ignore is 1" set_key net/ipv4/conf/all/arp_ignore 0
take_away "net/ipv4/conf/all/arp_announce is 2" set_key net/ipv4/conf/all/arp_announce 0
take_away "net/ipv4/tcp_mtu_probing is 1" set_key net/ipv4/tcp_mtu_probing 0

take_away "nft chain out" nft delete table inet $table

# A tunnel to an address that the host no longer has.
ip link del fulcrum-ipip
take_away "fulcrum-ipip, the tunnel" ip link add fulcrum-ipip type ipip local 10.0.1.99 remote any

check || fail "not all is there again"
systemctl stop web
! check || fail "unseen: the server"
grep -q "missing  service 4-in-4: a server on TCP port 3080" said || fail "not named: the server"
systemd-run -q --unit web -E PYTHONUNBUFFERED=1 python3 -m http.server 3080 --bind :: --directory /srv/www
until check; do :; done

# All at once, and each mended by the command that stands below it.
sh undo.sh
! check || fail "unseen: all"
sed -n 's/^         //p' said >mend.sh
[ "$(wc -l <mend.sh)" -gt 30 ] || fail "too few commands"
sh mend.sh >mended 2>&1
check || fail "the commands do not mend all: $(cat mended)"
# A sysctl that one of those commands set is the operator's own, which undo.sh leaves: as at the
# start again.
set_key net/ipv4/conf/all/arp_ignore 0
set_key net/ipv4/conf/all/arp_announce 0
set_key net/ipv4/tcp_mtu_probing 0
sh setup.sh
echo "taken away and put back: all"
