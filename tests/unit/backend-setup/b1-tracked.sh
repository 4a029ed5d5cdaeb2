#!/bin/sh
# Makes this host fit to serve behind Fulcrum as backend web/b1, 10.0.1.11.
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
need "the kernel's module ipip" "modprobe ipip # a kernel without it: use the agent" has_module ipip tunl0
need "the kernel's module sit" "modprobe sit # a kernel without it: use the agent" has_module sit sit0
[ $lacks -eq 0 ] || {
	echo "nothing was changed" >&2
	exit 1
}

# The interface of the address by which the balancers know this host.
dev4=$(ip -o addr show to 10.0.1.11 | awk '{ print $2; exit }')
[ -n "$dev4" ] || {
	echo "no interface has 10.0.1.11: is this backend web/b1?" >&2
	exit 1
}
mtu4=1400 # what the way from the balancers carries, by --mtu

kept=/run/fulcrum-backend-setup # what was before, and what this script added

raise() { # key value: for a sysctl that is less
	was=$(cat "/proc/sys/$1")
	[ "$was" -lt "$2" ] || return 0
	mkdir -p "$kept/${1%/*}"
	[ -e "$kept/$1" ] || echo "$was $2" >"$kept/$1"
	echo "$2" >"/proc/sys/$1"
}

has_tunnel() { # device address
	case $(ip -d link show dev "$1" 2>/dev/null) in
	*" local $2 "*) ;;
	*) return 1 ;;
	esac
}

drop_others() { # device 'addresses': what an earlier pool file put there besides
	for address in $(ip -o addr show dev "$1" scope global | awk '{ print $4 }'); do
		case " $2 " in
		*" $address "*) ;;
		*) ip addr del "$address" dev "$1" ;;
		esac
	done
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
	# Before all else: the public port becomes the server's.
	chain in {
		type filter hook prerouting priority raw; policy accept;
		# Service web: port 443 outside is port 3080 of the server here.
		ip daddr 203.0.113.10 tcp dport 443 tcp dport set 3080 comment "in web 203.0.113.10 443 to 3080"
		# Service web6: port 443 outside is port 3080 of the server here.
		ip6 daddr 2001:db8:1::10 tcp dport 443 tcp dport set 3080 comment "in web6 2001:db8:1::10 443 to 3080"
		# A datagram without a checksum stays without.
		ip daddr 203.0.113.20 udp dport 53 udp checksum 0 @th,16,16 set 5353 comment "in names 203.0.113.20 53 to 5353, no checksum"
		# Service names: port 53 outside is port 5353 of the server here.
		ip daddr 203.0.113.20 udp dport 53 udp dport set 5353 comment "in names 203.0.113.20 53 to 5353"
		# Service quic tcp 443: port 443 outside is port 4433 of the server here.
		ip daddr 203.0.113.20 tcp dport 443 tcp dport set 4433 comment "in quic tcp 443 203.0.113.20 443 to 4433"
		ip daddr 203.0.113.20 udp dport 443 udp checksum 0 @th,16,16 set 4433 comment "in quic udp 443 203.0.113.20 443 to 4433, no checksum"
		# Service quic udp 443: port 443 outside is port 4433 of the server here.
		ip daddr 203.0.113.20 udp dport 443 udp dport set 4433 comment "in quic udp 443 203.0.113.20 443 to 4433"
	}

	# A SYN-ACK tells the client how much its packets may carry: what is left of the MTU inside the
	# tunnel. nft lowers the size and never raises it.
	chain mss {
		type filter hook postrouting priority 300; policy accept;
		# Service web: the MTU less 20 bytes of outer IPv4, 20 of IPv4 and 20 of TCP.
		ip saddr 203.0.113.10 tcp sport 3080 tcp flags & (syn | ack) == syn | ack tcp option maxseg size set $((mtu4 - 60)) comment "mss web 203.0.113.10 $((mtu4 - 60))"
		# Service ssh: the MTU less 20 bytes of outer IPv4, 20 of IPv4 and 20 of TCP.
		ip saddr 203.0.113.10 tcp sport 3023 tcp flags & (syn | ack) == syn | ack tcp option maxseg size set $((mtu4 - 60)) comment "mss ssh 203.0.113.10 $((mtu4 - 60))"
		# Service web6: the MTU less 20 bytes of outer IPv4, 40 of IPv6 and 20 of TCP.
		ip6 saddr 2001:db8:1::10 tcp sport 3080 tcp flags & (syn | ack) == syn | ack tcp option maxseg size set $((mtu4 - 80)) comment "mss web6 2001:db8:1::10 $((mtu4 - 80))"
		# Service call tcp 5060: the MTU less 20 bytes of outer IPv4, 20 of IPv4 and 20 of TCP.
		ip saddr 203.0.113.20 tcp sport 5060 tcp flags & (syn | ack) == syn | ack tcp option maxseg size set $((mtu4 - 60)) comment "mss call tcp 5060 203.0.113.20 $((mtu4 - 60))"
		# Service call tcp 6000-6010: the MTU less 20 bytes of outer IPv4, 20 of IPv4 and 20 of TCP.
		ip saddr 203.0.113.20 tcp sport 6000-6010 tcp flags & (syn | ack) == syn | ack tcp option maxseg size set $((mtu4 - 60)) comment "mss call tcp 6000-6010 203.0.113.20 $((mtu4 - 60))"
		# Service quic tcp 443: the MTU less 20 bytes of outer IPv4, 20 of IPv4 and 20 of TCP.
		ip saddr 203.0.113.20 tcp sport 4433 tcp flags & (syn | ack) == syn | ack tcp option maxseg size set $((mtu4 - 60)) comment "mss quic tcp 443 203.0.113.20 $((mtu4 - 60))"
	}

	# Last of all: the server's port becomes the public one again.
	chain out {
		type filter hook postrouting priority 301; policy accept;
		# Service web: port 3080 of the answers is port 443 again outside.
		ip saddr 203.0.113.10 tcp sport 3080 tcp sport set 443 comment "out web 203.0.113.10 3080 to 443"
		# Service web6: port 3080 of the answers is port 443 again outside.
		ip6 saddr 2001:db8:1::10 tcp sport 3080 tcp sport set 443 comment "out web6 2001:db8:1::10 3080 to 443"
		ip saddr 203.0.113.20 udp sport 5353 udp checksum 0 @th,0,16 set 53 comment "out names 203.0.113.20 5353 to 53, no checksum"
		# Service names: port 5353 of the answers is port 53 again outside.
		ip saddr 203.0.113.20 udp sport 5353 udp sport set 53 comment "out names 203.0.113.20 5353 to 53"
		# Service quic tcp 443: port 4433 of the answers is port 443 again outside.
		ip saddr 203.0.113.20 tcp sport 4433 tcp sport set 443 comment "out quic tcp 443 203.0.113.20 4433 to 443"
		ip saddr 203.0.113.20 udp sport 4433 udp checksum 0 @th,0,16 set 443 comment "out quic udp 443 203.0.113.20 4433 to 443, no checksum"
		# Service quic udp 443: port 4433 of the answers is port 443 again outside.
		ip saddr 203.0.113.20 udp sport 4433 udp sport set 443 comment "out quic udp 443 203.0.113.20 4433 to 443"
	}
}
END

# Takes the outer IPv4 header off IPv4 packets, whichever balancer sends them. A device of our own:
# the kernel's tunl0 is for all addresses, and may be another's.
has_tunnel fulcrum-ipip 10.0.1.11 || {
	ip link del fulcrum-ipip 2>/dev/null || true
	ip link add fulcrum-ipip type ipip local 10.0.1.11 remote any
}

# Clients come in here, and the way back to them may be another interface: a strict rp_filter (1)
# would drop them.
not_strict fulcrum-ipip || raise "net/ipv4/conf/fulcrum-ipip/rp_filter" 2
ip link set fulcrum-ipip up

# Takes the outer IPv4 header off IPv6 packets, whichever balancer sends them. A device of our own:
# the kernel's sit0 is for all addresses, and may be another's.
has_tunnel fulcrum-sit 10.0.1.11 || {
	ip link del fulcrum-sit 2>/dev/null || true
	ip link add fulcrum-sit type sit mode ip6ip local 10.0.1.11 remote any
}
ip link set fulcrum-sit up

# The kernel takes packets to the VIP for its own; /32, so that no network comes with it.
ip addr replace 203.0.113.10/32 dev fulcrum-ipip

# The kernel takes packets to the VIP for its own; /128, so that no network comes with it.
ip addr replace 2001:db8:1::10/128 dev fulcrum-sit

ip addr replace 203.0.113.20/32 dev fulcrum-ipip

# What an earlier pool file needed, and this one does not.
drop_others fulcrum-ipip '203.0.113.10/32 203.0.113.20/32 '
drop_others fulcrum-sit '2001:db8:1::10/128 '
ip link del fulcrum-ip6tnl 2>/dev/null || true
