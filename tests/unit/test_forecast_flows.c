// SPDX-License-Identifier: BSD-3-Clause
#include <forecast/flows.h>

#include <flow/flow_inline.h>

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define WORKERS      2
#define CAPACITY     8192 // more buckets than one step reads
#define CLOCK_S      100000

static const char yaml[] =
	"services:\n"
	"  - {name: web, vip: 203.0.113.10, protocol: tcp, port: 443, pool: one}\n"
	"  - {name: dns, vip: 203.0.113.10, protocol: udp, port: 53, pool: two}\n"
	"pools:\n"
	"  - {name: one, backends: [{name: a, address: 10.0.0.1}, {name: b, address: 10.0.0.2}]}\n"
	"  - {name: two, backends: [{name: a, address: 10.0.0.3}]}\n";

// The indexes that the records have: not those of their places.
static uint32_t references[] = {(7u << BACKEND_INDEX_BITS) | 2, 0, 1};
static uint16_t services[] = {1, 0};
static uint32_t places[] = {1, 2, 0, CONFIGURATION_NONE};
static uint32_t service_places[] = {1, 0};
#define WEB  1
#define DNS  0
#define GONE 3u // an index that no backend has

static const struct flow_ttl ttls[] = {
	{.seconds = {[FLOW_ESTABLISHED] = 3600, [FLOW_UDP] = 60}},
	{.seconds = {[FLOW_ESTABLISHED] = 3600, [FLOW_NEW] = 60}},
	{.seconds = {[FLOW_ESTABLISHED] = 3600}},
};

struct hand {
	struct configuration configuration;
	struct snapshot snapshot;
	struct flow_table *tables[WORKERS];
	struct flows_listing listing;
};

static int enter(void **state)
{
	struct hand *hand = calloc(1, sizeof(*hand));
	struct error err;

	if (config_load_text("test.yaml", yaml, strlen(yaml), &hand->configuration.config, NULL,
		    NULL, &err) != 0)
		return -1;
	hand->configuration.backends = references;
	hand->configuration.services = services;
	hand->configuration.places = places;
	hand->configuration.capacity = COUNT(places);
	hand->configuration.service_places = service_places;
	hand->configuration.service_end = COUNT(service_places);
	hand->snapshot.ttls = (struct flow_ttl *)ttls;
	hand->snapshot.service_capacity = COUNT(ttls);
	for (int w = 0; w < WORKERS; w++) {
		size_t size = flow_table_footprint(CAPACITY);
		void *memory = aligned_alloc(64, (size + 63) & ~(size_t)63);

		memset(memory, 0, size);
		hand->tables[w] = flow_table_new(memory, CAPACITY);
	}
	*state = hand;
	return 0;
}

static int leave(void **state)
{
	struct hand *hand = *state;

	for (int w = 0; w < WORKERS; w++)
		free(hand->tables[w]);
	config_free(hand->configuration.config);
	free(hand);
	return 0;
}

static void add(struct hand *hand, int worker, const char *client, uint16_t port, uint16_t service,
	uint32_t backend, enum flow_state flow_state, uint32_t age_s)
{
	static uint64_t hash;
	struct addr addr;
	struct flow_begin begin = {
		.hash = hash += 0x9e3779b97f4a7c15ull,
		.client_port = htons(port),
		.service = service,
		.backend = backend,
		.state = flow_state,
	};

	assert_int_equal(addr_parse(client, &addr), 0);
	begin.client = flow_client_from_addr(&addr);
	flow_insert(hand->tables[worker], &begin, ttls, COUNT(ttls), CLOCK_S - age_s);
}

static int ask(struct hand *hand, const char *service, const char *backend, const char *client,
	uint32_t limit, struct error *err)
{
	struct message_flows request = {.limit = limit};

	memcpy(request.service, service, strnlen(service, sizeof(request.service)));
	memcpy(request.backend, backend, strnlen(backend, sizeof(request.backend)));
	if (client[0] != '\0')
		assert_int_equal(prefix_parse_or_address(client, &request.clients), 0);
	return flows_begin(&hand->listing, &request, &hand->configuration, err);
}

// All of the listing; returns how many rows there were. The first 'most' go to 'rows'.
static uint32_t list(struct hand *hand, struct message_row_flow *rows, uint32_t most)
{
	const struct flows_source source = {
		hand->tables, WORKERS, &hand->snapshot, &hand->configuration, CLOCK_S};
	struct message_row_flow row;
	uint32_t count = 0;

	for (;;) {
		switch (flows_next(&hand->listing, &source, &row)) {
		case FLOWS_ROW:
			if (count < most)
				rows[count] = row;
			count++;
			break;
		case FLOWS_MORE:
			break;
		case FLOWS_END:
			return count;
		}
	}
}

static void what_cannot_be_listed_is_told(void **state)
{
	static const char long_name[] =
		"0123456789012345678901234567890123456789012345678901234567890123456789";
	static const struct {
		const char *service, *backend;
		uint32_t limit;
		int rc;
		const char *says;
	} rows[] = {
		{"shop", "", 1, -ENOENT, "there is no service 'shop'"},
		{"we", "", 1, -ENOENT, "'we'"},
		{long_name, "", 1, -ENOENT, "there is no service '0123"},
		{"", "c", 1, -ENOENT, "'c'"},
		{"", "a", 1, -EEXIST, "one/a"},
		{"", "three/a", 1, -ENOENT, "three"},
		{"", "", MESSAGE_FLOWS_MAX + 1, -EINVAL, "at most 100000"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error err = {{0}};

		assert_int_equal(
			ask(*state, rows[i].service, rows[i].backend, "", rows[i].limit, &err),
			rows[i].rc);
		if (strstr(err.text, rows[i].says) == NULL)
			fail_msg("'%s' is not in '%s'", rows[i].says, err.text);
	}
}

static void an_empty_table_has_no_rows(void **state)
{
	struct hand *hand = *state;

	assert_int_equal(ask(hand, "", "", "", 10, NULL), 0);
	assert_int_equal(list(hand, NULL, 0), 0);
	assert_int_equal(hand->listing.matched, 0);
}

static void a_row_says_all_that_is_known(void **state)
{
	struct message_row_flow row;

	add(*state, 1, "2001:db8::5", 40000, WEB, references[0], FLOW_ESTABLISHED, 80);
	assert_int_equal(ask(*state, "", "", "", 10, NULL), 0);
	assert_int_equal(list(*state, &row, 1), 1);
	assert_string_equal(row.service, "web");
	assert_string_equal(row.pool, "one");
	assert_string_equal(row.backend, "a");
	assert_int_equal(row.client.family, ADDR_IPV6);
	assert_int_equal(row.client.bytes[15], 5);
	assert_int_equal(row.client_port, 40000);
	assert_int_equal(row.state, MESSAGE_FLOW_ESTABLISHED);
	assert_int_equal(row.worker, 1);
	assert_in_range(row.age_s, 80, 88);
	assert_int_equal(row.idle_s, 80);
}

static void each_filter_keeps_what_matches(void **state)
{
	static const struct {
		const char *service, *backend, *client;
		uint32_t count;
	} rows[] = {
		{"", "", "", 5},
		{"web", "", "", 3},
		{"dns", "", "", 1},
		{"", "one/a", "", 1},
		{"", "b", "", 2},
		{"", "two/a", "", 1},
		{"", "", "192.0.2.1", 3},
		{"", "", "2001:db8::1", 1},
		{"", "", "192.0.2.9", 0},
		{"", "", "192.0.2.0/31", 3},
		{"", "", "192.0.2.0/24", 4},
		{"", "", "192.0.3.0/24", 0},
		{"", "", "128.0.0.0/1", 4},
		{"", "", "0.0.0.0/0", 4},
		{"", "", "2001:db8::/32", 1},
		{"", "", "2001:db8:8000::/33", 0},
		{"", "", "::/0", 1},
		{"web", "", "192.0.2.0/24", 2},
		{"web", "b", "192.0.2.1", 1},
		{"dns", "b", "", 0},
	};

	add(*state, 0, "192.0.2.1", 1, WEB, references[0], FLOW_ESTABLISHED, 0);
	add(*state, 0, "192.0.2.1", 2, WEB, references[1], FLOW_NEW, 0);
	add(*state, 1, "2001:db8::1", 3, WEB, references[1], FLOW_ESTABLISHED, 0);
	add(*state, 1, "192.0.2.1", 4, DNS, references[2], FLOW_UDP, 0);
	add(*state, 1, "192.0.2.2", 5, 2, GONE, FLOW_ESTABLISHED, 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(
			ask(*state, rows[i].service, rows[i].backend, rows[i].client, 10, NULL), 0);
		if (list(*state, NULL, 0) != rows[i].count)
			fail_msg("row %zu: %lu match", i, ((struct hand *)*state)->listing.matched);
	}
}

static void expired_flows_and_names_that_are_gone_are_left_out(void **state)
{
	struct message_row_flow row;

	add(*state, 0, "192.0.2.1", 1, DNS, references[2], FLOW_UDP, 61);
	// The index is configured again, for another backend; and a service of none.
	add(*state, 0, "192.0.2.1", 2, 2, 2, FLOW_ESTABLISHED, 0);
	assert_int_equal(ask(*state, "", "", "", 10, NULL), 0);
	assert_int_equal(list(*state, &row, 1), 1);
	assert_string_equal(row.service, "");
	assert_string_equal(row.pool, "");
	assert_string_equal(row.backend, "");
	assert_int_equal(row.client_port, 2);
}

static void above_the_limit_flows_are_counted_alone(void **state)
{
	struct hand *hand = *state;

	for (uint16_t i = 0; i < 300; i++)
		add(hand, i % WORKERS, "192.0.2.1", i, WEB, references[i % 2], FLOW_ESTABLISHED, 0);
	assert_int_equal(ask(hand, "", "", "", 20, NULL), 0);
	assert_int_equal(list(hand, NULL, 0), 20);
	assert_int_equal(hand->listing.matched, 300);
	assert_int_equal(ask(hand, "", "b", "", 0, NULL), 0);
	assert_int_equal(list(hand, NULL, 0), 0);
	assert_int_equal(hand->listing.matched, 150);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, enter, leave)
	const struct CMUnitTest tests[] = {
		TEST(what_cannot_be_listed_is_told),
		TEST(an_empty_table_has_no_rows),
		TEST(a_row_says_all_that_is_known),
		TEST(each_filter_keeps_what_matches),
		TEST(expired_flows_and_names_that_are_gone_are_left_out),
		TEST(above_the_limit_flows_are_counted_alone),
	};

	return cmocka_run_group_tests_name("forecast_flows", tests, NULL, NULL);
}
