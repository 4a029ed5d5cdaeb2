// SPDX-License-Identifier: BSD-3-Clause
// What stands in 'health' in the state folder: lines as a daemon writes them, and lines that nobody
// wrote.
#include <store/health_line.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
// cmocka wants the headers above first
#include <cmocka.h>

static void each_line_is_read_as_it_was_written(void **state)
{
	static const struct health_line lines[] = {{true, 0, 0, "web/a1"}, {false, 0, 0, "web/a2"},
		{false, 3023, 0, "web/a3"}, {true, 65535, 0, "web/a4"}, {true, 0, 1, "web/a5"},
		{true, 0, 65535, "web/a6"}};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct health_line out;
		char text[HEALTH_LINE_SIZE] = "";
		FILE *file = fmemopen(text, sizeof(text), "w");

		health_line_write(&lines[i], file);
		fclose(file);
		file = fmemopen(text, strlen(text), "r");
		assert_true(health_line_read(file, &out));
		assert_string_equal(out.name, lines[i].name);
		assert_int_equal(out.port, lines[i].port);
		assert_int_equal(out.ramp_s, lines[i].ramp_s);
		assert_true(lines[i].ramp_s != 0 || out.is_up == lines[i].is_up);
		assert_false(health_line_read(file, &out));
		fclose(file);
	}
}

static void what_is_no_line_is_passed_over(void **state)
{
	static const char *const bad[] = {"\n", "up\n", "up \n", "sideways web/a1\n",
		"ramp web/a1\n", "ramp web/a1 0\n", "ramp web/a1 65536\n", "ramp web/a1 1 1\n",
		"ramp web/a1 -1\n", "up web/a1 x\n", "up web/a1 03\n", "up web/a1"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		FILE *file = fmemopen((void *)bad[i], strlen(bad[i]), "r");
		struct health_line out;

		if (health_line_read(file, &out))
			fail_msg("'%s' is taken", bad[i]);
		fclose(file);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_line_is_read_as_it_was_written),
		cmocka_unit_test(what_is_no_line_is_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
