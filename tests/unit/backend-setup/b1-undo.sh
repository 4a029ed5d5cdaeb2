#!/bin/sh
# Takes back what made this host serve behind Fulcrum as backend b1, 10.0.1.11, fd00:11::11.
# Made by fulcrumctl backend-setup from pools.yaml; to be run by root on that host.
set -eu

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

ip link del fulcrum-ip6tnl 2>/dev/null || true
ip link del fulcrum-sit 2>/dev/null || true
ip link del fulcrum-ipip 2>/dev/null || true
restore net/ipv4/tcp_mtu_probing
restore net/ipv4/conf/all/arp_announce
restore net/ipv4/conf/all/arp_ignore
nft delete table inet fulcrum_backend 2>/dev/null || true
rm -rf "$kept"
