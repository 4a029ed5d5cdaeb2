// SPDX-License-Identifier: BSD-3-Clause
// Tables of keys as such: what no key of ours has yet, and what must hold for all of them.
#include <config/config.h>
#include <config/daemon.h>
#include <config/schema.h>
#include <config/value.h>
#include <config/value_private.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

// --- A list in a record that goes over the channel ---

struct spread {
	char zones[3][8];
	uint32_t zone_count;
	uint16_t ports[2];
	uint32_t port_count;
};

static const struct schema_key spread_keys[] = {
	{"zones", SCHEMA_NAME, .offset = offsetof(struct spread, zones), .size = 8, .list_max = 3,
		.count = offsetof(struct spread, zone_count), .absent = "all", .doc = "zones"},
	{"ports", SCHEMA_NUMBER, .required = true, .offset = offsetof(struct spread, ports),
		.size = 2, .list_max = 2, .count = offsetof(struct spread, port_count), .min = 1,
		.max = 9, .doc = "ports"},
	{0},
};
static const struct schema spread_schema = {
	"spread", "A list or two.", spread_keys, sizeof(struct spread)};

static void a_list_of_any_bytes_is_checked(void **state)
{
	static const struct {
		struct spread spread;
		uint32_t key;
		const char *sentence;
	} rows[] = {
		{{{"a"}, 4, {0}, 0}, 0, "zones must have 0 to 3 entries, not 4"},
		{{{"a"}, UINT32_MAX, {0}, 0}, 0, "zones must have 0 to 3 entries, not 4294967295"},
		{{{"a"}, 2, {0}, 0}, 0,
			"zones must be 1 to 7 characters of A-Z a-z 0-9 . _ -, beginning with a letter or a digit, not ''"},
		{{{"a", "b"}, 1, {0}, 0}, 0, "zones must be zero behind its 1 entries"},
		{{{"a"}, 0, {0}, 0}, 0, "zones must be zero behind its 0 entries"},
		{{{{'1', '2', '3', '4', '5', '6', '7', '8'}}, 1, {0}, 0}, 0,
			"zones must be 1 to 7 characters of A-Z a-z 0-9 . _ -, beginning with a letter or a digit, not unterminated bytes"},
		{{{""}, 0, {0}, 0}, 1, "ports must have 1 to 2 entries, not 0"},
		{{{""}, 0, {1, 10}, 2}, 1, "ports must be 1 to 9, not 10"},
		{{{""}, 0, {1, 0}, 2}, 1, "ports must be 1 to 9, not 0"},
		{{{""}, 0, {0}, 0}, 0, ""},
		{{{"a", "b", "c"}, 3, {0}, 0}, 0, ""},
		{{{""}, 0, {9}, 1}, 1, ""},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error err = {""};
		int rc = value_check(&spread_keys[rows[i].key], &rows[i].spread, &err);

		assert_int_equal(rc, rows[i].sentence[0] == '\0' ? 0 : -EINVAL);
		assert_string_equal(err.text, rows[i].sentence);
	}
}

static void a_list_is_copied_and_written_whole(void **state)
{
	static const struct spread from = {{"a", "b", "c"}, 3, {7}, 1}, none = {{""}, 0, {0}, 0};
	struct spread to = {0};
	char text[VALUE_TEXT_SIZE];

	schema_copy(&spread_schema, &to, &from);
	assert_memory_equal(&to, &from, sizeof(to));
	assert_string_equal(value_format(&spread_keys[0], &from, text, sizeof(text)), "[a, b, c]");
	assert_string_equal(value_format(&spread_keys[1], &from, text, sizeof(text)), "[7]");
	assert_false(value_is_absent(&spread_keys[0], &from));
	assert_true(value_is_absent(&spread_keys[0], &none));
}

// --- Our own tables ---

// What the loader and the reference page rely on; a key that is added has to keep it.
static void check_key(const struct schema *schema, const struct schema_key *key)
{
	uint32_t end =
		key->offset + (uint32_t)(key->child != NULL ? key->child->size : value_size(key));
	uint8_t record[sizeof(struct daemon_config)] = {0};
	char text[VALUE_TEXT_SIZE];
	bool nested = key->type == SCHEMA_MAPPING || key->type == SCHEMA_RECORDS;

	if (key->doc == NULL || key->doc[0] == '\0')
		fail_msg("%s: nothing says what '%s' is", schema->kind, key->name);
	assert_true(nested == (key->child != NULL));
	assert_true((key->type == SCHEMA_WORD) == (key->words != NULL));
	if (key->type != SCHEMA_RECORDS)
		assert_in_range(end, 1, schema->size);
	if (!key->required && key->type != SCHEMA_MAPPING && key->fallback == NULL)
		assert_non_null(key->absent);
	if (key->child == NULL)
		assert_in_range(key->size, 1, VALUE_FIELD_MAX);
	// A default is a value that the key takes, and it is written the way it stands in the
	// table.
	if (key->fallback == NULL)
		return;
	assert_int_equal(value_parse(key, key->fallback, record, NULL), 0);
	assert_int_equal(value_check(key, record, NULL), 0);
	assert_string_equal(value_format(key, record, text, sizeof(text)), key->fallback);
}

static void check_schema(const struct schema *schema)
{
	for (const struct schema_key *key = schema->keys; key->name != NULL; key++) {
		check_key(schema, key);
		if (!key->inherited)
			assert_ptr_equal(schema_find(schema, key->name), key);
		if (key->child != NULL)
			check_schema(key->child);
	}
}

static void every_key_of_ours_is_described_and_has_a_default_that_it_takes(void **state)
{
	check_schema(&schema_pool_file);
	check_schema(&schema_daemon_file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_of_any_bytes_is_checked),
		cmocka_unit_test(a_list_is_copied_and_written_whole),
		cmocka_unit_test(every_key_of_ours_is_described_and_has_a_default_that_it_takes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
