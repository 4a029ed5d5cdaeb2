// SPDX-License-Identifier: BSD-3-Clause
// Real netlink in two network namespaces of the test's own, with a veth pair between them.
#include "../unit/run_until.h"
#include "far_namespace.h"

#include <kernel/follow.h>
#include <kernel/kernel_private.h>
#include <kernel/tap.h>

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/neighbour.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

// ---- the room

struct room {
	struct event_base *base;
	struct kernel *kernel;
	uint32_t changes;
};

static void on_change(void *context)
{
	struct room *room = context;

	room->changes++;
}

static int enter(void **state)
{
	struct room *room = calloc(1, sizeof(*room));
	struct error err;

	make_near_and_far();
	room->base = event_base_new();
	assert_int_equal(kernel_new(room->base, on_change, room, &room->kernel, &err), 0);
	*state = room;
	return 0;
}

static int leave(void **state)
{
	struct room *room = *state;

	kernel_free(room->kernel);
	event_base_free(room->base);
	free(room);
	shell("ip link del near 2>&-; ip link del wan 2>&-");
	return 0;
}

// Reads what the kernel has said so far, without waiting for the callback.
static void read_notifications(struct room *room)
{
	event_base_loop(room->base, EVLOOP_NONBLOCK);
}

static struct addr addr(const char *text)
{
	struct addr addr;

	assert_int_equal(addr_parse(text, &addr), 0);
	return addr;
}

static int lookup_addr(
	struct kernel *kernel, const struct addr *destination, struct kernel_next_hop *out)
{
	int code;

	kernel_lookup_many(kernel, destination, 1, out, &code);
	return code;
}

static struct kernel_next_hop lookup(struct room *room, const char *text)
{
	struct addr destination = addr(text);
	struct kernel_next_hop hop;

	assert_int_equal(lookup_addr(room->kernel, &destination, &hop), 0);
	return hop;
}

static void assert_addr(const struct addr *address, const char *expected)
{
	char text[ADDR_TEXT_SIZE];

	assert_string_equal(addr_format(address, text, sizeof(text)), expected);
}

static void assert_mac(const struct mac *mac, const char *expected)
{
	char text[MAC_TEXT_SIZE];

	assert_string_equal(mac_format(mac, text, sizeof(text)), expected);
}

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

// ---- interfaces and addresses

static void an_interface_is_followed_through_renames(void **state)
{
	struct kernel_follow follow = {.first_name = "near"};
	struct room *room = *state;
	uint32_t near = kernel_ifindex("near");

	assert_int_equal(kernel_follow(room->kernel, &follow), KERNEL_FOLLOW_FOUND);
	assert_int_equal(follow.ifindex, near);
	assert_int_equal(kernel_follow(room->kernel, &follow), KERNEL_FOLLOW_SAME);
	SHELL("ip link set dev near name wan && ip link add near type veth peer name near-peer");
	read_notifications(room);
	assert_int_equal(kernel_follow(room->kernel, &follow), KERNEL_FOLLOW_RENAMED);
	assert_string_equal(follow.name, "wan");
	assert_int_equal(follow.ifindex, near);
	SHELL("ip link del near");
	read_notifications(room);
	assert_int_equal(kernel_follow(room->kernel, &follow), KERNEL_FOLLOW_SAME);
	SHELL("ip link del wan");
	read_notifications(room);
	assert_int_equal(kernel_follow(room->kernel, &follow), KERNEL_FOLLOW_GONE);
	assert_int_equal(follow.ifindex, 0);
	SHELL("ip link add near type veth peer name near-peer");
	read_notifications(room);
	assert_int_equal(kernel_follow(room->kernel, &follow), KERNEL_FOLLOW_FOUND);
	assert_string_equal(follow.name, "near");
}

static const char *owner(struct room *room, const char *text)
{
	struct addr address = addr(text);
	const char *name;

	kernel_catch_up(room->kernel);
	name = kernel_owner(room->kernel, &address);
	return name != NULL ? name : "nobody";
}

static void the_machines_own_addresses_are_known_wherever_they_are(void **state)
{
	struct room *room = *state;

	assert_string_equal(owner(room, "10.0.0.1"), "near");
	assert_string_equal(owner(room, "fd00::1"), "near");
	assert_string_equal(owner(room, "10.0.0.2"), "nobody");
	SHELL("ip addr add 203.0.113.1/32 dev lo && ip addr add 2001:db8::1/128 dev lo && "
	      "ip addr add 203.0.113.2/32 dev near && ip addr add 203.0.113.3 peer 203.0.113.4 dev near");
	assert_string_equal(owner(room, "203.0.113.1"), "lo");
	assert_string_equal(owner(room, "2001:db8::1"), "lo");
	assert_string_equal(owner(room, "203.0.113.2"), "near");
	assert_string_equal(owner(room, "203.0.113.3"), "near");
	assert_string_equal(owner(room, "203.0.113.4"), "nobody");
	// Announced by whoever does so; the machine connects from none of these.
	SHELL("ip addr add 203.0.113.5/32 dev near scope host && ip addr add 2001:db8::5/128 dev near preferred_lft 0 nodad");
	assert_string_equal(owner(room, "203.0.113.5"), "nobody");
	assert_string_equal(owner(room, "2001:db8::5"), "nobody");
	SHELL("ip addr add 203.0.113.5/32 dev lo");
	assert_string_equal(owner(room, "203.0.113.5"), "lo");
	SHELL("ip addr flush dev lo scope global");
	assert_string_equal(owner(room, "203.0.113.1"), "nobody");
	assert_string_equal(owner(room, "203.0.113.5"), "nobody");
}

// Descriptors or memory may be short: what is known stands.
static void what_cannot_be_read_anew_stands(void **state)
{
	struct room *room = *state;
	struct mnl_socket *requests = room->kernel->requests;
	int nothing[2];

	SHELL("ip neigh add 10.0.0.7 lladdr 02:00:00:00:00:07 dev near nud permanent");
	RUN_UNTIL(room, lookup(room, "10.0.0.7").resolved);
	assert_int_equal(pipe(nothing), 0);
	assert_int_equal(
		dup2(nothing[1], mnl_socket_get_fd(requests)), mnl_socket_get_fd(requests));
	assert_true(request_dump(room->kernel) < 0);
	assert_non_null(table_link_named(&room->kernel->table, "near"));
	close(nothing[0]);
	close(nothing[1]);
}

// ---- neighbours

static void a_solicited_neighbour_is_resolved(void **state)
{
	static const char *const rows[] = {"10.0.0.2", "fd00::2"};
	struct room *room = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct addr far = addr(rows[i]);
		struct kernel_next_hop hop;

		assert_false(lookup(room, rows[i]).resolved);
		assert_int_equal(kernel_solicit(room->kernel, kernel_ifindex("near"), &far), 0);
		RUN_UNTIL(room, lookup(room, rows[i]).resolved);
		hop = lookup(room, rows[i]);
		assert_mac(&hop.mac, FAR_MAC);
	}
	assert_true(room->changes > 0);
}

static void a_neighbour_that_was_there_before_is_known(void **state)
{
	struct room *room = *state;
	struct kernel *later;
	struct error err;
	struct kernel_next_hop hop;
	struct addr destination = addr("10.0.0.7");

	SHELL("ip neigh add 10.0.0.7 lladdr 02:00:00:00:00:07 dev near nud stale");
	assert_int_equal(kernel_new(room->base, on_change, room, &later, &err), 0);
	assert_int_equal(lookup_addr(later, &destination, &hop), 0);
	kernel_free(later);
	assert_true(hop.resolved);
	assert_mac(&hop.mac, "02:00:00:00:00:07");
}

static void soliciting_leaves_a_permanent_entry_alone(void **state)
{
	struct room *room = *state;
	struct addr written = addr("10.0.0.9");

	SHELL("ip neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev near nud permanent");
	assert_int_equal(kernel_solicit(room->kernel, kernel_ifindex("near"), &written), 0);
	SHELL("ip neigh show 10.0.0.9 | grep -q '02:00:00:00:00:09 PERMANENT'");
	RUN_UNTIL(room, lookup(room, "10.0.0.9").resolved);
}

static void soliciting_on_no_interface_is_refused(void **state)
{
	struct room *room = *state;
	struct addr far = addr("10.0.0.2");

	assert_int_equal(kernel_solicit(room->kernel, 9999, &far), -ENODEV);
	assert_int_equal(kernel_ifindex("nowhere"), 0);
}

static void a_neighbour_that_goes_is_resolved_no_more(void **state)
{
	struct room *room = *state;

	SHELL("ip neigh add 10.0.0.7 lladdr 02:00:00:00:00:07 dev near nud reachable");
	RUN_UNTIL(room, lookup(room, "10.0.0.7").resolved);
	SHELL("ip neigh del 10.0.0.7 dev near");
	RUN_UNTIL(room, !lookup(room, "10.0.0.7").resolved);

	SHELL("ip neigh add 10.0.0.8 lladdr 02:00:00:00:00:08 dev near nud permanent");
	RUN_UNTIL(room, lookup(room, "10.0.0.8").resolved);
	SHELL("nsenter -t %d -n ip link set far down", far_pid); // takes the carrier away
	RUN_UNTIL(room, !lookup(room, "10.0.0.8").resolved);
}

static void hurry(const char *sysctl, int value)
{
	SHELL("echo %d > /proc/sys/net/ipv4/neigh/near/%s", value, sysctl);
	SHELL("echo %d > /proc/sys/net/ipv6/neigh/near/%s", value, sysctl);
}

// It answers no more where the table has it, as it has another address now and tells nobody.
static void a_stale_neighbour_is_asked_and_found_again(void **state)
{
	static const char *const rows[] = {"10.0.0.2", "fd00::2"};
	struct room *room = *state;
	uint32_t near = kernel_ifindex("near");

	hurry("retrans_time_ms", 50);
	SHELL("nsenter -t %d -n ip link set far address 02:00:00:00:00:22", far_pid);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct addr far = addr(rows[i]);
		struct kernel_next_hop hop;

		SHELL("ip neigh replace %s lladdr " FAR_MAC " dev near nud stale", rows[i]);
		RUN_UNTIL(room, lookup(room, rows[i]).resolved);
		assert_int_equal(kernel_confirm(room->kernel, near, &far, false), 1);
		assert_int_equal(kernel_confirm(room->kernel, near, &far, false), 0); // it is being
		RUN_UNTIL(room, !lookup(room, rows[i]).resolved);
		RUN_UNTIL(room, kernel_solicit(room->kernel, near, &far) == 0 &&
					lookup(room, rows[i]).resolved);
		hop = lookup(room, rows[i]);
		assert_mac(&hop.mac, "02:00:00:00:00:22");
	}
}

static void a_neighbour_that_answers_stays(void **state)
{
	struct room *room = *state;
	struct addr far = addr("10.0.0.2"), unknown = addr("10.0.0.3"), written = addr("10.0.0.9");
	uint32_t near = kernel_ifindex("near");

	hurry("retrans_time_ms", 50);
	assert_int_equal(kernel_confirm(room->kernel, near, &unknown, true), 0);
	SHELL("ip neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev near nud permanent");
	SHELL("ip neigh replace 10.0.0.2 lladdr " FAR_MAC " dev near nud stale");
	RUN_UNTIL(room, lookup(room, "10.0.0.9").resolved && lookup(room, "10.0.0.2").resolved);
	assert_int_equal(kernel_confirm(room->kernel, near, &written, true), 0);
	assert_int_equal(kernel_confirm(room->kernel, near, &far, false), 1);
	RUN_UNTIL(room, shell("ip neigh show 10.0.0.2 | grep -q '" FAR_MAC " REACHABLE'") == 0);
	RUN_UNTIL(room, table_neighbour(&room->kernel->table, near, &far)->state == NUD_REACHABLE);
	assert_int_equal(kernel_confirm(room->kernel, near, &far, false), 0);
	assert_int_equal(kernel_confirm(room->kernel, near, &far, true), 0); // just asked
	table_neighbour(&room->kernel->table, near, &far)->doubted_ns = 0;
	assert_int_equal(kernel_confirm(room->kernel, near, &far, true), 1);
	RUN_UNTIL(room, shell("ip neigh show 10.0.0.2 | grep -q '" FAR_MAC " REACHABLE'") == 0);
	assert_true(lookup(room, "10.0.0.2").resolved);
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

// ---- interfaces

static bool near_has_mac(struct room *room, const char *text)
{
	struct mac mac, expected;

	assert_int_equal(mac_parse(text, &expected), 0);
	return kernel_interface_mac(room->kernel, "near", &mac) && mac_equal(&mac, &expected);
}

static void an_interface_is_given_another_address(void **state)
{
	static const struct mac other = {.bytes = {2, 0, 0, 0, 0, 9}};
	struct room *room = *state;

	assert_true(near_has_mac(room, NEAR_MAC));
	SHELL("ip link set near address 02:00:00:00:00:08");
	RUN_UNTIL(room, near_has_mac(room, "02:00:00:00:00:08"));
	assert_int_equal(kernel_set_interface_mac(room->kernel, "near", &other), 0);
	SHELL("ip link show near | grep -q 02:00:00:00:00:09");
	RUN_UNTIL(room, near_has_mac(room, "02:00:00:00:00:09"));
}

static void no_interface_has_no_address(void **state)
{
	struct mac mac = {.bytes = {2}};
	struct room *room = *state;

	assert_false(kernel_interface_mac(room->kernel, "nothing", &mac));
	assert_int_equal(kernel_set_interface_mac(room->kernel, "nothing", &mac), -ENODEV);
	mac.bytes[0] = 1; // a group's
	assert_int_equal(kernel_set_interface_mac(room->kernel, "near", &mac), -EADDRNOTAVAIL);
}

static void a_tap_is_told_that_it_has_no_carrier(void **state)
{
	struct room *room = *state;

	SHELL("ip tuntap add tap mode tap && ip link set tap up && ip link set tap carrier off");
	read_notifications(room);
	assert_int_equal(kernel_set_interface_carrier(room->kernel, "tap", false), 0);
	SHELL("ip link show tap | grep -q NO-CARRIER && ip link del tap");
	assert_int_equal(kernel_set_interface_carrier(room->kernel, "nothing", false), -ENODEV);
	assert_int_equal(kernel_set_interface_carrier(room->kernel, "near", false), -EOPNOTSUPP);
}

// A tap of this process, as the drivers have them.
static int open_tap(const char *name, short flags)
{
	struct ifreq request = {.ifr_flags = (short)(IFF_TAP | flags)};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	strcpy(request.ifr_name, name);
	assert_true(fd >= 0);
	assert_int_equal(ioctl(fd, TUNSETIFF, &request), 0);
	return fd;
}

static void a_tap_is_up_wherever_it_is(void **state)
{
	int fd = open_tap("wire", IFF_NO_PI);
	struct tap tap;

	tap_find("wire", &tap);
	assert_int_equal(tap.count, 1);
	assert_false(tap.is_vhost);
	assert_false(tap_is_up(&tap));
	SHELL("ip link set wire up");
	assert_true(tap_is_up(&tap));
	SHELL("ip link set wire down");
	assert_false(tap_is_up(&tap));
	SHELL("ip netns add tap-elsewhere && ip link set wire netns tap-elsewhere");
	assert_false(tap_is_up(&tap));
	SHELL("ip -n tap-elsewhere link set wire up");
	assert_true(tap_is_up(&tap));
	SHELL("ip -n tap-elsewhere link set wire down");
	assert_false(tap_is_up(&tap));
	SHELL("ip -n tap-elsewhere link del wire && ip netns del tap-elsewhere");
	assert_false(tap_is_there(&tap));
	assert_false(tap_is_up(&tap));
	close(fd);
}

static void a_tap_of_vhost_is_not_made_again(void **state)
{
	int fd = open_tap("shared", IFF_NO_PI | IFF_VNET_HDR);
	struct tap tap;

	tap_find("shared", &tap);
	assert_int_equal(tap.count, 0);
	assert_true(tap.is_vhost);
	tap_find("nothing", &tap);
	assert_int_equal(tap.count, 0);
	assert_false(tap.is_vhost);
	close(fd);
}

int main(void)
{
#define IN_ROOM(test) cmocka_unit_test_setup_teardown(test, enter, leave)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_cut_short_changes_nothing),
		IN_ROOM(no_address_has_no_route),
		IN_ROOM(a_destination_on_the_link_is_its_own_neighbour),
		IN_ROOM(a_route_tells_its_gateway_and_its_mtu),
		IN_ROOM(where_no_route_leads_is_not_reachable),
		IN_ROOM(an_address_of_our_own_is_never_resolved),
		IN_ROOM(many_destinations_get_what_each_would_get_alone),
		IN_ROOM(a_solicited_neighbour_is_resolved),
		IN_ROOM(a_neighbour_that_was_there_before_is_known),
		IN_ROOM(soliciting_leaves_a_permanent_entry_alone),
		IN_ROOM(soliciting_on_no_interface_is_refused),
		IN_ROOM(a_rule_about_the_source_is_followed),
		IN_ROOM(an_interface_is_followed_through_renames),
		IN_ROOM(the_machines_own_addresses_are_known_wherever_they_are),
		IN_ROOM(what_cannot_be_read_anew_stands),
		IN_ROOM(a_stale_neighbour_is_asked_and_found_again),
		IN_ROOM(a_neighbour_that_answers_stays),
		IN_ROOM(a_neighbour_that_goes_is_resolved_no_more),
		IN_ROOM(a_change_is_told_after_it_can_be_looked_up),
		IN_ROOM(a_neighbour_that_only_ages_is_not_told),
		IN_ROOM(a_burst_is_told_a_few_times_at_most),
		IN_ROOM(an_interface_is_given_another_address),
		IN_ROOM(no_interface_has_no_address),
		IN_ROOM(a_tap_is_told_that_it_has_no_carrier),
		IN_ROOM(a_tap_is_up_wherever_it_is),
		IN_ROOM(a_tap_of_vhost_is_not_made_again),
		IN_ROOM(after_an_overflow_the_tables_are_right_again),
	};
	int failed;

	if (!enter_namespaces()) {
		printf("skipped: needs root and network namespaces\n");
		return SKIPPED;
	}
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	leave_namespaces();
	return failed;
}
