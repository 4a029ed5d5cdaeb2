// SPDX-License-Identifier: BSD-3-Clause
#include "handover_side.h"

#include <base/clock.h>
#include <control/flows_file_private.h>
#include <errno.h>
#include <fcntl.h>
#include <flow/flow_inline.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define CAPACITY     1024
#define FILE_MAX     8192

static const char yaml[] =
	"services:\n"
	"  - {name: web, vip: 203.0.113.10, protocol: tcp, port: 443, pool: one}\n"
	"  - {name: web6, vip: '2001:db8::10', protocol: tcp, port: 443, pool: one}\n"
	"  - {name: dns, vip: 203.0.113.10, protocol: udp, port: 53, pool: two}\n"
	"  - {name: many, vip: 203.0.113.11, protocol: tcp, ports: 1000-1999, pool: one}\n"
	"pools:\n"
	"  - {name: one, backends: [{name: a, address: 10.0.0.1}, {name: b, address: 10.0.0.2}]}\n"
	"  - {name: two, backends: [{name: a, address: 10.0.0.3}]}\n";

// The same backends and services, and others that had their indexes before.
static const char yaml_before[] =
	"services:\n"
	"  - {name: old, vip: 203.0.113.99, protocol: tcp, port: 80, pool: old}\n"
	"  - {name: dns, vip: 203.0.113.10, protocol: udp, port: 53, pool: two}\n"
	"pools:\n"
	"  - {name: two, backends: [{name: z, address: 10.0.0.9}, {name: a, address: 10.0.0.3}]}\n"
	"  - {name: old, backends: [{name: x, address: 10.0.0.7}, {name: y, address: 10.0.0.8}]}\n";

static const char yaml_less[] =
	"services:\n"
	"  - {name: web, vip: 203.0.113.10, protocol: tcp, port: 443, pool: one}\n"
	"pools:\n"
	"  - {name: one, backends: [{name: b, address: 10.0.0.2}]}\n";

static const char yaml_other_key[] =
	"hash_key: 000102030405060708090a0b0c0d0e0f\n"
	"services:\n"
	"  - {name: web, vip: 203.0.113.10, protocol: tcp, port: 443, pool: one}\n"
	"  - {name: many, vip: 203.0.113.11, protocol: tcp, ports: 1000-1999, pool: one}\n"
	"pools:\n"
	"  - {name: one, backends: [{name: a, address: 10.0.0.1}, {name: b, address: 10.0.0.2}]}\n";

static char folder[] = "/tmp/fulcrum-handover-XXXXXX";
static char path[sizeof(folder) + 16];

// Any hash: a good mixing of a counter.
static uint64_t mixed(uint64_t value)
{
	value = (value + 1) * 0x9e3779b97f4a7c15;
	value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
	return value ^ (value >> 27);
}

static int enter(void **state)
{
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/flows", folder);
	return 0;
}

static int leave(void **state)
{
	return rmdir(folder); // nothing is left in it
}

static const struct flow {
	const char *service;
	const char *backend;
	const char *client;
	uint16_t port;
	enum flow_state state;
	uint32_t age_s;
	uint32_t idle_s;
} flows[] = {
	{"web", "one/a", "198.51.100.7", 40000, FLOW_ESTABLISHED, 3600, 10},
	{"web", "one/b", "198.51.100.7", 40001, FLOW_NEW, 20, 20},
	{"web", "one/b", "198.51.100.8", 40001, FLOW_CLOSING, 320, 1},
	{"web", "one/a", "255.255.255.255", 65535, FLOW_ESTABLISHED, 0, 0},
	{"web6", "one/b", "2001:db8:1::7", 40002, FLOW_ESTABLISHED, 14000, 14000},
	{"dns", "two/a", "198.51.100.7", 5353, FLOW_UDP, 32, 5},
};

static void add(struct side *side, uint32_t worker, const struct flow *flow)
{
	side_add(side, worker, side_hash(side, flow->service, flow->client, flow->port),
		flow->client, flow->port, flow->service, flow->backend, flow->state, flow->age_s,
		flow->idle_s);
}

static void add_all(struct side *side)
{
	for (size_t i = 0; i < COUNT(flows); i++)
		add(side, (uint32_t)i % side->config.worker_count, &flows[i]);
}

static bool knows(const struct side *side, uint32_t worker, const struct flow *flow)
{
	struct flow_row row;

	return side_find(side, worker, side_hash(side, flow->service, flow->client, flow->port),
		flow->port, &row);
}

// A second may have begun meanwhile, and a beginning is known to 16.
static bool is_about(uint32_t value, uint32_t wanted, uint32_t exact)
{
	return value + 1 >= wanted && value <= wanted + exact + 2;
}

static void assert_knows(const struct side *side, uint32_t worker, const struct flow *flow)
{
	struct flow_row row;

	assert_true(side_find(side, worker,
		side_hash(side, flow->service, flow->client, flow->port), flow->port, &row));
	assert_int_equal(row.backend, side_backend(side, flow->backend));
	assert_int_equal(row.service, side_service(side, flow->service));
	assert_int_equal(row.state, flow->state);
	assert_true(is_about(row.age_s, flow->age_s, 32));
	assert_true(is_about(row.idle_s, flow->idle_s, 0));
}

static uint32_t count_rows(const struct side *side, uint32_t worker)
{
	struct flow_row rows[FLOW_WAYS];
	uint32_t count = 0;

	for (uint32_t b = 0; b < flow_table_buckets(side->tables[worker]); b++)
		count += flow_read_bucket(side->tables[worker], b, side->snapshot.ttls,
			side->snapshot.service_capacity, side_now_s(), rows);
	return count;
}

// A daemon with all of the flows ends.
static void save_all(const char *before, uint32_t workers)
{
	struct handover_count count;
	struct side side;
	struct error err;

	side_init(&side, folder, before, yaml, workers, CAPACITY);
	add_all(&side);
	assert_int_equal(handover_save(&side.handover, &count, &err), 0);
	assert_int_equal(count.done, COUNT(flows));
	assert_false(count.is_cut);
	side_free(&side);
}

static void a_flow_is_the_same_in_the_next_daemon(void **state)
{
	struct handover_count count;
	struct side side;
	struct error err;
	struct stat file;

	save_all(NULL, 2);
	assert_int_equal(stat(path, &file), 0);
	assert_int_equal(file.st_mode & 0777, 0600);
	side_init(&side, folder, NULL, yaml, 2, CAPACITY);
	assert_int_equal(handover_take(&side.handover, &count, &err), 0);
	assert_int_equal(count.done, COUNT(flows));
	for (size_t i = 0; i < COUNT(flows); i++) {
		assert_knows(&side, i % 2, &flows[i]);
		assert_false(knows(&side, (i + 1) % 2, &flows[i]));
	}
	assert_int_equal(handover_take(&side.handover, &count, &err), -ENOENT);
	side_free(&side);
}

static void a_flow_follows_the_names_and_not_the_numbers(void **state)
{
	struct handover_count count;
	struct side side;
	struct error err;

	save_all(yaml_before, 1);
	side_init(&side, folder, NULL, yaml, 1, CAPACITY);
	assert_int_equal(handover_take(&side.handover, &count, &err), 0);
	for (size_t i = 0; i < COUNT(flows); i++)
		assert_knows(&side, 0, &flows[i]);
	side_free(&side);

	save_all(NULL, 1);
	side_init(&side, folder, yaml_before, yaml, 1, CAPACITY);
	assert_int_equal(handover_take(&side.handover, &count, &err), 0);
	for (size_t i = 0; i < COUNT(flows); i++)
		assert_knows(&side, 0, &flows[i]);
	side_free(&side);
}

static void a_flow_of_what_is_gone_is_left_out(void **state)
{
	struct handover_count count;
	struct side side;
	struct error err;

	save_all(NULL, 1);
	side_init(&side, folder, NULL, yaml_less, 1, CAPACITY);
	assert_int_equal(handover_take(&side.handover, &count, &err), 0);
	assert_int_equal(count.unknown, 4);
	assert_int_equal(count.done, 2);
	assert_int_equal(count_rows(&side, 0), 2);
	assert_knows(&side, 0, &flows[1]);
	assert_knows(&side, 0, &flows[2]);
	side_free(&side);
}

static void a_row_whose_backend_went_before_is_not_saved(void **state)
{
	struct handover_count count;
	struct side side;
	struct error err;

	side_init(&side, folder, NULL, yaml, 1, CAPACITY);
	add(&side, 0, &flows[0]);
	add(&side, 0, &flows[1]);
	side.edition->backends[0] += 1u << BACKEND_INDEX_BITS; // another one has its index
	assert_int_equal(handover_save(&side.handover, &count, &err), 0);
	assert_int_equal(count.unknown, 1);
	assert_int_equal(count.done, 1);
	side_free(&side);
	assert_int_equal(unlink(path), 0);
}

// Names, and the flows, of a daemon that ended so long ago.
static void save_before(uint32_t ago_s)
{
	struct flows_writer *writer;
	struct flows_mark mark;
	struct side side;
	struct error err;

	side_init(&side, folder, NULL, yaml, 1, CAPACITY);
	handover_mark(&side.handover, &mark);
	mark.saved_s -= ago_s;
	assert_int_equal(flows_writer_new(folder, &mark, &writer, &err), 0);
	flows_writer_add_name(writer, KEPT_SERVICE, "web");
	flows_writer_add_name(writer, KEPT_BACKEND, "one/b");
	for (uint32_t i = 0; i < 2; i++) {
		struct flows_record record = {.kept = {.client_port = be16((uint16_t)(40000 + i)),
						      .client = flow_client_from_ipv4_be(1 + i),
						      .state = FLOW_ESTABLISHED,
						      .hash = mixed(i),
						      .idle_s = i == 0 ? 100 : 14400 - 60}};

		flows_writer_add_row(writer, &record);
	}
	assert_int_equal(flows_writer_close(writer, &err), 0);
	side_free(&side);
}

static void the_time_between_counts(void **state)
{
	struct handover_count count;
	struct flow_row row;
	struct side side;
	struct error err;

	save_before(120);
	side_init(&side, folder, NULL, yaml, 1, CAPACITY);
	assert_int_equal(handover_take(&side.handover, &count, &err), 0);
	assert_int_equal(count.expired, 1);
	assert_int_equal(count.done, 1);
	assert_true(side_find(&side, 0, mixed(0), 40000, &row));
	assert_true(is_about(row.idle_s, 220, 0));
	assert_true(is_about(row.age_s, 120, 16));
	side_free(&side);
}

static void flows_of_long_ago_are_left_out(void **state)
{
	struct handover_count count;
	struct side side;
	struct error err;

	save_before(HANDOVER_VALID_S + 2);
	side_init(&side, folder, NULL, yaml, 1, CAPACITY);
	assert_int_equal(handover_take(&side.handover, &count, &err), -ESTALE);
	assert_string_equal(err.text, "the flows are of 15 minutes ago, and too old after 15");
	assert_int_equal(count_rows(&side, 0), 0);
	assert_int_not_equal(access(path, F_OK), 0);
	side_free(&side);
}

static void a_clock_that_was_set_back_ages_nothing(void **state)
{
	struct handover_count count;
	struct flow_row row;
	struct side side;
	struct error err;

	save_before((uint32_t)-3600);
	side_init(&side, folder, NULL, yaml, 1, CAPACITY);
	assert_int_equal(handover_take(&side.handover, &count, &err), 0);
	assert_int_equal(count.done, 2);
	assert_true(side_find(&side, 0, mixed(0), 40000, &row));
	assert_true(is_about(row.idle_s, 100, 0));
	side_free(&side);
}

static void every_worker_knows_a_flow_where_they_are_more_or_fewer(void **state)
{
	static const uint32_t workers[][2] = {{1, 3}, {3, 1}, {2, 3}};
	struct handover_count count;
	struct side side;
	struct error err;

	for (size_t i = 0; i < COUNT(workers); i++) {
		save_all(NULL, workers[i][0]);
		side_init(&side, folder, NULL, yaml, workers[i][1], CAPACITY);
		assert_int_equal(handover_take(&side.handover, &count, &err), 0);
		assert_int_equal(count.done, COUNT(flows));
		for (uint32_t w = 0; w < workers[i][1]; w++) {
			for (size_t f = 0; f < COUNT(flows); f++)
				assert_knows(&side, w, &flows[f]);
		}
		side_free(&side);
	}
}

static void every_worker_knows_a_flow_where_packets_are_spread_by_another_key(void **state)
{
	struct handover_count count;
	struct side side;
	struct error err;

	save_all(NULL, 2);
	side_init(&side, folder, NULL, yaml, 2, CAPACITY);
	side.port.spread.key[0]++;
	assert_int_equal(handover_take(&side.handover, &count, &err), 0);
	for (size_t f = 0; f < COUNT(flows); f++) {
		assert_knows(&side, 0, &flows[f]);
		assert_knows(&side, 1, &flows[f]);
	}
	side_free(&side);
}

static void of_two_rows_the_one_with_the_later_packet_counts(void **state)
{
	struct flow early = flows[0], late = flows[0];
	struct handover_count count;
	struct side side;
	struct error err;

	late.backend = "one/b";
	early.idle_s = 500;
	for (uint32_t swapped = 0; swapped < 2; swapped++) {
		side_init(&side, folder, NULL, yaml, 2, CAPACITY);
		add(&side, swapped, &early);
		add(&side, 1 - swapped, &late);
		assert_int_equal(handover_save(&side.handover, &count, &err), 0);
		side_free(&side);
		side_init(&side, folder, NULL, yaml, 1, CAPACITY);
		assert_int_equal(handover_take(&side.handover, &count, &err), 0);
		assert_int_equal(count_rows(&side, 0), 1);
		assert_knows(&side, 0, &late);
		side_free(&side);
	}
}

// In tables of another size, and under another key, a flow's place follows from its packets.
static void a_flow_finds_its_place_in_another_table(void **state)
{
	static const struct flow ranged = {
		"many", "one/a", "198.51.100.7", 40009, FLOW_ESTABLISHED, 16, 1};
	static const struct {
		const char *yaml;
		uint64_t capacity;
	} next[] = {{yaml, 4096}, {yaml, 64}, {yaml_other_key, CAPACITY}};
	struct handover_count count;
	struct side side;
	struct error err;

	for (size_t i = 0; i < COUNT(next); i++) {
		side_init(&side, folder, NULL, yaml, 1, CAPACITY);
		for (size_t f = 0; f < 4; f++)
			add(&side, 0, &flows[f]);
		add(&side, 0, &ranged);
		assert_int_equal(handover_save(&side.handover, &count, &err), 0);
		side_free(&side);
		side_init(&side, folder, NULL, next[i].yaml, 1, next[i].capacity);
		assert_int_equal(handover_take(&side.handover, &count, &err), 0);
		assert_int_equal(count.done, 4);
		assert_int_equal(count.homeless, 1);
		for (size_t f = 0; f < 4; f++)
			assert_knows(&side, 0, &flows[f]);
		side_free(&side);
	}
}

#define MANY 60000u

static uint32_t count_found(const struct side *side)
{
	struct flow_row row;
	uint32_t found = 0;

	for (uint32_t i = 0; i < MANY; i++)
		found += side_find(side, 0, mixed(i), (uint16_t)i, &row);
	return found;
}

static void many_flows_come_back_all(void **state)
{
	struct handover_count saved, taken;
	struct side side;
	struct error err;
	uint32_t live;

	side_init(&side, folder, NULL, yaml, 1, 65536);
	for (uint32_t i = 0; i < MANY; i++)
		side_add(&side, 0, mixed(i), "198.51.100.7", (uint16_t)i, "web", "one/a",
			FLOW_ESTABLISHED, 0, 0);
	live = count_found(&side);
	assert_true(live > 50000); // so full that many are guests in the other bucket of their pair
	assert_int_equal(handover_save(&side.handover, &saved, &err), 0);
	assert_int_equal(saved.done, live);
	side_free(&side);
	side_init(&side, folder, NULL, yaml, 1, 65536);
	assert_int_equal(handover_take(&side.handover, &taken, &err), 0);
	assert_int_equal(taken.done, live);
	assert_int_equal(count_found(&side), live);
	side_free(&side);
}

static void without_flows_there_is_no_file(void **state)
{
	struct handover_count count;
	struct side side;
	struct error err;

	side_init(&side, folder, NULL, yaml, 1, CAPACITY);
	assert_int_equal(handover_save(&side.handover, &count, &err), 0);
	assert_int_not_equal(access(path, F_OK), 0);
	assert_int_equal(handover_take(&side.handover, &count, &err), -ENOENT);
	side_free(&side);
}

static void a_save_ends_when_its_time_is_over(void **state)
{
	struct handover_count count;
	struct side side;
	struct error err;

	side_init(&side, folder, NULL, yaml, 1, CAPACITY);
	add_all(&side);
	side.handover.budget_ns = 0;
	assert_int_equal(handover_save(&side.handover, &count, &err), 0);
	assert_true(count.is_cut);
	assert_int_equal(count.done, 0);
	side_free(&side);
}

static void a_folder_that_cannot_be_written_is_told(void **state)
{
	struct handover_count count;
	struct side side;
	struct error err;

	side_init(&side, "/nonexistent", NULL, yaml, 1, CAPACITY);
	add_all(&side);
	assert_int_equal(handover_save(&side.handover, &count, &err), -ENOENT);
	assert_string_equal(err.text, "/nonexistent/flows.new: No such file or directory");
	side_free(&side);
}

// --- Files that are not as a daemon wrote them ---

static size_t read_file(uint8_t bytes[FILE_MAX])
{
	int fd = open(path, O_RDONLY);
	ssize_t size = read(fd, bytes, FILE_MAX);

	assert_true(size > 0 && size < FILE_MAX);
	close(fd);
	return (size_t)size;
}

static void write_file(const uint8_t *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
}

static int take(uint32_t *rows, struct handover_count *count, struct error *err)
{
	struct side side;
	int rc;

	side_init(&side, folder, NULL, yaml, 1, CAPACITY);
	rc = handover_take(&side.handover, count, err);
	*rows = count_rows(&side, 0);
	side_free(&side);
	assert_int_not_equal(access(path, F_OK), 0);
	return rc;
}

static void a_file_that_is_none_of_ours_is_told(void **state)
{
	uint8_t bytes[FILE_MAX], changed[FILE_MAX];
	struct handover_count count;
	struct error err;
	char text[128];
	uint32_t rows;
	size_t size;

	save_all(NULL, 1);
	size = read_file(bytes);
	write_file((const uint8_t *)"services: []\n", 13);
	assert_int_equal(take(&rows, &count, &err), -EINVAL);
	snprintf(text, sizeof(text), "%s: it holds no flows", path);
	assert_string_equal(err.text, text);

	memcpy(changed, bytes, size);
	changed[offsetof(struct file_head, version)]++;
	write_file(changed, size);
	assert_int_equal(take(&rows, &count, &err), -EINVAL);
	snprintf(text, sizeof(text), "%s: it is of version 2, and this daemon reads 1", path);
	assert_string_equal(err.text, text);

	write_file(bytes, 0);
	assert_int_equal(take(&rows, &count, &err), -EINVAL);
	assert_int_equal(rows, 0);
}

static void a_folder_in_the_place_of_the_file_is_told(void **state)
{
	struct handover_count count;
	struct side side;
	struct error err;

	assert_int_equal(mkdir(path, 0700), 0);
	side_init(&side, folder, NULL, yaml, 1, CAPACITY);
	assert_int_equal(handover_take(&side.handover, &count, &err), -EISDIR);
	side_free(&side);
	assert_int_equal(rmdir(path), 0);
}

static void a_file_that_was_cut_short_gives_whole_blocks_alone(void **state)
{
	uint8_t bytes[FILE_MAX];
	struct handover_count count;
	struct error err;
	uint32_t rows;
	size_t size;

	save_all(NULL, 1);
	size = read_file(bytes);
	for (size_t cut = 0; cut < size; cut++) {
		write_file(bytes, cut);
		assert_int_equal(take(&rows, &count, &err), -EINVAL);
		assert_true(rows == 0 || rows == COUNT(flows));
	}
	write_file(bytes, size);
	assert_int_equal(take(&rows, &count, &err), 0);
	assert_int_equal(rows, COUNT(flows));
}

static void a_byte_that_is_another_one_is_noticed(void **state)
{
	static const uint8_t changes[] = {0x01, 0x80, 0xff};
	uint8_t bytes[FILE_MAX];
	struct handover_count count;
	struct error err;
	uint32_t rows;
	size_t size;

	save_all(NULL, 1);
	size = read_file(bytes);
	for (size_t at = 0; at < size; at++) {
		for (size_t c = 0; c < COUNT(changes); c++) {
			bytes[at] ^= changes[c];
			write_file(bytes, size);
			assert_int_equal(take(&rows, &count, &err), -EINVAL);
			assert_true(rows == 0 || rows == COUNT(flows));
			bytes[at] ^= changes[c];
		}
	}
	unlink(path);
}

// Mostly small numbers, as in rows that mean something.
static void fill_body(uint8_t *body, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++)
		body[i] = rand() % 4 == 0 ? (uint8_t)rand() : (uint8_t)(rand() % 3);
	for (uint32_t i = 0; i + sizeof(struct file_row) <= size; i += sizeof(struct file_row)) {
		memset(body + i + offsetof(struct file_row, backend) + 1, 0, 3);
		body[i + offsetof(struct file_row, service) + 1] = 0;
	}
}

// A block of any bytes whose checksum is right; returns its size.
static size_t forge_block(uint8_t *at)
{
	struct block_head head = {.kind = (uint32_t)rand() % 6,
		.worker = rand() % 4 == 0 ? (uint32_t)rand() : 0,
		.size = (uint32_t)rand() % 400};

	fill_body(at + sizeof(head), head.size);
	head.crc = flows_file_crc(&head, at + sizeof(head));
	memcpy(at, &head, sizeof(head));
	return sizeof(head) + head.size;
}

static size_t block_size(const uint8_t *at)
{
	struct block_head head;

	memcpy(&head, at, sizeof(head));
	return sizeof(head) + head.size;
}

static void whatever_a_block_says_is_checked(void **state)
{
	uint8_t bytes[FILE_MAX], forged[FILE_MAX];
	struct handover_count count;
	struct error err;
	uint32_t rows, all = 0;

	save_all(NULL, 1);
	read_file(bytes);
	srand(1);
	for (uint32_t round = 0; round < 3000; round++) {
		size_t size = sizeof(struct file_head);

		// Mostly behind the names as they are, so that rows get as far as the tables.
		for (uint32_t b = 0; b < 2 && round % 4 != 0; b++)
			size += block_size(bytes + size);
		memcpy(forged, bytes, size);
		for (uint32_t b = 0; b < 3; b++)
			size += forge_block(forged + size);
		write_file(forged, size);
		take(&rows, &count, &err);
		assert_true(rows <= count.done);
		all += rows;
	}
	assert_true(all > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_that_is_none_of_ours_is_told),
		cmocka_unit_test(a_folder_in_the_place_of_the_file_is_told),
		cmocka_unit_test(a_file_that_was_cut_short_gives_whole_blocks_alone),
		cmocka_unit_test(a_byte_that_is_another_one_is_noticed),
		cmocka_unit_test(whatever_a_block_says_is_checked),
		cmocka_unit_test(a_folder_that_cannot_be_written_is_told),
		cmocka_unit_test(without_flows_there_is_no_file),
		cmocka_unit_test(a_save_ends_when_its_time_is_over),
		cmocka_unit_test(a_flow_is_the_same_in_the_next_daemon),
		cmocka_unit_test(a_flow_follows_the_names_and_not_the_numbers),
		cmocka_unit_test(a_flow_of_what_is_gone_is_left_out),
		cmocka_unit_test(a_row_whose_backend_went_before_is_not_saved),
		cmocka_unit_test(the_time_between_counts),
		cmocka_unit_test(flows_of_long_ago_are_left_out),
		cmocka_unit_test(a_clock_that_was_set_back_ages_nothing),
		cmocka_unit_test(every_worker_knows_a_flow_where_they_are_more_or_fewer),
		cmocka_unit_test(every_worker_knows_a_flow_where_packets_are_spread_by_another_key),
		cmocka_unit_test(of_two_rows_the_one_with_the_later_packet_counts),
		cmocka_unit_test(a_flow_finds_its_place_in_another_table),
		cmocka_unit_test(many_flows_come_back_all),
	};

	return cmocka_run_group_tests(tests, enter, leave);
}
