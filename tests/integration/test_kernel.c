// SPDX-License-Identifier: BSD-3-Clause
// What the kernel says of routes, and how changes are told.
#include "kernel_room.h"

#include "../unit/run_until.h"
#include <errno.h>
#include <fcntl.h>
#include <kernel/follow.h>
#include <kernel/kernel_private.h>
#include <sys/socket.h>

// ---- bad input

static void a_message_cut_short_changes_nothing(void **state)
{
	static const uint16_t types[] = {RTM_NEWLINK, RTM_DELLINK, RTM_NEWNEIGH, RTM_DELNEIGH,
		RTM_NEWROUTE, RTM_DELROUTE, NLMSG_ERROR};
	uint8_t space[MNL_NLMSG_HDRLEN + sizeof(struct ifinfomsg)] = {0};
	struct table table = {0};

	assert_int_equal(table_init(&table), 0);
	for (size_t i = 0; i < COUNT(types); i++) {
		struct nlmsghdr *message = mnl_nlmsg_put_header(space);

		message->nlmsg_type = types[i];
		message->nlmsg_len += 4;
		assert_false(table_take(&table, message));
	}
	assert_int_equal(table.links.count + table.neighbours.count, 0);
	table_free(&table);
}

static void no_address_has_no_route(void **state)
{
	struct room *room = *state;
	struct addr none = {0};
	struct kernel_next_hop hop;

	assert_int_equal(lookup_addr(room->kernel, &none, &hop), -EINVAL);
}

// ---- routes

static void a_destination_on_the_link_is_its_own_neighbour(void **state)
{
	static const char *const rows[][2] = {{"10.0.0.2", "10.0.0.1"}, {"fd00::2", "fd00::1"}};
	struct room *room = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct kernel_next_hop hop = lookup(room, rows[i][0]);

		assert_true(hop.reachable);
		assert_int_equal(hop.ifindex, kernel_ifindex("near"));
		assert_addr(&hop.gateway, rows[i][0]);
		assert_addr(&hop.source, rows[i][1]);
		assert_int_equal(hop.mtu, 1500);
		assert_mac(&hop.source_mac, NEAR_MAC);
	}
}

static void a_route_tells_its_gateway_and_its_mtu(void **state)
{
	static const char *const rows[][2] = {
		{"192.0.2.7", "10.0.0.2"}, {"2001:db8::7", "fd00::2"}, {"198.51.100.7", "fd00::2"}};
	struct room *room = *state;

	SHELL("ip route add 192.0.2.0/24 via 10.0.0.2 mtu 1400 && "
	      "ip route add 198.51.100.0/24 via inet6 fd00::2 mtu 1400 && "
	      "ip -6 route add 2001:db8::/64 via fd00::2 mtu 1400");
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct kernel_next_hop hop = lookup(room, rows[i][0]);

		assert_true(hop.reachable);
		assert_int_equal(hop.ifindex, kernel_ifindex("near"));
		assert_addr(&hop.gateway, rows[i][1]);
		assert_int_equal(hop.mtu, 1400);
	}
}

static void where_no_route_leads_is_not_reachable(void **state)
{
	static const char *const kinds[] = {"unreachable", "blackhole", "prohibit", "throw"};
	static const char *const destinations[] = {"192.0.2.7", "2001:db8::7"};
	struct room *room = *state;
	struct kernel_next_hop zero = {0};

	for (size_t i = 0; i < COUNT(destinations); i++) {
		struct kernel_next_hop hop = lookup(room, destinations[i]);

		assert_memory_equal(&hop, &zero, sizeof(hop));
		for (size_t kind = 0; kind < COUNT(kinds); kind++) {
			SHELL("ip route add %s %s", kinds[kind], destinations[i]);
			hop = lookup(room, destinations[i]);
			assert_memory_equal(&hop, &zero, sizeof(hop));
			SHELL("ip route del %s %s", kinds[kind], destinations[i]);
		}
	}
}

static void an_address_of_our_own_is_never_resolved(void **state)
{
	struct room *room = *state;
	struct kernel_next_hop hop = lookup(room, "10.0.0.1");

	assert_true(hop.reachable);
	assert_false(hop.resolved);
	assert_int_equal(hop.ifindex, kernel_ifindex("lo"));
}

// More than one round trip takes, and of every kind in one.
static void many_destinations_get_what_each_would_get_alone(void **state)
{
	static const char *const texts[] = {"10.0.0.2", "192.0.2.7", "172.16.3.4", "fd00::2",
		"2001:db8::7", "10.0.0.1", "172.16.0.9"};
	struct room *room = *state;
	struct addr destinations[COUNT(texts) * 20];
	struct kernel_next_hop hops[COUNT(destinations)], alone;
	int codes[COUNT(destinations)];

	SHELL("ip route add 172.16.0.0/16 via 10.0.0.2 mtu 1400 && "
	      "ip route add prohibit 172.16.0.9");
	for (size_t i = 0; i < COUNT(destinations); i++)
		destinations[i] = addr(texts[i % COUNT(texts)]);
	destinations[40] = (struct addr){0};
	kernel_lookup_many(room->kernel, destinations, COUNT(destinations), hops, codes);
	for (size_t i = 0; i < COUNT(destinations); i++) {
		int rc = lookup_addr(room->kernel, &destinations[i], &alone);

		assert_int_equal(codes[i], rc);
		assert_memory_equal(&hops[i], &alone, sizeof(alone));
	}
	assert_int_equal(codes[40], -EINVAL);
	assert_int_equal(hops[2].mtu, 1400);
	assert_true(hops[3].reachable);
	assert_false(hops[4].reachable);
	SHELL("ip route del prohibit 172.16.0.9");
}

// The kernel routes a socket's packets by the source that it chose for them.
static void a_rule_about_the_source_is_followed(void **state)
{
	static const struct {
		const char *family, *source, *destination, *main, *ruled;
	} rows[] = {
		{"-4", "10.0.0.1", "192.0.2.7", "10.0.0.2", "10.0.0.3"},
		{"-6", "fd00::1", "2001:db8::7", "fd00::2", "fd00::3"},
	};
	struct room *room = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct kernel_next_hop hop;

		SHELL("ip %s route add %s via %s", rows[i].family, rows[i].destination,
			rows[i].main);
		SHELL("ip %s route add %s via %s mtu 1400 table 77", rows[i].family,
			rows[i].destination, rows[i].ruled);
		hop = lookup(room, rows[i].destination);
		assert_addr(&hop.gateway, rows[i].main);
		SHELL("ip %s rule add from %s table 77", rows[i].family, rows[i].source);
		read_notifications(room);
		hop = lookup(room, rows[i].destination);
		assert_addr(&hop.gateway, rows[i].ruled);
		assert_addr(&hop.source, rows[i].source);
		assert_int_equal(hop.mtu, 1400);
		SHELL("ip %s rule add from %s prohibit priority 100", rows[i].family,
			rows[i].source);
		read_notifications(room);
		assert_false(lookup(room, rows[i].destination).reachable);
		SHELL("ip %s rule del priority 100 && ip %s rule del table 77", rows[i].family,
			rows[i].family);
		read_notifications(room);
		hop = lookup(room, rows[i].destination);
		assert_addr(&hop.gateway, rows[i].main);
	}
}

// ---- changes

static void a_change_is_told_after_it_can_be_looked_up(void **state)
{
	static const char *const changes[] = {"ip route add 192.0.2.0/24 via 10.0.0.2",
		"ip route replace 192.0.2.0/24 via 10.0.0.3",
		"ip neigh add 10.0.0.3 lladdr 02:00:00:00:00:03 dev near nud reachable",
		"ip neigh replace 10.0.0.3 lladdr 02:00:00:00:00:33 dev near nud reachable",
		"ip link set near mtu 1450", "ip addr add 10.9.0.1/24 dev near",
		"ip -6 route add 2001:db8::/64 via fd00::2",
		"ip rule add from 10.7.7.7 table 77 && ip rule del from 10.7.7.7"};
	struct room *room = *state;
	struct kernel_next_hop hop;

	for (size_t i = 0; i < COUNT(changes); i++) {
		uint32_t before = room->changes;

		SHELL("%s", changes[i]);
		RUN_UNTIL(room, room->changes > before);
	}
	hop = lookup(room, "192.0.2.7");
	assert_addr(&hop.gateway, "10.0.0.3");
	assert_mac(&hop.mac, "02:00:00:00:00:33");
	assert_int_equal(hop.mtu, 1450);
}

static void a_neighbour_that_only_ages_is_not_told(void **state)
{
	struct room *room = *state;

	SHELL("ip neigh add 10.0.0.7 lladdr 02:00:00:00:00:07 dev near nud reachable");
	RUN_UNTIL(room, room->changes > 0);
	SHELL("ip neigh change 10.0.0.7 lladdr 02:00:00:00:00:07 dev near nud stale");
	read_notifications(room);
	assert_false(event_pending(room->kernel->gather, EV_TIMEOUT, NULL));
	assert_true(lookup(room, "10.0.0.7").resolved);
}

static void a_burst_is_told_a_few_times_at_most(void **state)
{
	struct room *room = *state;

	SHELL("for i in $(seq 1 200); do echo route add 192.0.2.$i via 10.0.0.2; done | "
	      "ip -batch -");
	RUN_UNTIL(room, room->changes > 0);
	assert_true(lookup(room, "192.0.2.200").reachable);
	RUN_UNTIL(room, !event_pending(room->kernel->gather, EV_TIMEOUT, NULL));
	assert_true(room->changes <= 3);
}

// More than the socket holds is said while nobody listens; what is oldest in it must not win.
static void after_an_overflow_the_tables_are_right_again(void **state)
{
	struct room *room = *state;
	int small = 4096;
	struct kernel_next_hop hop;

	SHELL("ip neigh add 10.0.0.7 lladdr 02:00:00:00:00:07 dev near nud permanent");
	RUN_UNTIL(room, lookup(room, "10.0.0.7").resolved);
	assert_int_equal(setsockopt(mnl_socket_get_fd(room->kernel->notifications), SOL_SOCKET,
				 SO_RCVBUF, &small, sizeof(small)),
		0);
	SHELL("(echo neigh replace 10.0.0.8 lladdr 02:00:00:00:00:08 dev near nud permanent; "
	      "for i in $(seq 20 250); do "
	      "echo neigh add 10.0.0.$i lladdr 02:00:00:00:01:01 dev near nud permanent; done; "
	      "echo neigh del 10.0.0.7 dev near; "
	      "echo neigh replace 10.0.0.8 lladdr 02:00:00:00:00:88 dev near nud permanent) | "
	      "ip -batch -");
	RUN_UNTIL(room, lookup(room, "10.0.0.250").resolved);
	RUN_UNTIL(room, !event_pending(room->kernel->gather, EV_TIMEOUT, NULL));
	assert_false(lookup(room, "10.0.0.7").resolved);
	hop = lookup(room, "10.0.0.8");
	assert_mac(&hop.mac, "02:00:00:00:00:88");
	assert_true(lookup(room, "10.0.0.20").resolved);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_cut_short_changes_nothing),
		IN_ROOM(no_address_has_no_route),
		IN_ROOM(a_destination_on_the_link_is_its_own_neighbour),
		IN_ROOM(a_route_tells_its_gateway_and_its_mtu),
		IN_ROOM(where_no_route_leads_is_not_reachable),
		IN_ROOM(an_address_of_our_own_is_never_resolved),
		IN_ROOM(many_destinations_get_what_each_would_get_alone),
		IN_ROOM(a_rule_about_the_source_is_followed),
		IN_ROOM(a_change_is_told_after_it_can_be_looked_up),
		IN_ROOM(a_neighbour_that_only_ages_is_not_told),
		IN_ROOM(a_burst_is_told_a_few_times_at_most),
		IN_ROOM(after_an_overflow_the_tables_are_right_again),
	};

	return RUN_IN_NAMESPACES(tests);
}
