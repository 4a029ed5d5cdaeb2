// SPDX-License-Identifier: BSD-3-Clause
#include <control/standing.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka wants the headers above first
#include <cmocka.h>

static void every_event_in_every_state_leads_where_it_should(void **state)
{
	static const struct {
		enum standing from;
		enum standing_event event;
		enum standing to;
	} rows[] = {
		{STANDING_NEW, STANDING_QUORUM, STANDING_ANNOUNCED}, // the first time, at once
		{STANDING_NEW, STANDING_NO_QUORUM, STANDING_NEW},
		{STANDING_NEW, STANDING_HELD, STANDING_NEW},
		{STANDING_NEW, STANDING_STOP, STANDING_STOPPED},
		{STANDING_ANNOUNCED, STANDING_QUORUM, STANDING_ANNOUNCED},
		{STANDING_ANNOUNCED, STANDING_NO_QUORUM, STANDING_WITHHELD},
		{STANDING_ANNOUNCED, STANDING_HELD, STANDING_ANNOUNCED},
		{STANDING_ANNOUNCED, STANDING_STOP, STANDING_STOPPED},
		{STANDING_WITHHELD, STANDING_QUORUM, STANDING_HOLDING}, // not at once
		{STANDING_WITHHELD, STANDING_NO_QUORUM, STANDING_WITHHELD},
		{STANDING_WITHHELD, STANDING_HELD, STANDING_WITHHELD},
		{STANDING_WITHHELD, STANDING_STOP, STANDING_STOPPED},
		{STANDING_HOLDING, STANDING_QUORUM, STANDING_HOLDING},
		{STANDING_HOLDING, STANDING_NO_QUORUM, STANDING_WITHHELD},
		{STANDING_HOLDING, STANDING_HELD, STANDING_ANNOUNCED},
		{STANDING_HOLDING, STANDING_STOP, STANDING_STOPPED},
		{STANDING_STOPPED, STANDING_QUORUM, STANDING_STOPPED}, // for good
		{STANDING_STOPPED, STANDING_NO_QUORUM, STANDING_STOPPED},
		{STANDING_STOPPED, STANDING_HELD, STANDING_STOPPED},
		{STANDING_STOPPED, STANDING_STOP, STANDING_STOPPED},
	};

	assert_int_equal(sizeof(rows) / sizeof(rows[0]), STANDING_COUNT * STANDING_EVENTS);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(standing_next(rows[i].from, rows[i].event), rows[i].to);
}

static void nothing_is_announced_but_in_one_state(void **state)
{
	for (int i = 0; i < STANDING_COUNT; i++)
		assert_int_equal(standing_is_announced((enum standing)i), i == STANDING_ANNOUNCED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_in_every_state_leads_where_it_should),
		cmocka_unit_test(nothing_is_announced_but_in_one_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
