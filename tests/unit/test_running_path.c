// SPDX-License-Identifier: BSD-3-Clause
// What a router said of a backend's path holds for ten minutes (RFC 1191 6.3), by the clock that
// nobody sets.
#include <control/control_private.h>
#include <running/backend.h>
#include <running/path.h>

#include <base/clock.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
// cmocka wants the headers above first
#include <cmocka.h>

static void what_was_learned_is_forgotten_in_time(void **state)
{
	const uint64_t learned_ns = 1000 * CLOCK_NS_PER_S,
		       until_ns = learned_ns + 600 * CLOCK_NS_PER_S;
	struct running_backend backend = {.path_mtu = 1400, .path_until_ns = until_ns};
	char text[128] = "";

	assert_false(running_path_age(&backend, learned_ns));
	assert_false(running_path_age(&backend, until_ns - 1));
	assert_int_equal(backend.path_mtu, 1400);
	running_path_remark(&backend, text, sizeof(text));
	assert_non_null(strstr(text, "its path takes 1400 bytes"));

	assert_true(running_path_age(&backend, until_ns));
	assert_int_equal(backend.path_mtu, 0);
	text[0] = '\0';
	running_path_remark(&backend, text, sizeof(text));
	assert_string_equal(text, "");
	assert_false(running_path_age(&backend, until_ns + 1)); // once
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_learned_is_forgotten_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
