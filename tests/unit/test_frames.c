// SPDX-License-Identifier: BSD-3-Clause
#include <frames/announcement.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

// Built by scapy.
static void announcements_are_as_another_implementation_builds_them(void **state)
{
	static const struct {
		const char *vip;
		const char *hex;
	} cases[] = {
		{"203.0.113.10",
			"ffffffffffff02000000000108060001080006040001020000000001cb00710a000000000000cb00710a000000000000000000000000000000000000"},
		{"2001:db8::10",
			"33330000000102000000000186dd6000000000203aff20010db8000000000000000000000010ff0200000000000000000000000000018800f90c2000000020010db80000000000000000000000100201020000000001"},
	};
	const struct mac mac = {{2, 0, 0, 0, 0, 1}};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct addr vip;
		uint8_t frame[ANNOUNCEMENT_SIZE_MAX];
		char hex[2 * ANNOUNCEMENT_SIZE_MAX + 1];
		uint32_t size;

		assert_int_equal(addr_parse(cases[i].vip, &vip), 0);
		size = announcement_build(&vip, &mac, frame);
		for (uint32_t at = 0; at < size; at++)
			snprintf(hex + 2 * at, 3, "%02x", frame[at]);
		assert_string_equal(hex, cases[i].hex);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(announcements_are_as_another_implementation_builds_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
