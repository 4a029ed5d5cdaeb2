#!/bin/sh
# Takes back what made this host serve behind Fulcrum as backend n1, 10.0.0.11, fd00:10::11.
# Made by fulcrumctl backend-setup from pools.yaml; to be run by root on that host.
set -eu

# The interface of the address by which the balancers know this host.
dev4=$(ip -o addr show to 10.0.0.11 | awk '{ print $2; exit }')

kept=/run/fulcrum-backend-setup # what was before, and what this script added

restore() { # key: to what it was, unless somebody changed it since
	[ -e "$kept/$1" ] || return 0
	read -r was ours <"$kept/$1"
	now=$(cat "/proc/sys/$1")
	if [ "$now" = "${ours:-$now}" ]; then
		echo "$was" >"/proc/sys/$1"
	elif [ "$now" != "$was" ]; then
		echo "$1 stays $now: somebody changed it since it was set to $ours (before: $was)"
	fi
	rm "$kept/$1"
}

take_vip() { # address/bits: from lo, if the script put it there
	[ -d "$kept/lo/${1%/*}" ] || return 0
	ip addr del "$1" dev lo 2>/dev/null || true
	rmdir "$kept/lo/${1%/*}"
}

take_vip 2001:db8:1::40/128
take_vip 203.0.113.40/32
restore "net/ipv4/conf/$dev4/rp_filter"
restore net/ipv4/tcp_mtu_probing
restore net/ipv4/conf/all/arp_announce
restore net/ipv4/conf/all/arp_ignore
nft delete table inet fulcrum_backend 2>/dev/null || true
rm -rf "$kept"
