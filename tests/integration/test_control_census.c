// SPDX-License-Identifier: BSD-3-Clause
// How many flows there are is one count, wherever it is told.
#include "control_lab.h"

#include <base/clock.h>
#include <flow/flow_inline.h>

#include <arpa/inet.h>
#include <setjmp.h>
#include <stats/flow_counts.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define PORT 9110

// --- The count itself ---

#define WORKERS  2
#define CAPACITY 40000 // more buckets than one step reads
#define BACKENDS 3

static struct flow_ttl ttls[1] = {{.seconds = {[FLOW_ESTABLISHED] = 3600,
					   [FLOW_CLOSING] = 600,
					   [FLOW_FINISHED] = 600,
					   [FLOW_HALF_CLOSED] = 600}}};

static struct flow_table *new_table(void)
{
	size_t size = (flow_table_footprint(CAPACITY) + 63) & ~(size_t)63;
	void *memory = aligned_alloc(64, size);

	memset(memory, 0, size);
	return flow_table_new(memory, CAPACITY);
}

static void add(struct flow_table *table, uint32_t number, uint32_t backend, uint32_t age_s)
{
	struct flow_begin begin = {.hash = number * 0x9e3779b97f4a7c15ull,
		.client_port = (uint16_t)number,
		.backend = backend,
		.state = FLOW_ESTABLISHED};

	flow_insert(
		table, &begin, ttls, 1, (uint32_t)(clock_monotonic_ns() / CLOCK_NS_PER_S) - age_s);
}

static void step_until(
	struct flow_counts *counts, const struct flow_counts_source *source, uint64_t round)
{
	for (int i = 0; i < 1000 && !flow_counts_has(counts, round); i++)
		flow_counts_step(counts, source);
	assert_true(flow_counts_has(counts, round));
}

static void a_count_is_of_what_there_is_when_it_is_asked_for(void **state)
{
	struct snapshot_backend backends[BACKENDS] = {{.generation = 0}};
	struct snapshot snapshot = {.ttls = ttls,
		.service_capacity = 1,
		.backends = backends,
		.backend_capacity = BACKENDS};
	struct flow_table *tables[WORKERS] = {new_table(), new_table()};
	struct flow_counts_source source = {tables, &snapshot};
	struct flow_counts counts;
	uint64_t early, late;

	for (uint32_t i = 0; i < BACKENDS - 1; i++)
		backends[i].status = BACKEND_UP;
	assert_int_equal(flow_counts_init(&counts, BACKENDS, WORKERS), 0);
	for (uint32_t i = 0; i < 200; i++)
		add(tables[i % 2], i, 0, 0);
	early = flow_counts_ask(&counts);
	assert_false(flow_counts_has(&counts, early));
	flow_counts_step(&counts, &source);
	flow_counts_step(&counts, &source); // the first table's first buckets are behind it
	for (uint32_t i = 200; i < 210; i++)
		add(tables[0], i, 1, 64);
	late = flow_counts_ask(&counts);
	assert_int_not_equal(early, late);
	step_until(&counts, &source, early);
	assert_false(flow_counts_has(&counts, late));
	step_until(&counts, &source, late);
	assert_int_equal(counts.last.flows[0], 200);
	assert_int_equal(counts.last.flows[1], 10);
	assert_in_range(counts.last.oldest_s[1], 48, 80);
	assert_int_equal(counts.last.worker_flows[0], 110);
	assert_int_equal(counts.last.worker_flows[1], 100);
	// Another one has the index: none of these are its own, whether a round goes on or not.
	flow_counts_step(&counts, &source);
	flow_counts_forget(&counts, 1);
	assert_int_equal(counts.last.flows[1], 0);
	assert_int_equal(counts.last.oldest_s[1], 0);
	flow_counts_free(&counts);
	for (uint32_t w = 0; w < WORKERS; w++)
		free(tables[w]);
}

// Rows of closed connections stay for minutes: who waits for a drain does not wait for them, and a
// backend that leaves does.
static void a_closed_connection_is_remembered_and_not_counted(void **state)
{
	static const struct {
		enum flow_state state;
		uint32_t idle_s;
		uint32_t flows;
	} cases[] = {{FLOW_ESTABLISHED, 100, 1}, {FLOW_CLOSING, 0, 0}, {FLOW_FINISHED, 0, 1},
		{FLOW_FINISHED, FLOW_TIME_WAIT_S + 5, 0}, {FLOW_HALF_CLOSED, 30, 1},
		{FLOW_HALF_CLOSED, FLOW_TIME_WAIT_S + 5, 0}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct snapshot_backend backends[BACKENDS] = {{.status = BACKEND_UP}};
		struct snapshot snapshot = {.ttls = ttls,
			.service_capacity = 1,
			.backends = backends,
			.backend_capacity = BACKENDS};
		struct flow_table *table = new_table();
		struct flow_counts_source source = {&table, &snapshot};
		struct flow_begin begin = {.hash = 7, .state = cases[i].state};
		struct flow_counts counts;

		flow_insert(table, &begin, ttls, 1,
			(uint32_t)(clock_monotonic_ns() / CLOCK_NS_PER_S) - cases[i].idle_s);
		assert_int_equal(flow_counts_init(&counts, BACKENDS, 1), 0);
		step_until(&counts, &source, flow_counts_ask(&counts));
		assert_int_equal(counts.last.flows[0], cases[i].flows);
		assert_true(counts.last.is_known[0]);
		assert_false(counts.last.is_known[1]);
		flow_counts_free(&counts);
		free(table);
	}
}

// --- Where it is told ---

static void read_page(char *text, size_t size)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	static const char request[] = "GET /metrics HTTP/1.0\r\n\r\n";
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t used = 0;
	ssize_t got;

	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(send(fd, request, sizeof(request) - 1, 0), sizeof(request) - 1);
	while ((got = recv(fd, text + used, size - 1 - used, 0)) > 0)
		used += (size_t)got;
	text[used] = '\0';
	close(fd);
}

static long sample(const char *text, const char *name)
{
	const char *line = strstr(text, name);
	long value = -1;

	while (line != NULL && line[-1] != '\n')
		line = strstr(line + 1, name);
	if (line != NULL)
		sscanf(line + strlen(name), "%*[^ ] %ld", &value);
	return value;
}

// Every place says so many: of the backends 'a' and 'b', and of all.
static void assert_flows(struct lab *lab, uint32_t a, uint32_t b)
{
	const struct message_flows request = {.limit = 0};
	struct message_row_worker worker;
	static char text[1 << 18];
	struct message_done done;

	assert_int_equal(lab_show(lab, MESSAGE_SHOW_WORKERS, &worker, 1, sizeof(worker)), 1);
	assert_int_equal(worker.flows, a + b);
	assert_int_equal(lab_backend_row(lab, "a").flows, a);
	assert_int_equal(lab_backend_row(lab, "b").flows, b);
	lab_send(lab, MESSAGE_FLOWS, &request, sizeof(request));
	assert_int_equal(lab_finish(lab, &done), 0);
	assert_int_equal(done.changes, a + b);
	read_page(text, sizeof(text));
	assert_int_equal(sample(text, "fulcrum_flows{"), a + b);
	assert_int_equal(sample(text, "fulcrum_backend_flows{pool=\"web\",backend=\"a\""), a);
	assert_int_equal(sample(text, "fulcrum_backend_flows{pool=\"web\",backend=\"b\""), b);
}

static void every_place_tells_the_same_of_a_busy_daemon(void **state)
{
	assert_int_equal(lab_apply_text(*state, lab_two, NULL), 0);
	assert_flows(*state, 2, 1);
}

static void every_place_tells_the_same_of_an_idle_daemon(void **state)
{
	assert_int_equal(lab_apply_text(*state, lab_two, NULL), 0);
	assert_flows(*state, 0, 0);
}

static void every_place_tells_the_same_after_a_restart(void **state)
{
	struct lab *lab = *state;

	assert_int_equal(lab_apply_text(lab, lab_two, NULL), 0);
	lab_stop(lab);
	lab->options.has_flows = false; // they come from the file
	lab_start(lab);
	assert_flows(lab, 2, 1);
}

static int enter_busy(void **state)
{
	return lab_setup(state, &(struct lab_options){.metrics_port = PORT,
					.workers = 1,
					.has_flows = true,
					.kernel_interface = "near"});
}

static int enter_idle(void **state)
{
	return lab_setup(
		state, &(struct lab_options){
			       .metrics_port = PORT, .workers = 1, .kernel_interface = "near"});
}

#define TEST_IN(place, name) cmocka_unit_test_setup_teardown(name, enter_##place, lab_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_count_is_of_what_there_is_when_it_is_asked_for),
		cmocka_unit_test(a_closed_connection_is_remembered_and_not_counted),
		TEST_IN(busy, every_place_tells_the_same_of_a_busy_daemon),
		TEST_IN(idle, every_place_tells_the_same_of_an_idle_daemon),
		TEST_IN(busy, every_place_tells_the_same_after_a_restart),
	};

	return lab_enter_namespace() ? cmocka_run_group_tests(tests, NULL, NULL) : LAB_SKIPPED;
}
