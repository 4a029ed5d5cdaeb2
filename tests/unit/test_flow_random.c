// SPDX-License-Identifier: BSD-3-Clause
// Random operations against a plain model, and a reader beside the worker.
#include "flow_room.h"

#include <flow/restore.h>

#include <pthread.h>

// The model: a plain list of all flows ever, judged by the words of the header. Few buckets and
// ports, so that buckets fill up; the model then only asks that a flow was evicted, not which.
#define MODEL_FLOWS 64u

struct model_flow {
	bool known;
	uint32_t backend, seen_s;
	enum flow_state state;
};

static void model_check(struct flow_table *table, struct model_flow *model, uint64_t hash,
	uint32_t now_s, enum flow_state touch)
{
	bool live = model->known && now_s - model->seen_s <= ttls[0].seconds[model->state];
	struct flow_ref ref;

	assert_int_equal(find(table, hash, now_s, &ref), live);
	if (!live)
		return;
	assert_int_equal(flow_ref_backend(&ref), model->backend);
	assert_int_equal(flow_ref_state(&ref), model->state);
	flow_touch(&ref, touch, now_s);
	model->state = touch;
	model->seen_s = now_s;
}

// Drops from the model what an insertion evicted: at most one flow, and only if it said so.
static void model_insert(struct flow_table *table, struct model_flow *model, uint32_t flow,
	const uint64_t *hashes, uint32_t now_s, enum flow_state flow_state)
{
	struct flow_begin new = begin(hashes[flow], flow_state);
	bool live = model[flow].known &&
		    now_s - model[flow].seen_s <= ttls[0].seconds[model[flow].state];
	enum flow_inserted inserted;
	uint32_t lost = 0;

	new.backend = (uint32_t)random();
	inserted = flow_insert(table, &new, ttls, SERVICES, now_s);
	assert_int_equal(inserted == FLOW_REPLACED, live);
	model[flow] = (struct model_flow){true, new.backend, now_s, flow_state};
	for (uint32_t i = 0; i < MODEL_FLOWS; i++) {
		bool expected = model[i].known &&
				now_s - model[i].seen_s <= ttls[0].seconds[model[i].state];

		if (expected && !is_there(table, hashes[i], now_s)) {
			model[i].known = false;
			lost++;
		}
	}
	assert_int_equal(lost, inserted == FLOW_EVICTED || inserted == FLOW_CLEARED);
}

static void random_operations_agree_with_a_plain_model(void **state)
{
	struct flow_table *table = table_new(48);
	struct model_flow model[MODEL_FLOWS] = {0};
	uint64_t hashes[MODEL_FLOWS];
	uint32_t now_s = START_S;

	srandom(1);
	for (uint32_t i = 0; i < MODEL_FLOWS; i++)
		hashes[i] = random_hash();
	for (uint32_t step = 0; step < 200000; step++) {
		uint32_t flow = (uint32_t)random() % MODEL_FLOWS;
		enum flow_state any =
			FLOW_NEW + (enum flow_state)((uint32_t)random() % (FLOW_STATES - 1));

		if (random() % 50 == 0)
			now_s += (uint32_t)random() % 40;
		if (random() % 3 == 0)
			model_insert(table, model, flow, hashes, now_s, any);
		else
			model_check(table, &model[flow], hashes[flow], now_s, any);
		flow_sweep(table, step % 12, 1, ttls, SERVICES, now_s);
	}
	free(table);
}

struct reader {
	const struct flow_table *table;
	bool stop;
	uint64_t seen;
};

static void *read_all(void *argument)
{
	struct reader *reader = argument;
	struct flow_row rows[FLOW_WAYS];
	struct flow_saved saved[FLOW_WAYS];
	struct flow_copy copy;

	do {
		for (uint32_t i = 0; i < flow_table_buckets(reader->table); i++) {
			reader->seen +=
				flow_read_bucket(reader->table, i, ttls, SERVICES, START_S, rows);
			reader->seen +=
				flow_count_bucket(reader->table, i, ttls, SERVICES, START_S, rows);
			reader->seen +=
				flow_save_bucket(reader->table, i, ttls, SERVICES, START_S, saved);
			flow_copy(reader->table, (uint64_t)i << 40, START_S, &copy);
		}
	} while (!__atomic_load_n(&reader->stop, __ATOMIC_RELAXED));
	return NULL;
}

// For the thread sanitizer; by itself it shows that a reader sees rows while the worker writes.
static void a_reader_looks_on_while_the_worker_writes(void **state)
{
	struct flow_table *table = table_new(256);
	struct reader reader = {.table = table};
	struct flow_ref ref;
	pthread_t thread;

	insert(table, 0, FLOW_ESTABLISHED, START_S);
	assert_int_equal(pthread_create(&thread, NULL, read_all, &reader), 0);
	srandom(2);
	for (uint32_t i = 0; i < 100000; i++) {
		uint64_t hash = (uint64_t)random() << 40 | (uint64_t)random() % 4;

		if (!find(table, hash, START_S, &ref)) {
			insert(table, hash, FLOW_NEW, START_S);
			continue;
		}
		flow_touch(&ref, FLOW_ESTABLISHED, START_S + i % 2);
		if (i % 8 == 0)
			flow_set_backend(&ref, i);
		if (i % 64 == 0)
			flow_forget(&ref);
	}
	__atomic_store_n(&reader.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	assert_true(reader.seen > 0);
	free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_operations_agree_with_a_plain_model),
		cmocka_unit_test(a_reader_looks_on_while_the_worker_writes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
