// SPDX-License-Identifier: BSD-3-Clause
// Silence while an answer may be on this machine and not be found.
#include "health_room.h"

#define PROOF 5

struct doubt {
	uint32_t proof; // 0: there is none
	uint32_t asked;
};

static uint32_t on_doubt(void *context, uint64_t since_ns, uint32_t queues, char *why, size_t size)
{
	struct doubt *doubt = context;

	assert_true(since_ns > 0);
	assert_int_equal(queues, 2);
	doubt->asked++;
	if (doubt->proof > 0)
		snprintf(why, size, "a worker stands still");
	return doubt->proof;
}

// A port that takes connections into its backlog, which is full.
struct silent {
	int full, fillers[4];
	uint16_t port;
};

static void be_silent(struct silent *silent)
{
	*silent = (struct silent){0};
	silent->full = bound_socket(&silent->port);
	assert_int_equal(listen(silent->full, 0), 0);
	for (int i = 0; i < 4; i++) {
		struct sockaddr_in to = {.sin_family = AF_INET,
			.sin_port = htons(silent->port),
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

		silent->fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(silent->fillers[i], (struct sockaddr *)&to, sizeof(to));
	}
}

static void end_silence(struct silent *silent)
{
	for (int i = 0; i < 4; i++)
		close(silent->fillers[i]);
	close(silent->full);
}

static struct health_stats stats_of(const struct room *room)
{
	struct health_stats stats;

	health_stats(room->health, &stats);
	return stats;
}

// Up by its listener, and then silent.
static void become_silent(struct room *room, struct silent *silent)
{
	struct health_target one = target(room, 7);

	one.policy.rise = 1;
	one.policy.fall = 2;
	set_one(room, &one);
	RUN_UNTIL(room, room->last_status == HEALTH_UP);
	be_silent(silent);
	one.port = silent->port; // another port: its status stays
	set_one(room, &one);
}

static void doubtful_silence_is_no_failure_until_chance_cannot_explain_it(void **state)
{
	struct room *room = *state;
	struct doubt doubt = {.proof = PROOF};
	struct health_view view;
	struct silent silent;

	health_set_doubt(room->health, on_doubt, &doubt);
	become_silent(room, &silent);
	RUN_UNTIL(room, room->last_status == HEALTH_DOWN);
	assert_int_equal(stats_of(room).local_failures, PROOF - 1);
	assert_int_equal(stats_of(room).failures, 1); // together, as much as a whole fall
	assert_true(health_view(room->health, 7, &view));
	assert_non_null(strstr(view.reason, "no answer within"));
	end_silence(&silent);
}

static void where_nothing_can_be_told_nothing_is(void **state)
{
	struct room *room = *state;
	struct doubt doubt = {.proof = HEALTH_DOUBT_ALL};
	struct health_view view;
	struct silent silent;

	health_set_doubt(room->health, on_doubt, &doubt);
	become_silent(room, &silent);
	RUN_UNTIL(room, stats_of(room).local_failures == 8);
	assert_int_equal(room->last_status, HEALTH_UP);
	assert_true(health_view(room->health, 7, &view));
	assert_non_null(strstr(view.remark, "a worker stands still"));
	doubt.proof = 0; // it goes on
	RUN_UNTIL(room, room->last_status == HEALTH_DOWN);
	assert_int_equal(stats_of(room).failures, 2);
	end_silence(&silent);
}

static void a_refusal_is_an_answer(void **state)
{
	struct room *room = *state;
	struct doubt doubt = {.proof = HEALTH_DOUBT_ALL};
	struct health_target one = target(room, 7);

	health_set_doubt(room->health, on_doubt, &doubt);
	one.policy.rise = 1;
	one.policy.fall = 2;
	set_one(room, &one);
	RUN_UNTIL(room, room->last_status == HEALTH_UP);
	stop_listening(room);
	RUN_UNTIL(room, room->last_status == HEALTH_DOWN);
	assert_int_equal(doubt.asked, 0);
	assert_int_equal(stats_of(room).local_failures, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(doubtful_silence_is_no_failure_until_chance_cannot_explain_it),
		TEST(where_nothing_can_be_told_nothing_is),
		TEST(a_refusal_is_an_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
