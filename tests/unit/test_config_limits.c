// SPDX-License-Identifier: BSD-3-Clause
// What is too much: files, nesting, aliases, anchors, errors; and what is much, but not too much.
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

struct text {
	char *bytes;
	size_t size;
	FILE *file;
};

static void text_open(struct text *text)
{
	text->file = open_memstream(&text->bytes, &text->size);
	assert_non_null(text->file);
}

// Loads what was written; the sentence is "" when it is taken.
static int text_load(struct text *text, config_report_fn *report, void *context, struct error *err)
{
	struct config *config = NULL;
	int rc;

	fclose(text->file);
	err->text[0] = '\0';
	rc = config_load_text("t", text->bytes, text->size, &config, report, context, err);
	config_free(config);
	free(text->bytes);
	return rc;
}

static void a_text_of_100_mb_is_refused(void **state)
{
	char *bytes = calloc(1, 100000000);
	struct config *config = NULL;
	struct error err;

	assert_non_null(bytes);
	assert_int_equal(
		config_load_text("t", bytes, 100000000, &config, NULL, NULL, &err), -EINVAL);
	assert_string_equal(err.text, "t: a file may have 90 MiB at most");
	free(bytes);
}

static void a_body_of_a_kilobyte_is_taken_and_no_more(void **state)
{
	// Of two bytes each, which are written as four.
	static const struct {
		uint32_t characters;
		const char *sentence;
	} rows[] = {{512, ""}, {513, "must be UTF-8 text of 1 to 1024 bytes"}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct text text, again;
		struct config *config = NULL;
		struct error err = {""};

		text_open(&text);
		fputs("pools:\n  - {name: p, backends: [], health: {type: http, body: \"",
			text.file);
		for (uint32_t j = 0; j < rows[i].characters; j++)
			fputs("\\x85", text.file);
		fputs("\"}}\n", text.file);
		fclose(text.file);
		config_load_text("t", text.bytes, text.size, &config, NULL, NULL, &err);
		free(text.bytes);
		if (rows[i].sentence[0] != '\0') {
			assert_non_null(strstr(err.text, rows[i].sentence));
			continue;
		}
		assert_string_equal(err.text, "");
		assert_int_equal(strlen(config->pools[0].health.body), 1024);
		text_open(&again);
		assert_int_equal(config_write(config, again.file), 0);
		config_free(config);
		assert_int_equal(text_load(&again, NULL, NULL, &err), 0);
	}
}

static void a_file_of_100_mb_is_refused(void **state)
{
	char path[] = "/tmp/test_config.XXXXXX";
	int fd = mkstemp(path);
	struct config *config = NULL;
	struct error err;

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 100000000), 0); // a hole: no disk is used
	close(fd);
	assert_int_equal(config_load_file(path, &config, NULL, NULL, &err), -EINVAL);
	assert_non_null(strstr(err.text, ": a file may have 90 MiB at most"));
	unlink(path);
}

static void a_file_that_cannot_be_read_is_told(void **state)
{
	struct config *config = NULL;
	struct error err;

	assert_int_equal(config_load_file("/nowhere/p.yaml", &config, NULL, NULL, &err), -EIO);
	assert_string_equal(err.text, "/nowhere/p.yaml: No such file or directory");
	assert_int_equal(config_load_file("/", &config, NULL, NULL, &err), -EIO);
	assert_string_equal(err.text, "/: Is a directory");
}

static void an_alias_bomb_is_refused(void **state)
{
	struct text text;
	struct error err;

	text_open(&text);
	fputs("hash_key: &a0 [x, x, x, x, x, x, x, x, x, x]\n", text.file);
	for (int i = 1; i < 10; i++) {
		fprintf(text.file, "k%d: &a%d [", i, i);
		for (int j = 0; j < 10; j++)
			fprintf(text.file, "*a%d, ", i - 1);
		fputs("]\n", text.file);
	}
	assert_int_equal(text_load(&text, NULL, NULL, &err), -EINVAL);
	assert_string_equal(
		err.text, "t:8:10: aliases would make more than 16000000 values of this file");
}

static void too_many_anchors_are_refused(void **state)
{
	struct text text;
	struct error err;

	text_open(&text);
	fputs("services:\n", text.file);
	for (int i = 0; i < 1001; i++)
		fprintf(text.file, "  - &a%d x\n", i);
	assert_int_equal(text_load(&text, NULL, NULL, &err), -EINVAL);
	assert_string_equal(err.text, "t:1002:5: there are more than 1000 anchors");
}

static void too_many_services_are_refused(void **state)
{
	struct text text;
	struct error err;

	text_open(&text);
	fputs("pools: [{name: p, backends: []}]\nservices:\n", text.file);
	for (int i = 0; i < 65536; i++)
		fprintf(text.file,
			"  - {name: s%d, vip: 192.0.2.1, protocol: tcp, port: %d, pool: p}\n", i,
			i == 0 ? 1 : i);
	assert_int_equal(text_load(&text, NULL, NULL, &err), -EINVAL);
	assert_string_equal(err.text, "t:65538:5: there are more than 65535 services");
}

static void count_sentence(void *context, const char *sentence)
{
	(*(int *)context)++;
	if (*(int *)context == 1)
		assert_string_equal(
			sentence, "t:2:5: service 1 must be a mapping (key: value), not text");
	if (*(int *)context == 1001)
		assert_string_equal(sentence, "t: 500 more errors are not listed");
}

static void the_first_thousand_errors_are_listed(void **state)
{
	struct text text;
	struct error err;
	int told = 0;

	text_open(&text);
	fputs("services:\n", text.file);
	for (int i = 0; i < 1500; i++)
		fputs("  - x\n", text.file);
	assert_int_equal(text_load(&text, count_sentence, &told, &err), -EINVAL);
	assert_int_equal(told, 1001);
	assert_string_equal(err.text, "t:2:5: service 1 must be a mapping (key: value), not text");
}

// Of this size a second each would be noticed: the rules sort, they do not compare each with each.
static void a_thousand_services_of_a_hundred_backends_are_taken(void **state)
{
	struct text text;
	struct error err;

	text_open(&text);
	fputs("services:\n", text.file);
	for (int i = 0; i < 1000; i++)
		fprintf(text.file,
			"  - {name: s%d, vip: 203.0.113.%d, protocol: tcp, port: %d, pool: p%d}\n",
			i, 1 + i % 100, 80 + i / 100, i);
	fputs("pools:\n", text.file);
	for (int i = 0; i < 1000; i++) {
		fprintf(text.file, "  - name: p%d\n    backends:\n", i);
		for (int j = 0; j < 100; j++)
			fprintf(text.file, "      - {name: b%d, address: 10.%d.%d.%d}\n", j,
				i / 250, i % 250, 1 + j);
	}
	assert_int_equal(text_load(&text, NULL, NULL, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_of_100_mb_is_refused),
		cmocka_unit_test(a_body_of_a_kilobyte_is_taken_and_no_more),
		cmocka_unit_test(a_file_of_100_mb_is_refused),
		cmocka_unit_test(a_file_that_cannot_be_read_is_told),
		cmocka_unit_test(an_alias_bomb_is_refused),
		cmocka_unit_test(too_many_anchors_are_refused),
		cmocka_unit_test(too_many_services_are_refused),
		cmocka_unit_test(the_first_thousand_errors_are_listed),
		cmocka_unit_test(a_thousand_services_of_a_hundred_backends_are_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
