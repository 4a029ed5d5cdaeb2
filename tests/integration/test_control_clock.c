// SPDX-License-Identifier: BSD-3-Clause
// Somebody sets the machine's clock: nothing that goes on by a duration notices.
#include "control_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
// cmocka wants the headers above first
#include <cmocka.h>

// Shared with the daemon, which is a child: by how far the wall clock was set. In place of the C
// library's clocks.
static int64_t *set_s;

int clock_gettime(clockid_t clock, struct timespec *out)
{
	int rc = (int)syscall(SYS_clock_gettime, clock, out);

	if (rc == 0 && clock == CLOCK_REALTIME && set_s != NULL)
		out->tv_sec += __atomic_load_n(set_s, __ATOMIC_RELAXED);
	return rc;
}

time_t time(time_t *out)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}

static void set_clock(int64_t by_s)
{
	__atomic_store_n(set_s, by_s, __ATOMIC_RELAXED);
}

// The control's clock goes by seconds: what it decides by the time is decided when two of them are
// over.
static void pass_two_seconds(struct lab *lab)
{
	struct timespec begun, now;

	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &begun);
	do {
		lab_daemon_row(lab);
		syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
	} while (now.tv_sec - begun.tv_sec < 3);
}

static void drain_a(struct lab *lab)
{
	struct message_backend_set set = {.name = "a",
		.state = CONFIG_STATE_DRAINING,
		.weight = UINT32_MAX,
		.deadline_s = 600,
		.then = MESSAGE_THEN_RESET};
	struct message_done done;

	lab_send(lab, MESSAGE_BACKEND_SET, &set, sizeof(set));
	assert_int_equal(lab_finish(lab, &done), 0);
}

static void a_drain_s_deadline_does_not_move(void **state)
{
	static const int64_t by_s[] = {3600, -3600, 30 * 86400};
	struct lab *lab = *state;

	set_clock(0);
	assert_int_equal(lab_apply_text(lab, lab_two, NULL), 0);
	for (size_t i = 0; i < sizeof(by_s) / sizeof(by_s[0]); i++) {
		set_clock(0);
		drain_a(lab);
		set_clock(by_s[i]);
		pass_two_seconds(lab);
		assert_in_range(lab_backend_row(lab, "a").drain_left_s, 560, 598);
	}
	set_clock(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_drain_s_deadline_does_not_move, lab_setup_usual, lab_teardown),
	};

	set_s = mmap(
		NULL, sizeof(*set_s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (set_s == MAP_FAILED || !lab_enter_namespace())
		return LAB_SKIPPED;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
