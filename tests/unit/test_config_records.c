// SPDX-License-Identifier: BSD-3-Clause
// Records as the channel brings them: any bytes.
#include <config/config.h>
#include <config/schema.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const text =
	"services:\n"
	"  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 443, target_port: 3080, pool: p}\n"
	"  - {name: t, vip: '2001:db8::1', protocol: udp, ports: any, pool: q}\n"
	"pools:\n"
	"  - {name: p, backends: [{name: a, address: 10.0.0.1}, {name: b, address: 10.0.0.2}]}\n"
	"  - {name: q, health: {port: 1}, backends: [{name: a, address: 10.0.0.1, zone: z}]}\n";

static struct config *good_config(void)
{
	struct config *config = NULL;

	assert_int_equal(
		config_load_text("good", text, strlen(text), &config, NULL, NULL, NULL), 0);
	return config;
}

enum record { SERVICE, POOL, BACKEND };

static uint8_t *record_bytes(struct config *config, enum record record)
{
	return record == SERVICE ? (uint8_t *)&config->services[0]
	       : record == POOL  ? (uint8_t *)&config->pools[0]
				 : (uint8_t *)&config->backends[0];
}

#define AT(type, member) offsetof(struct config_##type, member)

static void a_byte_that_no_record_has_is_refused(void **state)
{
	static const struct {
		enum record record;
		size_t offset;
		uint8_t byte;
		const char *sentence; // how it begins
	} rows[] = {
		{SERVICE, AT(service, name), 0,
			"service record 1: name must be 1 to 63 characters"},
		{SERVICE, AT(service, name), '-',
			"service record 1: name must be 1 to 63 characters"},
		{SERVICE, AT(service, name) + 1, 0xff, "service record 1: name must be"},
		{SERVICE, AT(service, name) + 2, 'x', "service record 1: name must be"},
		{SERVICE, AT(service, name) + 63, 'x', "service record 1: name must be"},
		{SERVICE, AT(service, pool) + 63, 'x', "service record 1: pool must be"},
		{SERVICE, AT(service, vip.family), 0, "service record 1: vip must be"},
		{SERVICE, AT(service, vip.family), 5, "service record 1: vip must be"},
		{SERVICE, AT(service, vip.family), ADDR_IPV6, NULL},
		{SERVICE, AT(service, vip.bytes), 127,
			"service record 1: vip must be an IPv4 or IPv6"},
		{SERVICE, AT(service, vip.bytes) + 4, 1, "service record 1: vip must be"},
		{SERVICE, AT(service, vip.zero) + 1, 1, "service record 1: vip must be"},
		{SERVICE, AT(service, ports) + 1, 0xff,
			"service record 1: ports must be a range such as 30000-30999, any, or one port, not 65467-443"},
		{SERVICE, AT(service, ports) + 3, 0, "service record 1: ports must be"},
		{SERVICE, AT(service, protocols), 0,
			"service record 1: protocol must be tcp or udp"},
		{SERVICE, AT(service, protocols), 132,
			"service record 1: protocol must be tcp or udp, not the number 132"},
		{SERVICE, AT(service, forwarding), 2, "service record 1: forwarding must be"},
		{SERVICE, AT(service, affinity), 3, "service record 1: affinity must be"},
		{SERVICE, AT(service, zero), 1,
			"service 's': unused bytes of the record must be zero"},
		{SERVICE, AT(service, ports) + 4, 1,
			"service record 1: ports must be zero behind its 1 entries"},
		{SERVICE, AT(service, port_count), 0,
			"service record 1: ports must have 1 to 32 entries, not 0"},
		{SERVICE, AT(service, port_count), 33,
			"service record 1: ports must have 1 to 32 entries, not 33"},
		{SERVICE, AT(service, port_count), 2, "service record 1: ports must be a range"},
		{SERVICE, AT(service, protocol_count), 0,
			"service record 1: protocol must have 1 to 2 entries, not 0"},
		{SERVICE, AT(service, protocol_count), 3,
			"service record 1: protocol must have 1 to 2 entries, not 3"},
		{SERVICE, AT(service, protocols) + 1, CONFIG_UDP,
			"service record 1: protocol must be zero behind its 1 entries"},
		{SERVICE, AT(service, prefer_floor), 0,
			"service record 1: prefer_floor must be 1% to 100%, not 0%"},
		{SERVICE, AT(service, prefer_floor), 101,
			"service record 1: prefer_floor must be 1% to 100%, not 101%"},
		{SERVICE, AT(service, prefer_count), 9,
			"service record 1: prefer must have 0 to 8 entries, not 9"},
		{SERVICE, AT(service, prefer_count), 1, "service record 1: prefer must be"},
		{SERVICE, AT(service, prefer) + 64, 'z',
			"service record 1: prefer must be zero behind its 0 entries"},
		{SERVICE, AT(service, flow_ttl.new_s) + 3, 1, "service record 1: new must be"},
		{SERVICE, AT(service, flow_ttl.udp_s), 0, "service record 1: udp must be"},
		{SERVICE, AT(service, pool_index), 77, NULL}, // set anew
		{POOL, AT(pool, name), '/', "pool record 1: name must be"},
		{POOL, AT(pool, health.type), 9,
			"pool record 1: type must be tcp, tls, http, https, grpc, grpcs, udp or none"},
		{POOL, AT(pool, health.flap_limit), 16, "pool record 1: flap_limit must be"},
		{POOL, AT(pool, health.flap_window_ms) + 3, 0xff,
			"pool record 1: flap_window must be"},
		{POOL, AT(pool, health.flap_hold_ms), 1, NULL},
		{POOL, AT(pool, health.interval_ms) + 3, 0xff, "pool record 1: interval must be"},
		{POOL, AT(pool, health.timeout_ms) + 3, 1, "pool record 1: timeout must be"},
		{POOL, AT(pool, health.rise), 0, "pool record 1: rise must be 1 to 1000, not 0"},
		{POOL, AT(pool, health.fall) + 1, 0xff, "pool record 1: fall must be"},
		{POOL, AT(pool, on_down), 4, "pool record 1: on_down must be"},
		{POOL, AT(pool, on_all_down), 3, "pool record 1: on_all_down must be"},
		{POOL, AT(pool, oversize), 2, "pool record 1: oversize must be"},
		{POOL, AT(pool, max_down_percent), 101,
			"pool record 1: max_down_percent must be 1 to 100, not 101"},
		{POOL, AT(pool, outer_source[0].bits), 16,
			"pool record 1: outer_source must be zero behind its 0 entries"},
		{POOL, AT(pool, outer_source_count), 1, "pool record 1: outer_source must be"},
		{POOL, AT(pool, outer_source_count), 3,
			"pool record 1: outer_source must have 0 to 2 entries, not 3"},
		{POOL, AT(pool, table_size), 0,
			"pool record 1: table_size must be 65537 or 655373"},
		{POOL, AT(pool, first_backend) + 3, 0xff, NULL}, // set anew
		{POOL, AT(pool, backend_count) + 3, 0xff, NULL},
		{BACKEND, AT(backend, name), ' ', "backend record 1: name must be"},
		{BACKEND, AT(backend, pool), 0, "backend record 1: pool must be"},
		{BACKEND, AT(backend, pool), 'r', "pool 'r': backend 'a': there is no pool 'r'"},
		{BACKEND, AT(backend, pool) + 63, 'q', "backend record 1: pool must be"},
		{BACKEND, AT(backend, zone) + 1, 'q', "backend record 1: zone must be"},
		{BACKEND, AT(backend, address.family), 7, "backend record 1: address must be"},
		{BACKEND, AT(backend, address.bytes) + 15, 7, "backend record 1: address must be"},
		{BACKEND, AT(backend, state), 4, "backend record 1: state must be"},
		{BACKEND, AT(backend, zero), 1,
			"pool 'p': backend 'a': unused bytes of the record must be zero"},
		{BACKEND, AT(backend, pool_index) + 3, 0xff, NULL}, // set anew
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct config *config = good_config();
		struct error err = {""};
		int rc;

		record_bytes(config, rows[i].record)[rows[i].offset] = rows[i].byte;
		rc = config_finish(config, &err);
		if (rows[i].sentence == NULL)
			assert_int_equal(rc, 0);
		else if (rc != -EINVAL ||
			 strncmp(err.text, rows[i].sentence, strlen(rows[i].sentence)) != 0)
			fail_msg("row %zu: %d '%s'", i, rc, err.text);
		config_free(config);
	}
}

static void rules_between_records_hold_without_lines(void **state)
{
	struct config *config = good_config();
	struct error err;

	config->services[1].vip = config->services[0].vip;
	config->services[1].protocols[0] = CONFIG_TCP;
	assert_int_equal(config_finish(config, &err), -EINVAL);
	assert_string_equal(err.text,
		"service 't' on all ports overlaps with service 's' on port 443 of the same VIP and protocol");
	config_free(config);
}

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

// What a configuration that was taken must be, whatever it came from.
static void assert_usable(const struct config *config)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < config->service_count; i++)
		assert_true(config->services[i].pool_index < config->pool_count);
	for (uint32_t i = 0; i < config->pool_count; i++) {
		assert_int_equal(config->pools[i].first_backend, at);
		for (uint32_t j = 0; j < config->pools[i].backend_count; j++)
			assert_int_equal(config->backends[at++].pool_index, i);
	}
	assert_int_equal(at, config->backend_count);
}

// What was taken is written, and read again as the same.
static void assert_kept(const struct config *config)
{
	struct config *again = NULL;
	struct error err = {""};
	char *yaml = NULL;
	size_t size;
	FILE *out = open_memstream(&yaml, &size);

	assert_non_null(out);
	assert_int_equal(config_write(config, out), 0);
	fclose(out);
	if (config_load_text("written", yaml, size, &again, NULL, NULL, &err) != 0)
		fail_msg("%s\n%s", err.text, yaml);
	assert_int_equal(config_diff(config, again, NULL, NULL), 0);
	assert_int_equal(config_diff(again, config, NULL, NULL), 0);
	config_free(again);
	free(yaml);
}

static void random_bytes_are_refused_or_harmless(void **state)
{
	struct config *good = good_config();
	uint64_t seed = 0x9e3779b97f4a7c15ull;
	int taken = 0, refused = 0;

	for (int i = 0; i < 20000; i++) {
		struct config *config = config_clone(good);

		for (uint64_t n = next_random(&seed) % 4; n > 0; n--) {
			enum record record = (enum record)(next_random(&seed) % 3);
			size_t size = record == SERVICE ? sizeof(struct config_service)
				      : record == POOL  ? sizeof(struct config_pool)
							: sizeof(struct config_backend);

			record_bytes(config, record)[next_random(&seed) % size] =
				(uint8_t)next_random(&seed);
		}
		if (config_finish(config, NULL) == 0) {
			assert_usable(config);
			assert_kept(config);
			taken++;
		} else {
			refused++;
		}
		config_free(config);
	}
	assert_true(taken > 1000 && refused > 1000);
	config_free(good);
}

// Bytes of text, at and around each bound of what UTF-8, YAML and a line of a file are.
static const struct {
	const char *bytes;
	bool is_utf8; // which is enough where escapes may say all of it
	bool is_text;
} texts[] = {
	{"\x80", false, false},
	{"\xff", false, false},
	{"\xc3", false, false},
	{"\xc0\xaf", false, false},
	{"\xe2\x82", false, false},
	{"\xed\xa0\x80", false, false},
	{"\xf4\x90\x80\x80", false, false},
	{"\xf8\x88\x80\x80\x80", false, false},
	{"\x01", true, false},
	{"\t", true, false},
	{"\n", true, false},
	{"\r", true, false},
	{"\x1b", true, false},
	{"\x1f", true, false},
	{"\x7f", true, false},
	{"\xc2\x80", true, false},
	{"\xc2\x85", true, false},
	{"\xc2\x9f", true, false}, // C1, the next line among them
	{"\xe2\x80\xa8", true, false},
	{"\xe2\x80\xa9", true, false}, // separators of lines and paragraphs
	{"\xef\xbf\xbe", true, false},
	{"\xef\xbf\xbf", true, false}, // no characters
	{" ", true, true},
	{"a", true, true},
	{"~", true, true},
	{"'", true, true},
	{"\"", true, true},
	{"\\", true, true},
	{"#", true, true},
	{": ", true, true},
	{"null", true, true},
	{"{", true, true},
	{"]", true, true},
	{"%", true, true},
	{"&", true, true},
	{"*", true, true},
	{"\xc2\xa0", true, true},
	{"\xc3\xbc", true, true},
	{"\xdf\xbf", true, true},
	{"\xe0\xa0\x80", true, true},
	{"\xe2\x80\xa7", true, true},
	{"\xe2\x80\xaa", true, true},
	{"\xe2\x80\x8d", true, true},
	{"\xed\x9f\xbf", true, true},
	{"\xee\x80\x80", true, true},
	{"\xef\xbb\xbf", true, true},
	{"\xef\xbf\xbd", true, true},
	{"\xf0\x90\x80\x80", true, true},
	{"\xf0\x9f\x98\x80", true, true},
	{"\xf4\x8f\xbf\xbf", true, true},
};

// Of a pool's probe: all text that a record can have.
static const struct schema_key *text_key(uint64_t number)
{
	const struct schema *health = schema_find(&schema_pool, "health")->child;
	uint32_t count = 0;

	for (;;) {
		for (const struct schema_key *key = health->keys; key->name != NULL; key++)
			if ((key->type == SCHEMA_TEXT || key->type == SCHEMA_STRING) &&
				count++ == number)
				return key;
		number %= count;
		count = 0;
	}
}

static char *text_field(struct config *config, const struct schema_key *key)
{
	return (char *)&config->pools[1] + schema_find(&schema_pool, "health")->offset +
	       key->offset;
}

static int finish_with(const char *bytes, const struct schema_key *key)
{
	struct config *config = good_config();
	int rc;

	snprintf(text_field(config, key), key->size, "x%sx", bytes);
	config->pools[1].health.type =
		key->type == SCHEMA_STRING ? CONFIG_PROBE_UDP : CONFIG_PROBE_HTTPS;
	rc = config_finish(config, NULL);
	if (rc == 0)
		assert_kept(config);
	config_free(config);
	return rc;
}

static void a_text_that_a_file_cannot_hold_is_refused_in_a_record(void **state)
{
	const struct schema *health = schema_find(&schema_pool, "health")->child;
	const struct schema_key *expect = schema_find(health, "expect");
	const struct schema_key *ca = schema_find(health, "ca"); // which must be ASCII besides

	for (size_t i = 0; i < COUNT(texts); i++) {
		int rc = finish_with(texts[i].bytes, expect);

		if (rc != (texts[i].is_utf8 ? 0 : -EINVAL))
			fail_msg("text %zu: %d", i, rc);
		rc = finish_with(texts[i].bytes, ca);
		if (rc == 0 && !texts[i].is_text)
			fail_msg("text %zu as ca: %d", i, rc);
	}
}

#define CA     "https, port: 1, ca"
#define EXPECT "udp, port: 1, expect"

// Also where a file says it by an escape, which is text of another kind than what it stands for.
static void a_file_says_no_text_that_a_record_cannot_hold(void **state)
{
	static const struct {
		const char *key;
		const char *escape;
		int rc;
	} rows[] = {
		{CA, "\\x80", -EINVAL},
		{EXPECT, "\\x80", 0},
		{CA, "\\N", -EINVAL},
		{EXPECT, "\\N", 0},
		{CA, "\\L", -EINVAL},
		{EXPECT, "\\L", 0},
		{CA, "\\P", -EINVAL},
		{EXPECT, "\\P", 0},
		{CA, "\\e", -EINVAL},
		{EXPECT, "\\e", 0},
		{CA, "\\t", -EINVAL},
		{EXPECT, "\\t", 0},
		{CA, "\\n", -EINVAL},
		{EXPECT, "\\n", 0},
		{CA, "\\uFFFE", -EINVAL},
		{EXPECT, "\\uFFFE", 0},
		{EXPECT, "\\_", 0},
		{EXPECT, "\\u200d", 0},
		{EXPECT, "\\U0001F600", 0},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct config *config = NULL;
		char yaml[256];
		int rc;

		snprintf(yaml, sizeof(yaml),
			"pools: [{name: p, health: {type: %s: \"x%sx\"}, backends: []}]\n",
			rows[i].key, rows[i].escape);
		rc = config_load_text("t", yaml, strlen(yaml), &config, NULL, NULL, NULL);
		if (rc != rows[i].rc)
			fail_msg("%s: %d", rows[i].escape, rc);
		if (rc == 0)
			assert_kept(config);
		config_free(config);
	}
}

static void whatever_text_is_taken_is_read_as_it_was_written(void **state)
{
	uint64_t seed = 0x2545f4914f6cdd1dull;
	int taken = 0, refused = 0;

	for (int i = 0; i < 20000; i++) {
		struct config *config = good_config();
		const struct schema_key *key = text_key(next_random(&seed) % 64);
		char *field = text_field(config, key);
		bool is_path = strcmp(key->name, "path") == 0;
		size_t used = is_path ? 1 : 0;

		config->pools[1].health.type =
			(uint8_t)(next_random(&seed) % (CONFIG_PROBE_UDP + 1));
		field[0] = is_path ? '/' : '\0';
		for (uint64_t n = 1 + next_random(&seed) % 4; n > 0; n--) {
			uint64_t which = next_random(&seed) % (COUNT(texts) + 4);
			const char one[2] = {(char)next_random(&seed), '\0'};
			const char *bytes = which < COUNT(texts) ? texts[which].bytes : one;

			if (used + strlen(bytes) >= key->size)
				break;
			strcpy(field + used, bytes);
			used += strlen(bytes);
		}
		if (config_finish(config, NULL) == 0) {
			assert_kept(config);
			taken++;
		} else {
			refused++;
		}
		config_free(config);
	}
	if (taken < 400 || refused < 1000)
		fail_msg("%d taken, %d refused", taken, refused);
}

static void backends_in_any_order_are_put_together(void **state)
{
	struct config *config = good_config(), *mixed = config_new();

	for (uint32_t i = 0; i < config->service_count; i++)
		assert_int_equal(config_add_service(mixed, &config->services[i]), 0);
	for (uint32_t i = 0; i < config->pool_count; i++)
		assert_int_equal(config_add_pool(mixed, &config->pools[i]), 0);
	assert_int_equal(config_add_backend(mixed, &config->backends[0]), 0);
	assert_int_equal(config_add_backend(mixed, &config->backends[2]), 0);
	assert_int_equal(config_add_backend(mixed, &config->backends[1]), 0);
	assert_int_equal(config_finish(mixed, NULL), 0);
	assert_usable(mixed);
	assert_memory_equal(mixed->backends, config->backends, 3 * sizeof(struct config_backend));
	config_free(mixed);
	config_free(config);
}

static void a_key_that_is_not_set_is_zero(void **state)
{
	struct config *config = good_config();

	memset(config->hash_key, 7, sizeof(config->hash_key));
	assert_int_equal(config_finish(config, NULL), 0);
	assert_int_equal(config->hash_key[0], 0);
	config_free(config);
}

static void there_is_an_end_to_what_can_be_added(void **state)
{
	struct config *config = config_new();
	struct config_pool pool = {.name = "p"};

	for (uint32_t i = 0; i < CONFIG_POOLS_MAX; i++)
		assert_int_equal(config_add_pool(config, &pool), 0);
	assert_int_equal(config_add_pool(config, &pool), -E2BIG);
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_byte_that_no_record_has_is_refused),
		cmocka_unit_test(rules_between_records_hold_without_lines),
		cmocka_unit_test(random_bytes_are_refused_or_harmless),
		cmocka_unit_test(a_text_that_a_file_cannot_hold_is_refused_in_a_record),
		cmocka_unit_test(a_file_says_no_text_that_a_record_cannot_hold),
		cmocka_unit_test(whatever_text_is_taken_is_read_as_it_was_written),
		cmocka_unit_test(backends_in_any_order_are_put_together),
		cmocka_unit_test(a_key_that_is_not_set_is_zero),
		cmocka_unit_test(there_is_an_end_to_what_can_be_added),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
