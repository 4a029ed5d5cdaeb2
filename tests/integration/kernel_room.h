// SPDX-License-Identifier: BSD-3-Clause
#ifndef INTEGRATION_KERNEL_ROOM_H
#define INTEGRATION_KERNEL_ROOM_H

#include "far_namespace.h"

#include <event2/event.h>
#include <kernel/kernel.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
// cmocka wants the headers above first
#include <cmocka.h>

// Real netlink in two network namespaces of the test's own, with a veth pair between them.

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct room {
	struct event_base *base;
	struct kernel *kernel;
	uint32_t changes;
};

static inline void on_change(void *context)
{
	struct room *room = context;

	room->changes++;
}

static inline int enter(void **state)
{
	struct room *room = calloc(1, sizeof(*room));
	struct error err;

	make_near_and_far();
	room->base = event_base_new();
	assert_int_equal(kernel_new(room->base, on_change, room, &room->kernel, &err), 0);
	*state = room;
	return 0;
}

static inline int leave(void **state)
{
	struct room *room = *state;

	kernel_free(room->kernel);
	event_base_free(room->base);
	free(room);
	shell("ip link del near 2>&-; ip link del wan 2>&-");
	return 0;
}

// Reads what the kernel has said so far, without waiting for the callback.
static inline void read_notifications(struct room *room)
{
	event_base_loop(room->base, EVLOOP_NONBLOCK);
}

static inline struct addr addr(const char *text)
{
	struct addr addr;

	assert_int_equal(addr_parse(text, &addr), 0);
	return addr;
}

static inline int lookup_addr(
	struct kernel *kernel, const struct addr *destination, struct kernel_next_hop *out)
{
	int code;

	kernel_lookup_many(kernel, destination, 1, out, &code);
	return code;
}

static inline struct kernel_next_hop lookup(struct room *room, const char *text)
{
	struct addr destination = addr(text);
	struct kernel_next_hop hop;

	assert_int_equal(lookup_addr(room->kernel, &destination, &hop), 0);
	return hop;
}

static inline void assert_addr(const struct addr *address, const char *expected)
{
	char text[ADDR_TEXT_SIZE];

	assert_string_equal(addr_format(address, text, sizeof(text)), expected);
}

static inline void assert_mac(const struct mac *mac, const char *expected)
{
	char text[MAC_TEXT_SIZE];

	assert_string_equal(mac_format(mac, text, sizeof(text)), expected);
}

#define IN_ROOM(test) cmocka_unit_test_setup_teardown(test, enter, leave)

#define RUN_IN_NAMESPACES(tests) run_in_namespaces(#tests, tests, COUNT(tests))

// 77, which is "skipped", without the right to make them.
static inline int run_in_namespaces(const char *name, const struct CMUnitTest *tests, size_t count)
{
	int failed;

	if (!enter_namespaces()) {
		printf("skipped: needs root and network namespaces\n");
		return SKIPPED;
	}
	failed = _cmocka_run_group_tests(name, tests, count, NULL, NULL);
	leave_namespaces();
	return failed;
}

#endif
