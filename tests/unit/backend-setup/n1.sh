#!/bin/sh
# Makes this host fit to serve behind Fulcrum as backend n1, 10.0.0.11, fd00:10::11.
# Made by fulcrumctl backend-setup from pools.yaml; to be run by root on that host.
# Run it again after a change and at each boot: it does what is missing.
set -eu

command -v ip >/dev/null || {
	echo "this host lacks ip: apt-get install iproute2" >&2
	exit 1
}

nft_works() {
	nft list tables >/dev/null 2>&1
}

has_module() { # module device: it is loaded, in the kernel, or there to be loaded
	[ -d "/sys/module/$1" ] || [ -e "/sys/class/net/$2" ] || modprobe -n -q "$1" 2>/dev/null
}

lacks=0
need() { # what mend test...
	what=$1 mend=$2
	shift 2
	"$@" || {
		echo "this host lacks $what: $mend" >&2
		lacks=1
	}
}
need "nft, and nf_tables in the kernel" "apt-get install nftables && modprobe nf_tables" nft_works
[ $lacks -eq 0 ] || {
	echo "nothing was changed" >&2
	exit 1
}

# The interface of the address by which the balancers know this host.
dev4=$(ip -o addr show to 10.0.0.11 | awk '{ print $2; exit }')
[ -n "$dev4" ] || {
	echo "no interface has 10.0.0.11: is this backend n1?" >&2
	exit 1
}

# The interface of the address by which the balancers know this host.
dev6=$(ip -o addr show to fd00:10::11 | awk '{ print $2; exit }')
[ -n "$dev6" ] || {
	echo "no interface has fd00:10::11: is this backend n1?" >&2
	exit 1
}

kept=/run/fulcrum-backend-setup # what was before, and what this script added

raise() { # key value: for a sysctl that is less
	was=$(cat "/proc/sys/$1")
	[ "$was" -lt "$2" ] || return 0
	mkdir -p "$kept/${1%/*}"
	[ -e "$kept/$1" ] || echo "$was $2" >"$kept/$1"
	echo "$2" >"/proc/sys/$1"
}

put_vip() { # address/bits: on lo; one that is there is not ours
	[ -z "$(ip -o addr show dev lo to "$1")" ] || return 0
	mkdir -p "$kept/lo/${1%/*}"
	ip addr add "$1" dev lo
}

not_strict() { # device: the greater one of its rp_filter and that of all counts
	all=$(cat /proc/sys/net/ipv4/conf/all/rp_filter)
	own=$(cat "/proc/sys/net/ipv4/conf/$1/rp_filter" || echo 1)
	[ $((all > own ? all : own)) -ne 1 ]
}

# Answer ARP for the addresses of the interface that is asked alone: the VIP's ARP stays the
# balancer's.
raise net/ipv4/conf/all/arp_ignore 1

# Ask ARP by an address of the interface, never by the VIP.
raise net/ipv4/conf/all/arp_announce 2

# ICMP's "too big" names the public port, which no socket here has: let TCP (IPv6, too) find the
# path's MTU by itself.
raise net/ipv4/tcp_mtu_probing 1

# Ports and MSS. nft puts the new table in the old one's place in one step, and sees to the checksums.
nft -f - <<END
table inet fulcrum_backend
delete table inet fulcrum_backend
table inet fulcrum_backend {
	# Before all else: the public port becomes the server's; and no connection is tracked, so no table
	# of connections fills up.
	chain in {
		type filter hook prerouting priority raw; policy accept;
		# Service near: port 443 outside is port 3080 of the server here.
		ip daddr 203.0.113.40 tcp dport 443 notrack tcp dport set 3080 comment "in near 203.0.113.40 443 to 3080"
		ip6 daddr 2001:db8:1::40 tcp dport 443 notrack comment "in near6 2001:db8:1::40 untracked"
	}

	# Answers are not tracked either.
	chain untracked {
		type filter hook output priority raw; policy accept;
		ip saddr 203.0.113.40 tcp sport 3080 notrack comment "out near 203.0.113.40 untracked"
		ip6 saddr 2001:db8:1::40 tcp sport 443 notrack comment "out near6 2001:db8:1::40 untracked"
	}

	# Last of all: the server's port becomes the public one again.
	chain out {
		type filter hook postrouting priority 301; policy accept;
		# Service near: port 3080 of the answers is port 443 again outside.
		ip saddr 203.0.113.40 tcp sport 3080 tcp sport set 443 comment "out near 203.0.113.40 3080 to 443"
	}
}
END

# Clients come in here, and the way back to them may be another interface: a strict rp_filter (1)
# would drop them.
not_strict "$dev4" || raise "net/ipv4/conf/$dev4/rp_filter" 2

# The kernel takes packets to the VIP for its own; /32, so that no network comes with it.
put_vip 203.0.113.40/32

# The kernel takes packets to the VIP for its own; /128, so that no network comes with it.
put_vip 2001:db8:1::40/128

# What an earlier pool file needed, and this one does not.
ip link del fulcrum-ipip 2>/dev/null || true
ip link del fulcrum-sit 2>/dev/null || true
ip link del fulcrum-ip6tnl 2>/dev/null || true
