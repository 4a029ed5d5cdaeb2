// SPDX-License-Identifier: BSD-3-Clause
// What workers hold of snapshots, one that stands still above all.
#include <config/config.h>
#include <snapshot/publish.h>

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define WORKERS      3
#define PUBLICATIONS 2000

static struct config *config;
static uint64_t version;

// All but the number is shared with the one before.
static struct snapshot *new_snapshot(const struct publisher *publisher)
{
	static const struct snapshot_backend_input backends[] = {
		{.reference = 0, .status = BACKEND_UP, .resolved = true, .mtu = 1500}};
	static const uint16_t services[1];
	static const uint8_t probes[1];
	struct snapshot_input input = {.config = config,
		.backends = backends,
		.services = services,
		.probes = probes,
		.backend_capacity = 4,
		.service_capacity = 4,
		.version = ++version};
	struct snapshot *snapshot = NULL;
	struct error err = {{0}};

	if (snapshot_build(&input, publisher->current, &snapshot, &err) != 0)
		fail_msg("%s", err.text);
	return snapshot;
}

static int enter(void **state)
{
	static const char text[] =
		"services:\n  - {name: s, vip: 203.0.113.10, protocol: tcp, port: 443, pool: p}\n"
		"pools:\n  - {name: p, backends: [{name: a, address: 10.0.1.1}]}\n";
	static struct publisher publisher;
	struct error err = {{0}};

	version = 0;
	if (config_load_text("test", text, strlen(text), &config, NULL, NULL, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(publisher_init(&publisher, WORKERS), 0);
	publisher_publish(&publisher, new_snapshot(&publisher));
	*state = &publisher;
	return 0;
}

static int leave(void **state)
{
	publisher_destroy(*state);
	config_free(config);
	return 0;
}

static void a_snapshot_goes_when_every_worker_has_the_next_one(void **state)
{
	struct publisher *publisher = *state;

	publisher_online(publisher, 0);
	publisher_online(publisher, 1);
	assert_false(publisher_reclaim(publisher));
	assert_int_equal(publisher_quiesce(publisher, 0)->version, 1);
	assert_int_equal(publisher_quiesce(publisher, 1)->version, 1);
	assert_true(publisher_reclaim(publisher));
	publisher_publish(publisher, new_snapshot(publisher));
	assert_int_equal(publisher_quiesce(publisher, 0)->version, 2);
	assert_false(publisher_reclaim(publisher));
	assert_int_equal(publisher->kept_count, 2);
	assert_int_equal(publisher_quiesce(publisher, 1)->version, 2);
	assert_true(publisher_reclaim(publisher));
	assert_int_equal(publisher->kept_count, 1);
	publisher_offline(publisher, 0);
	publisher_offline(publisher, 1);
}

// It uses what it took, and will take the latest.
static void one_that_stands_still_holds_two(void **state)
{
	struct publisher *publisher = *state;
	const struct snapshot *held;

	publisher_online(publisher, 0);
	publisher_online(publisher, 1);
	publisher_quiesce(publisher, 0);
	held = publisher_quiesce(publisher, 1);
	for (int i = 0; i < PUBLICATIONS; i++) {
		publisher_publish(publisher, new_snapshot(publisher));
		assert_int_equal(publisher_quiesce(publisher, 0)->version, version);
		assert_false(publisher_reclaim(publisher));
		assert_in_range(publisher->kept_count, 1, 3);
		assert_int_equal(held->version, 1); // it may go on to use it
	}
	assert_int_equal(publisher->kept_count, 2);
	publisher_await(publisher, 1, false);
	assert_true(publisher_reclaim(publisher));
	assert_int_equal(publisher->kept_count, 2);
	assert_int_equal(publisher_quiesce(publisher, 1)->version, version);
	publisher_await(publisher, 1, true);
	assert_true(publisher_reclaim(publisher));
	assert_int_equal(publisher->kept_count, 1);
	publisher_offline(publisher, 0);
	publisher_offline(publisher, 1);
}

static void one_that_does_not_run_is_not_waited_for(void **state)
{
	struct publisher *publisher = *state;

	assert_true(publisher_reclaim(publisher));
	assert_int_equal(publisher_rounds(publisher, 0), 0);
	publisher_online(publisher, 0);
	assert_int_equal(publisher_rounds(publisher, 0), 1);
	publisher_quiesce(publisher, 0);
	assert_int_equal(publisher_rounds(publisher, 0), 2);
	publisher_offline(publisher, 0);
	publisher_publish(publisher, new_snapshot(publisher));
	assert_true(publisher_reclaim(publisher));
	publisher_online(publisher, 0);
	assert_int_equal(publisher_quiesce(publisher, 0)->version, version);
	publisher_offline(publisher, 0);
}

struct reader {
	struct publisher *publisher;
	uint32_t worker;
	uint64_t errors;
	bool stop;
	pthread_t thread;
};

// Comes and goes, and looks at what it holds twice.
static void *read_snapshots(void *argument)
{
	struct reader *reader = argument;
	uint64_t last = 0;

	while (!__atomic_load_n(&reader->stop, __ATOMIC_RELAXED)) {
		publisher_online(reader->publisher, reader->worker);
		for (uint32_t i = 0; i < 50 * (reader->worker + 1); i++) {
			const struct snapshot *snapshot =
				publisher_quiesce(reader->publisher, reader->worker);
			uint64_t now = snapshot->version;

			if (i % 16 == 0)
				sched_yield();
			reader->errors += snapshot->version != now || now < last ||
					  snapshot->services[0].is_configured != 1;
			last = now;
		}
		publisher_offline(reader->publisher, reader->worker);
	}
	return NULL;
}

static void workers_that_come_and_go_see_whole_ones(void **state)
{
	struct reader readers[WORKERS];

	for (uint32_t w = 0; w < WORKERS; w++) {
		readers[w] = (struct reader){.publisher = *state, .worker = w};
		pthread_create(&readers[w].thread, NULL, read_snapshots, &readers[w]);
	}
	for (int i = 0; i < PUBLICATIONS; i++) {
		publisher_publish(*state, new_snapshot(*state));
		publisher_reclaim(*state);
		if (i % 8 == 0)
			sched_yield();
	}
	for (uint32_t w = 0; w < WORKERS; w++) {
		__atomic_store_n(&readers[w].stop, true, __ATOMIC_RELAXED);
		pthread_join(readers[w].thread, NULL);
		assert_int_equal(readers[w].errors, 0);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_snapshot_goes_when_every_worker_has_the_next_one),
		TEST(one_that_stands_still_holds_two),
		TEST(one_that_does_not_run_is_not_waited_for),
		TEST(workers_that_come_and_go_see_whole_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
