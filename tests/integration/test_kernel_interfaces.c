// SPDX-License-Identifier: BSD-3-Clause
// Interfaces, their addresses and MACs, and taps.
#include "kernel_room.h"

#include "../unit/run_until.h"
#include <errno.h>
#include <fcntl.h>
#include <kernel/follow.h>
#include <kernel/kernel_private.h>
#include <kernel/tap.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

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

// ---- MACs and taps

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
	const struct CMUnitTest tests[] = {
		IN_ROOM(an_interface_is_followed_through_renames),
		IN_ROOM(the_machines_own_addresses_are_known_wherever_they_are),
		IN_ROOM(what_cannot_be_read_anew_stands),
		IN_ROOM(an_interface_is_given_another_address),
		IN_ROOM(no_interface_has_no_address),
		IN_ROOM(a_tap_is_told_that_it_has_no_carrier),
		IN_ROOM(a_tap_is_up_wherever_it_is),
		IN_ROOM(a_tap_of_vhost_is_not_made_again),
	};

	return RUN_IN_NAMESPACES(tests);
}
