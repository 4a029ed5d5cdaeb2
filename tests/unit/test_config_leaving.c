// SPDX-License-Identifier: BSD-3-Clause
// Backends that leave go through a file from one daemon to the next, whatever operators applied
// before.
#include <config/config.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define SEQUENCES 400
#define APPLIES   12
#define NAMES     6u
#define ADDRESSES 6u

static char path[] = "/tmp/fulcrum-leaving-XXXXXX";

static uint32_t pick(uint32_t below)
{
	return (uint32_t)random() % below;
}

// An address is a backend's, in one of two families, or a VIP.
static void write_pool(FILE *out, uint32_t number, const bool *is_vip, bool is_ipv6)
{
	uint32_t names[NAMES], count = pick(NAMES);

	for (uint32_t i = 0; i < NAMES; i++)
		names[i] = i;
	for (uint32_t i = NAMES - 1; i > 0; i--) {
		uint32_t other = pick(i + 1), name = names[i];

		names[i] = names[other];
		names[other] = name;
	}
	fprintf(out, "  - name: p%u\n    previous_table: %us\n", number, pick(100));
	if (pick(2) == 0)
		fputs(is_ipv6 ? "    outer_source: 2001:db8:f::/96\n"
			      : "    outer_source: 10.9.0.0/16\n",
			out);
	fputs("    backends:\n      - {name: always, address: ", out);
	fputs(is_ipv6 ? "'2001:db8::99'}\n" : "10.0.1.99}\n", out);
	for (uint32_t i = 0; i < ADDRESSES && i < count; i++) {
		if (is_vip[i])
			continue;
		fprintf(out,
			is_ipv6 ? "      - {name: b%u, address: '2001:db8::%u'"
				: "      - {name: b%u, address: 10.0.1.%u",
			names[i], i + 1);
		fprintf(out, ", weight: %u, zone: z%u}\n", pick(3) * 50, pick(3));
	}
}

static struct config *make(void)
{
	bool is_vip[ADDRESSES], is_ipv6 = pick(4) == 0;
	struct config *config = NULL;
	struct error err = {{0}};
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fputs("services:\n  - {name: s, vip: 203.0.113.10, protocol: tcp, port: 443, pool: p0}\n",
		out);
	for (uint32_t i = 0; i < ADDRESSES; i++) {
		is_vip[i] = pick(4) == 0;
		if (is_vip[i])
			fprintf(out,
				"  - {name: s%u, vip: 10.0.1.%u, protocol: tcp, port: 443, pool: p0}\n",
				i, i + 1);
	}
	fputs("pools:\n", out);
	write_pool(out, 0, is_vip, is_ipv6);
	if (pick(2) == 0)
		write_pool(out, 1, is_vip, is_ipv6);
	fclose(out);
	if (config_load_text("random", text, size, &config, NULL, NULL, &err) != 0)
		fail_msg("%s\n%s", err.text, text);
	free(text);
	return config;
}

static bool has(const struct config *config, const struct config_backend *backend)
{
	char name[2 * CONFIG_NAME_SIZE];
	uint32_t at;

	snprintf(name, sizeof(name), "%s/%s", backend->pool, backend->name);
	return config_find_backend(config, name, &at, NULL) == 0;
}

// What an apply of 'next' makes of what runs: nobody's flows are over yet.
static struct config *apply(struct config *running, struct config *next)
{
	uint32_t *missing = calloc(running->backend_count + 1, sizeof(*missing)), count = 0;
	struct config *all;

	for (uint32_t i = 0; i < running->backend_count; i++)
		if (!has(next, &running->backends[i]))
			missing[count++] = i;
	all = config_with_leaving(next, running, missing, count);
	assert_non_null(all);
	free(missing);
	config_free(running);
	config_free(next);
	return all;
}

static void assert_same_backend(const struct config_backend *a, const struct config_backend *b)
{
	assert_string_equal(a->name, b->name);
	assert_string_equal(a->pool, b->pool);
	assert_string_equal(a->zone, b->zone);
	assert_true(addr_equal(&a->address, &b->address));
	assert_int_equal(a->weight, b->weight);
	assert_int_equal(a->state, b->state);
}

static void assert_same_pool(const struct config_pool *a, const struct config_pool *b)
{
	struct config_pool x = *a, y = *b;

	x.first_backend = y.first_backend = x.backend_count = y.backend_count = 0;
	assert_memory_equal(&x, &y, sizeof(x));
}

static uint32_t write_and_load(const struct config *running)
{
	FILE *file = fopen(path, "w");
	struct config *left = NULL;
	struct error err = {{0}};
	uint32_t found = 0;

	assert_non_null(file);
	assert_int_equal(config_write_leaving(running, file), 0);
	fclose(file);
	if (config_load_leaving(path, &left, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(left->service_count, 0);
	for (uint32_t i = 0; i < running->backend_count; i++) {
		const struct config_backend *backend = &running->backends[i];

		if (backend->state != CONFIG_STATE_LEAVING)
			continue;
		assert_true(found < left->backend_count);
		assert_same_backend(&left->backends[found], backend);
		assert_same_pool(&left->pools[left->backends[found].pool_index],
			&running->pools[backend->pool_index]);
		found++;
	}
	assert_int_equal(found, left->backend_count);
	config_free(left);
	return found;
}

static void whatever_was_applied_those_that_leave_come_through_the_file(void **state)
{
	uint32_t found = 0;

	srandom(6);
	for (uint32_t s = 0; s < SEQUENCES; s++) {
		struct config *running = make();

		for (uint32_t i = 0; i < APPLIES; i++) {
			running = apply(running, make());
			found += write_and_load(running);
		}
		config_free(running);
	}
	assert_true(found > SEQUENCES * APPLIES);
}

// A daemon that was upgraded reads what the one before left: all of its configuration, and those
// that leave as draining.
static void what_earlier_daemons_left_is_read(void **state)
{
	static const char text[] =
		"# version 1, applied at 0\n"
		"services:\n  - {name: s, vip: 10.0.1.12, protocol: tcp, port: 443, pool: p}\n"
		"pools:\n  - name: p\n    backends:\n"
		"      - {name: s9, address: 10.0.1.11, state: active}\n"
		"      - {name: s1, address: 10.0.1.11, state: draining}\n"
		"      - {name: s2, address: 10.0.1.12, state: draining}\n# end\n";
	FILE *file = fopen(path, "w");
	struct config *left = NULL;
	struct error err = {{0}};

	fputs(text, file);
	fclose(file);
	if (config_load_leaving(path, &left, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(left->backend_count, 2);
	assert_string_equal(left->backends[0].name, "s1");
	assert_string_equal(left->backends[1].name, "s2");
	assert_int_equal(left->backends[1].state, CONFIG_STATE_LEAVING);
	config_free(left);
}

static void bytes_that_are_no_such_file_are_refused(void **state)
{
	static const char *const bad[] = {"services: [",
		"pools: [{name: p, backends: [{name: x}]}]",
		"pools: [{name: p, backends: [{name: x, address: 10.0.0.1, state: gone}]}]"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		FILE *file = fopen(path, "w");
		struct config *left = NULL;
		struct error err;

		fputs(bad[i], file);
		fclose(file);
		assert_int_equal(config_load_leaving(path, &left, &err), -EINVAL);
		assert_null(left);
	}
}

// What is written may be longer than what a person may send.
static void a_long_configuration_that_was_written_is_read(void **state)
{
	FILE *file = fopen(path, "w");
	struct config *config = NULL;
	struct error err = {{0}};

	for (uint32_t size = 0; size <= CONFIG_TEXT_MAX; size += 1u << 20)
		fprintf(file, "#%*s\n", (1 << 20) - 2, "");
	fputs("services: []\npools: []\n", file);
	fclose(file);
	assert_int_not_equal(config_load_file(path, &config, NULL, NULL, &err), 0);
	if (config_load_written(path, &config, &err) != 0)
		fail_msg("%s", err.text);
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_was_applied_those_that_leave_come_through_the_file),
		cmocka_unit_test(what_earlier_daemons_left_is_read),
		cmocka_unit_test(bytes_that_are_no_such_file_are_refused),
		cmocka_unit_test(a_long_configuration_that_was_written_is_read),
	};
	int failed;

	close(mkstemp(path));
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return failed;
}
