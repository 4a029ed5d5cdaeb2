// SPDX-License-Identifier: BSD-3-Clause
#include <announce/state.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka wants the headers above first
#include <cmocka.h>

static void every_event_in_every_state_leads_where_it_should(void **state)
{
	static const struct {
		enum announce_state from;
		enum announce_event event;
		enum announce_state to;
	} rows[] = {
		{ANNOUNCE_STATE_NEW, ANNOUNCE_EVENT_QUORUM,
			ANNOUNCE_STATE_ANNOUNCED}, // the first time, at once
		{ANNOUNCE_STATE_NEW, ANNOUNCE_EVENT_NO_QUORUM, ANNOUNCE_STATE_NEW},
		{ANNOUNCE_STATE_NEW, ANNOUNCE_EVENT_HELD, ANNOUNCE_STATE_NEW},
		{ANNOUNCE_STATE_NEW, ANNOUNCE_EVENT_STOP, ANNOUNCE_STATE_STOPPED},
		{ANNOUNCE_STATE_ANNOUNCED, ANNOUNCE_EVENT_QUORUM, ANNOUNCE_STATE_ANNOUNCED},
		{ANNOUNCE_STATE_ANNOUNCED, ANNOUNCE_EVENT_NO_QUORUM, ANNOUNCE_STATE_SUPPRESSED},
		{ANNOUNCE_STATE_ANNOUNCED, ANNOUNCE_EVENT_HELD, ANNOUNCE_STATE_ANNOUNCED},
		{ANNOUNCE_STATE_ANNOUNCED, ANNOUNCE_EVENT_STOP, ANNOUNCE_STATE_STOPPED},
		{ANNOUNCE_STATE_SUPPRESSED, ANNOUNCE_EVENT_QUORUM,
			ANNOUNCE_STATE_HOLDING}, // not at once
		{ANNOUNCE_STATE_SUPPRESSED, ANNOUNCE_EVENT_NO_QUORUM, ANNOUNCE_STATE_SUPPRESSED},
		{ANNOUNCE_STATE_SUPPRESSED, ANNOUNCE_EVENT_HELD, ANNOUNCE_STATE_SUPPRESSED},
		{ANNOUNCE_STATE_SUPPRESSED, ANNOUNCE_EVENT_STOP, ANNOUNCE_STATE_STOPPED},
		{ANNOUNCE_STATE_HOLDING, ANNOUNCE_EVENT_QUORUM, ANNOUNCE_STATE_HOLDING},
		{ANNOUNCE_STATE_HOLDING, ANNOUNCE_EVENT_NO_QUORUM, ANNOUNCE_STATE_SUPPRESSED},
		{ANNOUNCE_STATE_HOLDING, ANNOUNCE_EVENT_HELD, ANNOUNCE_STATE_ANNOUNCED},
		{ANNOUNCE_STATE_HOLDING, ANNOUNCE_EVENT_STOP, ANNOUNCE_STATE_STOPPED},
		{ANNOUNCE_STATE_STOPPED, ANNOUNCE_EVENT_QUORUM, ANNOUNCE_STATE_STOPPED}, // for good
		{ANNOUNCE_STATE_STOPPED, ANNOUNCE_EVENT_NO_QUORUM, ANNOUNCE_STATE_STOPPED},
		{ANNOUNCE_STATE_STOPPED, ANNOUNCE_EVENT_HELD, ANNOUNCE_STATE_STOPPED},
		{ANNOUNCE_STATE_STOPPED, ANNOUNCE_EVENT_STOP, ANNOUNCE_STATE_STOPPED},
	};

	assert_int_equal(
		sizeof(rows) / sizeof(rows[0]), ANNOUNCE_STATE_COUNT * ANNOUNCE_EVENT_COUNT);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(announce_state_next(rows[i].from, rows[i].event), rows[i].to);
}

static void nothing_is_announced_but_in_one_state(void **state)
{
	for (int i = 0; i < ANNOUNCE_STATE_COUNT; i++)
		assert_int_equal(announce_state_is_announced((enum announce_state)i),
			i == ANNOUNCE_STATE_ANNOUNCED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_in_every_state_leads_where_it_should),
		cmocka_unit_test(nothing_is_announced_but_in_one_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
