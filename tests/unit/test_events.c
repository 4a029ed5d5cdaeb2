// SPDX-License-Identifier: BSD-3-Clause
#include <base/log_json.h>
#include <events/events.h>

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int make_events(void **state)
{
	*state = events_new();
	return *state == NULL ? -1 : 0;
}

static int drop_events(void **state)
{
	events_free(*state);
	return 0;
}

static void add(struct events *events, uint32_t count)
{
	struct events_entry entry =
		events_about(EVENTS_HEALTH, LOG_LEVEL_INFO, "up", "down", "web/web-%u", 1);

	for (uint32_t i = 0; i < count; i++)
		events_record(events, &entry, "health: number %u", i);
}

static void without_an_event_there_is_none(void **state)
{
	struct events_entry entry;

	assert_false(events_next(*state, 0, &entry));
	assert_false(events_next(*state, 7, &entry));
	assert_false(events_next(*state, UINT64_MAX, &entry));
	assert_int_equal(events_count(*state, EVENTS_HEALTH), 0);
	assert_int_equal(events_count(*state, EVENTS_KIND_COUNT), 0);
	add(NULL, 3); // the log alone, and here not even that
}

static void events_come_in_their_order_and_once(void **state)
{
	struct events_entry entry;
	uint64_t after = 0, count = 0;
	char wanted[32];

	add(*state, 3);
	while (events_next(*state, after, &entry)) {
		assert_int_equal(entry.sequence, after + 1);
		snprintf(wanted, sizeof(wanted), "number %lu", count++);
		assert_string_equal(entry.message, wanted); // without its kind
		assert_string_equal(entry.object, "web/web-1");
		assert_string_equal(entry.before, "up");
		assert_string_equal(entry.after, "down");
		assert_int_equal(entry.uid, EVENTS_UID_UNKNOWN);
		after = entry.sequence;
	}
	assert_int_equal(count, 3);
	assert_int_equal(events_count(*state, EVENTS_HEALTH), 3);
	assert_int_equal(events_count(*state, EVENTS_APPLY), 0);
}

static void the_newest_are_kept_and_the_gap_is_told_by_numbers(void **state)
{
	struct events_entry entry;

	add(*state, EVENTS_KEPT);
	assert_true(events_next(*state, 0, &entry));
	assert_int_equal(entry.sequence, 1);
	add(*state, 5);
	assert_true(events_next(*state, 0, &entry));
	assert_int_equal(entry.sequence, 6);
	assert_true(events_next(*state, 4, &entry));
	assert_int_equal(entry.sequence, 6);
	assert_true(events_next(*state, EVENTS_KEPT + 4, &entry));
	assert_int_equal(entry.sequence, EVENTS_KEPT + 5);
	assert_false(events_next(*state, EVENTS_KEPT + 5, &entry));
	assert_int_equal(events_count(*state, EVENTS_HEALTH), EVENTS_KEPT + 5);
}

static void long_words_are_cut(void **state)
{
	struct events_entry entry;
	char text[900];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	entry = events_about(EVENTS_LINK, LOG_LEVEL_INFO, text, text, "%s", text);
	events_record(*state, &entry, "%s", text);
	assert_true(events_next(*state, 0, &entry));
	assert_int_equal(strlen(entry.before), sizeof(entry.before) - 1);
	assert_int_equal(strlen(entry.after), sizeof(entry.after) - 1);
	assert_int_equal(strlen(entry.object), sizeof(entry.object) - 1);
	assert_int_equal(strlen(entry.message), sizeof(entry.message) - 1);
}

// --- The log for programs ---

static json_t *parse(const struct log_field *fields, const char *message)
{
	char line[LOG_JSON_SIZE];
	size_t size = log_json_format(line, sizeof(line), LOG_LEVEL_WARNING, fields, message);
	json_t *json = json_loadb(line, size, 0, NULL);

	assert_true(size <= sizeof(line));
	assert_int_equal(line[size - 1], '\n');
	assert_ptr_equal(memchr(line, '\n', size), line + size - 1);
	if (json == NULL)
		fail_msg("'%.*s' is no JSON", (int)size, line);
	return json;
}

static const char *text_of(const json_t *json, const char *key)
{
	return json_string_value(json_object_get(json, key));
}

static void a_line_has_its_time_level_object_and_message(void **state)
{
	json_t *json = parse(NULL, "state: /var/lib/fulcrum: disk full");

	assert_int_equal(json_object_size(json), 4);
	assert_int_equal(strlen(text_of(json, "time")), strlen("2026-11-22T06:03:00.123Z"));
	assert_string_equal(text_of(json, "level"), "warning");
	assert_string_equal(text_of(json, "object"), "state");
	assert_string_equal(text_of(json, "message"), "state: /var/lib/fulcrum: disk full");
	json_decref(json);
	json = parse(NULL, "stopped");
	assert_null(json_object_get(json, "object"));
	json_decref(json);
}

static void an_events_line_has_its_fields(void **state)
{
	const struct log_field fields[] = {{"object", "web/web-1", false}, {"sequence", "12", true},
		{"before", "", false}, {0}};
	json_t *json = parse(fields, "health: backend web/web-1 is up");

	assert_string_equal(text_of(json, "object"), "web/web-1");
	assert_int_equal(json_integer_value(json_object_get(json, "sequence")), 12);
	assert_null(json_object_get(json, "before"));
	json_decref(json);
}

static void any_bytes_are_one_line_of_json(void **state)
{
	static const char *const texts[] = {"", "\"", "\\", "a\nb\r\tc", "\033[31mred", "\177",
		"\xff\xfe", "\xc3", "\xc3\xa4", "\xe2\x80\xae", "\xed\xa0\x80", "\xf4\x90\x80\x80",
		"\xc0\x80", "\xf0\x9f\x98\x80", "x: \xe2\x82"};
	char text[1024];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		json_decref(parse(NULL, texts[i]));
	for (int byte = 1; byte < 256; byte++) {
		const struct log_field fields[] = {{"object", text, false}, {"event", text, false},
			{"after", text, false}, {0}};

		memset(text, byte, sizeof(text) - 1);
		text[sizeof(text) - 1] = '\0';
		json_decref(parse(fields, text));
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_events, drop_events)
	static const struct CMUnitTest tests[] = {
		TEST(without_an_event_there_is_none),
		TEST(events_come_in_their_order_and_once),
		TEST(the_newest_are_kept_and_the_gap_is_told_by_numbers),
		TEST(long_words_are_cut),
		cmocka_unit_test(a_line_has_its_time_level_object_and_message),
		cmocka_unit_test(an_events_line_has_its_fields),
		cmocka_unit_test(any_bytes_are_one_line_of_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
