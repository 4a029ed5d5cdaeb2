// SPDX-License-Identifier: BSD-3-Clause
// Real netlink in two network namespaces of the test's own. Beside near and far, where a case wants
// them: side, 10.9.0.1/24, and near.7, a VLAN on near, 10.7.0.1/24, where the kernel knows VLANs.
#include "../unit/run_until.h"
#include "far_namespace.h"

#include <announce/announcer_private.h>

#include <errno.h>
#include <event2/event.h>
#include <linux/if_addr.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define OLD_MAC      "02:00:00:00:00:99"

// ---- the room

struct room {
	struct event_base *base;
	struct kernel *kernel;
	struct announcer *announcer;
};

static void on_change(void *context)
{
}

static void begin(struct room *room)
{
	static const char interfaces[][16] = {"near", "side"};
	struct error err;

	assert_int_equal(kernel_new(room->base, on_change, room, &room->kernel, &err), 0);
	assert_int_equal(announcer_new(room->base, room->kernel, interfaces, COUNT(interfaces),
				 &room->announcer, &err),
		0);
}

static void end(struct room *room)
{
	announcer_free(room->announcer);
	kernel_free(room->kernel);
}

static int enter(void **state)
{
	struct room *room = calloc(1, sizeof(*room));

	room->base = event_base_new();
	begin(room);
	*state = room;
	return 0;
}

static int leave(void **state)
{
	struct room *room = *state;

	end(room);
	event_base_free(room->base);
	free(room);
	shell("ip link del near 2>&-; ip link del side 2>&-; :");
	return 0;
}

// Runs the loop until a line of shell succeeds.
__attribute__((format(printf, 2, 3))) static void run_until(
	struct room *room, const char *format, ...)
{
	struct timeval wait = {.tv_sec = DEADLINE_S}, nap = {.tv_usec = 10000};
	char line[512];
	bool over = false;
	struct event *deadline = evtimer_new(room->base, on_deadline, &over);
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	evtimer_add(deadline, &wait);
	do {
		if (over)
			fail_msg("still not: %s", line);
		event_base_loopexit(room->base, &nap);
		event_base_dispatch(room->base);
	} while (system(line) != 0);
	event_free(deadline);
}

static void make_near(struct room *room)
{
	make_near_and_far();
	run_until(room, "ip link show dev near | grep -q LOWER_UP");
	kernel_catch_up(room->kernel);
}

// False where the kernel knows no VLANs.
static bool make_others(struct room *room)
{
	bool has_vlan;

	SHELL("ip link add side type veth peer name other && ip link set side up && "
	      "ip link set other up && ip addr add 10.9.0.1/24 dev side");
	has_vlan = shell("ip link add link near name near.7 type vlan id 7 2>&- && "
			 "ip link set near.7 up && ip addr add 10.7.0.1/24 dev near.7") == 0;
	run_until(room, "true");
	return has_vlan;
}

#define HAS_ADDRESS(interface, vip) \
	"ip -o addr show dev " interface " to " vip " 2>&- | grep -q ' " vip "'"
#define HAS_ROUTE(family, interface, vip) \
	"ip " family " route show dev " interface " proto 70 " vip " | grep -q " vip
#define NOT(line) "! { " line "; }"

static struct addr addr(const char *text)
{
	struct addr addr;

	assert_int_equal(addr_parse(text, &addr), 0);
	return addr;
}

static void want_with(struct room *room, const char *vip, enum announcer_way way, uint32_t metric)
{
	struct addr address = addr(vip);
	struct announcer_means means = {way, metric};

	assert_int_equal(announcer_want(room->announcer, &address, means), 0);
}

static void want(struct room *room, const char *vip, enum announcer_way way)
{
	want_with(room, vip, way, 0);
}

static void drop(struct room *room, const char *vip)
{
	struct addr address = addr(vip);

	announcer_drop(room->announcer, &address);
}

static struct announcer_view view(struct room *room, const char *vip)
{
	struct addr address = addr(vip);
	struct announcer_view out;

	announcer_view(room->announcer, &address, &out);
	return out;
}

// ---- what goes wrong

static void a_vip_without_an_interface_waits_for_one(void **state)
{
	struct room *room = *state;

	want(room, "203.0.113.10", ANNOUNCER_ADDRESS);
	want(room, "203.0.113.11", ANNOUNCER_ROUTE);
	announcer_settle(room->announcer);
	assert_int_equal(view(room, "203.0.113.10").error, ENETDOWN);
	assert_int_equal(view(room, "203.0.113.11").error, ENETDOWN);
	assert_false(view(room, "203.0.113.10").is_there);
	make_near(room);
	run_until(room, HAS_ADDRESS("near", "203.0.113.10"));
	run_until(room, HAS_ROUTE("-4", "near", "203.0.113.11"));
	assert_int_equal(view(room, "203.0.113.10").error, 0);
	assert_true(view(room, "203.0.113.10").is_there);
	assert_string_equal(view(room, "203.0.113.11").interface, "near");
}

static void what_is_there_and_not_ours_is_told_and_left_alone(void **state)
{
	struct room *room = *state;

	make_near(room);
	SHELL("ip addr add 203.0.113.10/32 dev near && ip route add 203.0.113.11 dev near");
	want(room, "203.0.113.10", ANNOUNCER_ADDRESS);
	want(room, "203.0.113.11", ANNOUNCER_ROUTE);
	announcer_settle(room->announcer);
	announcer_settle(room->announcer);
	assert_int_equal(view(room, "203.0.113.10").error, EEXIST);
	assert_int_equal(view(room, "203.0.113.11").error, EEXIST);
	drop(room, "203.0.113.10");
	announcer_settle(room->announcer);
	SHELL(HAS_ADDRESS("near", "203.0.113.10"));
	SHELL("ip route del 203.0.113.11 dev near");
	run_until(room, HAS_ROUTE("-4", "near", "203.0.113.11"));
	assert_int_equal(view(room, "203.0.113.11").error, 0);
}

// An address with Fulcrum's mark that the kernel asks the link for first, which install_add() has
// it not do.
static void put_and_ask(struct room *room, const struct addr *vip)
{
	uint8_t space[256] = {0};
	struct nlmsghdr *message = mnl_nlmsg_put_header(space);
	struct ifaddrmsg *info = mnl_nlmsg_put_extra_header(message, sizeof(*info));

	message->nlmsg_type = RTM_NEWADDR;
	info->ifa_family = AF_INET6;
	info->ifa_prefixlen = 128;
	info->ifa_index = kernel_ifindex("near");
	kernel_request_put_addr(message, IFA_LOCAL, vip);
	mnl_attr_put_u8(message, IFA_PROTO, KERNEL_PROTOCOL);
	assert_int_equal(
		kernel_request_run(room->kernel, message, NLM_F_CREATE | NLM_F_EXCL, NULL, NULL),
		0);
}

// RFC 4862 5.4: an address that another host answers for stays on the interface, and serves nobody.
static void an_address_that_another_host_has_is_not_there(void **state)
{
	struct room *room = *state;
	struct addr vip = addr("2001:db8::5");

	make_near(room);
	SHELL("nsenter -t %d -n ip -6 addr add 2001:db8::5/128 dev far nodad", far_pid);
	SHELL("sysctl -q net.ipv6.conf.near.accept_dad=1 net.ipv6.conf.near.dad_transmits=1");
	put_and_ask(room, &vip);
	want(room, "2001:db8::5", ANNOUNCER_ADDRESS);
	run_until(room, "ip -6 addr show dev near dadfailed | grep -q 2001:db8::5");
	// The kernel marks the address first and tells of it later.
	RUN_UNTIL(room, (announcer_settle(room->announcer), !view(room, "2001:db8::5").is_there));
	assert_int_equal(view(room, "2001:db8::5").error, EEXIST);
	SHELL("ip -6 addr del 2001:db8::5/128 dev near");
	run_until(room, HAS_ADDRESS("near", "2001:db8::5"));
	announcer_settle(room->announcer);
	assert_true(view(room, "2001:db8::5").is_there);
	assert_int_equal(view(room, "2001:db8::5").error, 0);
}

static void what_an_earlier_life_left_is_removed_or_taken_over(void **state)
{
	struct room *room = *state;
	struct error err;
	uint32_t near;
	struct addr stale = addr("203.0.113.20"), kept = addr("203.0.113.21"),
		    stale6 = addr("2001:db8::20");

	make_near(room);
	end(room);
	assert_int_equal(kernel_new(room->base, on_change, room, &room->kernel, &err), 0);
	near = kernel_ifindex("near");
	assert_int_equal(install_add(room->kernel, &stale,
				 (struct announcer_means){ANNOUNCER_ADDRESS}, near),
		0);
	assert_int_equal(install_add(room->kernel, &stale6,
				 (struct announcer_means){ANNOUNCER_ADDRESS}, near),
		0);
	assert_int_equal(
		install_add(room->kernel, &kept, (struct announcer_means){ANNOUNCER_ADDRESS}, near),
		0);
	SHELL("ip route add 203.0.113.22 dev near proto 70 && "
	      "ip -6 route add 2001:db8::22 dev near proto 70 && "
	      "ip route add 203.0.113.23 dev near proto static && "
	      "ip addr add 203.0.113.24/32 dev near");
	kernel_free(room->kernel);
	begin(room);
	want(room, "203.0.113.21", ANNOUNCER_ADDRESS);
	announcer_settle(room->announcer);
	SHELL(NOT(HAS_ADDRESS("near", "203.0.113.20")));
	SHELL(NOT(HAS_ADDRESS("near", "2001:db8::20")));
	SHELL(NOT(HAS_ROUTE("-4", "near", "203.0.113.22")));
	SHELL(NOT(HAS_ROUTE("-6", "near", "2001:db8::22")));
	assert_true(view(room, "203.0.113.21").is_there);
	SHELL(HAS_ADDRESS("near", "203.0.113.21"));
	SHELL("ip route show 203.0.113.23 | grep -q near");
	SHELL(HAS_ADDRESS("near", "203.0.113.24"));
}

static void what_somebody_takes_away_is_put_back(void **state)
{
	struct room *room = *state;

	make_near(room);
	want(room, "203.0.113.10", ANNOUNCER_ADDRESS);
	want(room, "2001:db8::10", ANNOUNCER_ADDRESS);
	want(room, "203.0.113.11", ANNOUNCER_ROUTE);
	want(room, "2001:db8::11", ANNOUNCER_ROUTE);
	run_until(room, HAS_ROUTE("-6", "near", "2001:db8::11"));
	SHELL("ip addr del 203.0.113.10/32 dev near && ip -6 addr del 2001:db8::10/128 dev near && "
	      "ip route del 203.0.113.11 dev near && ip -6 route del 2001:db8::11 dev near");
	run_until(room, HAS_ADDRESS("near", "203.0.113.10"));
	run_until(room, HAS_ADDRESS("near", "2001:db8::10"));
	run_until(room, HAS_ROUTE("-4", "near", "203.0.113.11"));
	run_until(room, HAS_ROUTE("-6", "near", "2001:db8::11"));
	SHELL("ip addr flush dev near"); // takes the IPv4 route along, and says nothing of it
	run_until(room, HAS_ADDRESS("near", "203.0.113.10"));
	run_until(room, HAS_ADDRESS("near", "2001:db8::10"));
	run_until(room, HAS_ROUTE("-4", "near", "203.0.113.11"));
	run_until(room, HAS_ROUTE("-6", "near", "2001:db8::11"));
	SHELL("ip link set near down");
	SHELL(NOT(HAS_ROUTE("-4", "near", "203.0.113.11")));
	SHELL("ip link set near up");
	run_until(room, HAS_ADDRESS("near", "2001:db8::10"));
	run_until(room, HAS_ROUTE("-4", "near", "203.0.113.11"));
	run_until(room, HAS_ROUTE("-6", "near", "2001:db8::11"));
}

// ---- what goes well

static void neighbours_learn_the_new_address_at_once(void **state)
{
	struct room *room = *state;

	make_near(room);
	SHELL("nsenter -t %d -n sh -c 'ip neigh replace 10.0.0.9 lladdr " OLD_MAC
	      " dev far nud stale && ip neigh replace fd00::9 lladdr " OLD_MAC
	      " dev far nud stale'",
		far_pid);
	want(room, "10.0.0.9", ANNOUNCER_ADDRESS);
	want(room, "fd00::9", ANNOUNCER_ADDRESS);
	run_until(room, "nsenter -t %d -n ip neigh show 10.0.0.9 | grep -q " NEAR_MAC, far_pid);
	run_until(room, "nsenter -t %d -n ip neigh show fd00::9 | grep -q " NEAR_MAC, far_pid);
}

static void the_kernel_does_not_connect_from_a_vip(void **state)
{
	struct room *room = *state;

	make_near(room);
	want(room, "10.0.0.9", ANNOUNCER_ADDRESS);
	want(room, "fd00:1::9", ANNOUNCER_ADDRESS);
	announcer_settle(room->announcer);
	SHELL("ip route add 198.51.100.0/24 dev near && ip -6 route add fd00:1::/64 dev near");
	SHELL("ip route get 198.51.100.1 | grep -q 'src 10.0.0.1 '");
	SHELL("ip -6 route get fd00:1::1 | grep -q 'src fd00::1 '");
}

static void an_address_goes_where_its_network_is_else_everywhere(void **state)
{
	struct room *room = *state;
	bool has_vlan;

	make_near(room);
	has_vlan = make_others(room);
	want(room, "10.9.0.9", ANNOUNCER_ADDRESS);
	want(room, "10.7.0.9", ANNOUNCER_ADDRESS);
	want(room, "203.0.113.10", ANNOUNCER_ADDRESS);
	want(room, "203.0.113.11", ANNOUNCER_ROUTE);
	run_until(room, HAS_ADDRESS("side", "10.9.0.9"));
	if (has_vlan)
		run_until(room, HAS_ADDRESS("near.7", "10.7.0.9"));
	announcer_settle(room->announcer);
	SHELL(NOT(HAS_ADDRESS("near", "10.9.0.9")));
	assert_int_not_equal(shell(HAS_ADDRESS("near", "10.7.0.9")) == 0, has_vlan);
	SHELL(HAS_ADDRESS("near", "203.0.113.10"));
	SHELL(HAS_ADDRESS("side", "203.0.113.10"));
	SHELL(NOT(HAS_ADDRESS("near.7", "203.0.113.10")));
	SHELL(HAS_ROUTE("-4", "near", "203.0.113.11"));
	SHELL("ip addr add 203.0.113.1/24 dev side");
	run_until(room, NOT(HAS_ADDRESS("near", "203.0.113.10")));
	SHELL(HAS_ADDRESS("side", "203.0.113.10"));
	SHELL("ip link set near down");
	run_until(room, HAS_ROUTE("-4", "side", "203.0.113.11"));
}

static void another_way_replaces_the_one_before(void **state)
{
	struct room *room = *state;

	make_near(room);
	want(room, "203.0.113.10", ANNOUNCER_ADDRESS);
	announcer_settle(room->announcer);
	want(room, "203.0.113.10", ANNOUNCER_ROUTE);
	announcer_settle(room->announcer);
	SHELL(NOT(HAS_ADDRESS("near", "203.0.113.10")));
	SHELL(HAS_ROUTE("-4", "near", "203.0.113.10"));
	drop(room, "203.0.113.10");
	announcer_settle(room->announcer);
	SHELL(NOT(HAS_ROUTE("-4", "near", "203.0.113.10")));
	assert_false(view(room, "203.0.113.10").is_wanted);
}

static void a_route_has_its_metric_and_gets_another(void **state)
{
	struct room *room = *state;

	make_near(room);
	want_with(room, "203.0.113.10", ANNOUNCER_ROUTE, 200);
	want_with(room, "2001:db8::10", ANNOUNCER_ROUTE, 200);
	want(room, "2001:db8::11", ANNOUNCER_ROUTE);
	announcer_settle(room->announcer);
	SHELL("ip -4 route show proto 70 | grep -q '203.0.113.10.* metric 200'");
	SHELL("ip -6 route show proto 70 | grep -q '2001:db8::10.* metric 200'");
	SHELL("ip -6 route show proto 70 | grep -q '2001:db8::11.* metric 1024'");
	run_until(room, "true"); // what the kernel says of them is theirs
	announcer_settle(room->announcer);
	SHELL("[ $(ip -4 route show proto 70 | wc -l) = 1 ] && [ $(ip -6 route show proto 70 | wc -l) = 2 ]");
	want_with(room, "203.0.113.10", ANNOUNCER_ROUTE, 50);
	want(room, "2001:db8::10", ANNOUNCER_ROUTE);
	announcer_settle(room->announcer);
	SHELL("[ \"$(ip -4 route show proto 70 | grep -o 'metric [0-9]*')\" = 'metric 50' ]");
	SHELL("[ $(ip -6 route show proto 70 | grep -c 'metric 1024') = 2 ] && ! ip -6 route show proto 70 | grep -q 'metric 200'");
	assert_true(view(room, "203.0.113.10").is_there);
	SHELL("ip route del 203.0.113.10 proto 70 metric 50");
	run_until(room, "ip -4 route show proto 70 | grep -q 'metric 50'");
	drop(room, "203.0.113.10");
	announcer_settle(room->announcer);
	SHELL("[ -z \"$(ip -4 route show proto 70)\" ]");
}

// More than one step's worth.
static void a_thousand_vips_come_and_go_at_the_end(void **state)
{
	struct room *room = *state;
	char vip[32];

	make_near(room);
	for (int i = 0; i < 1000; i++) {
		snprintf(vip, sizeof(vip), "203.0.%d.%d", 100 + i / 250, 1 + i % 250);
		want(room, vip, i % 2 == 0 ? ANNOUNCER_ADDRESS : ANNOUNCER_ROUTE);
	}
	run_until(room, "test $(ip -o addr show dev near | grep -c 203.0) -eq 500 && "
			"test $(ip route show proto 70 | wc -l) -eq 500");
	end(room);
	SHELL("test $(ip -o addr show dev near | grep -c 203.0) -eq 0");
	SHELL("test $(ip route show proto 70 | wc -l) -eq 0");
	begin(room);
}

int main(void)
{
#define ROOM_TEST(f) cmocka_unit_test_setup_teardown(f, enter, leave)
	const struct CMUnitTest tests[] = {
		ROOM_TEST(a_vip_without_an_interface_waits_for_one),
		ROOM_TEST(what_is_there_and_not_ours_is_told_and_left_alone),
		ROOM_TEST(an_address_that_another_host_has_is_not_there),
		ROOM_TEST(what_an_earlier_life_left_is_removed_or_taken_over),
		ROOM_TEST(what_somebody_takes_away_is_put_back),
		ROOM_TEST(neighbours_learn_the_new_address_at_once),
		ROOM_TEST(the_kernel_does_not_connect_from_a_vip),
		ROOM_TEST(an_address_goes_where_its_network_is_else_everywhere),
		ROOM_TEST(another_way_replaces_the_one_before),
		ROOM_TEST(a_route_has_its_metric_and_gets_another),
		ROOM_TEST(a_thousand_vips_come_and_go_at_the_end),
	};
	int rc;

	if (!enter_namespaces()) {
		printf("skipped: needs root and network namespaces\n");
		return SKIPPED;
	}
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	leave_namespaces();
	return rc;
}
