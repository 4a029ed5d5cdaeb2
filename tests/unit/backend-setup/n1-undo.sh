#!/bin/sh
# Takes back what made this host serve behind Fulcrum as backend n1, 10.0.0.11, fd00:10::11.
# Made by fulcrumctl backend-setup from pools.yaml; to be run by root on that host.
set -eu

# The interface of the address by which the balancers know this host.
dev4=$(ip -o addr show to 10.0.0.11 | awk '{ print $2; exit }')

kept=/run/fulcrum-backend-setup # what sysctls were before

restore() { # key
	[ -e "$kept/$1" ] || return 0
	cat "$kept/$1" >"/proc/sys/$1"
	rm "$kept/$1"
}

ip addr del 2001:db8:1::40/128 dev lo 2>/dev/null || true
ip addr del 203.0.113.40/32 dev lo 2>/dev/null || true
restore "net/ipv4/conf/$dev4/rp_filter"
restore net/ipv4/tcp_mtu_probing
restore net/ipv4/conf/all/arp_announce
restore net/ipv4/conf/all/arp_ignore
nft delete table inet fulcrum_backend 2>/dev/null || true
rm -rf "$kept"
