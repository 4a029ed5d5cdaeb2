# SPDX-License-Identifier: BSD-3-Clause
# A router that is told of VIPs by BGP: BIRD in the namespace router. Sourced after lib.sh.

write_router() {
	cat >$LAB/bird-router.conf <<-CONF
		log stderr all;
		router id 10.0.0.1;
		protocol device {}
		protocol kernel { ipv4 { export where source = RTS_BGP; }; }
		protocol kernel { ipv6 { export where source = RTS_BGP; }; }
		protocol bfd { interface "br-lb" { interval 200 ms; multiplier 3; }; }
		template bgp balancer {
			local as 64500; bfd on; hold time 9;
			connect delay time 1; connect retry time 2; error wait time 1, 2;
		}
		protocol bgp lb4 from balancer { neighbor 10.0.0.2 as 64512; ipv4 { import all; export none; }; }
		protocol bgp lb6 from balancer { neighbor fd00:10::2 as 64512; ipv6 { import all; export none; }; }
	CONF
}

# start_bird NAME NAMESPACE CONFIG
start_bird() {
	lab_start $1 $2 bird -f -c "$3" -s $LAB/$1.ctl -P $LAB/$1.pid
	lab_wait_for "[ -S $LAB/$1.ctl ]" 10 "BIRD in $2"
}

# The router's word on a VIP.
router_has() {
	ip -n router route show $VIP proto bird | grep -q "via $BALANCER" &&
		ip -n router -6 route show $VIP6 proto bird | grep -q via
}
router_has_none() {
	[ -z "$(ip -n router route show $VIP)$(ip -n router -6 route show $VIP6)" ]
}

# tells METRIC: the router has both VIPs with that MED and community; "": with neither.
tells() {
	local vip
	for vip in $VIP/32 $VIP6/128; do
		birdc -s $LAB/bird-router.ctl show route $vip all >$LAB/told || return 1
		grep -q BGP.as_path $LAB/told || return 1
		if [ -n "$1" ]; then
			grep -q "BGP.med: $1$" $LAB/told && grep -q "BGP.community: (64512,$1)" $LAB/told || return 1
		else
			! grep -q BGP.community $LAB/told || return 1
		fi
	done
}

# A switch between the two: the router's link stays up when the balancer goes.
router_beyond_a_switch() {
	lab_cable router other router other-end
	ip -n router link set other master br-lb
	ip -n router route del $VIP
	ip -n router -6 route del $VIP6
}
