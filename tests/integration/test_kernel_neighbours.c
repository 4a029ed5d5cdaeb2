// SPDX-License-Identifier: BSD-3-Clause
// Neighbours as the kernel has them, and those that it is asked to look for.
#include "kernel_room.h"

#include "../unit/run_until.h"
#include <errno.h>
#include <kernel/kernel_private.h>
#include <linux/neighbour.h>

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
	RUN_UNTIL(room, room->changes > 0);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_ROOM(a_solicited_neighbour_is_resolved),
		IN_ROOM(a_neighbour_that_was_there_before_is_known),
		IN_ROOM(soliciting_leaves_a_permanent_entry_alone),
		IN_ROOM(soliciting_on_no_interface_is_refused),
		IN_ROOM(a_stale_neighbour_is_asked_and_found_again),
		IN_ROOM(a_neighbour_that_answers_stays),
		IN_ROOM(a_neighbour_that_goes_is_resolved_no_more),
	};

	return RUN_IN_NAMESPACES(tests);
}
