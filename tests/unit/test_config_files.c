// SPDX-License-Identifier: BSD-3-Clause
// Several sources as one configuration: what they may share, and what is told with both places.
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

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define KEY     "hash_key: 00112233445566778899aabbccddeeff\n"
#define SERVICE "services:\n  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p}\n"
#define POOL    "pools:\n  - {name: p, backends: [{name: a, address: 10.0.0.1}]}\n"
#define PORTS(ports) \
	"services:\n  - {name: t, vip: 192.0.2.1, protocol: tcp, ports: " ports ", pool: p}\n"

#define SOURCES_MAX 3

struct told {
	char text[4096];
	size_t used;
};

static void hear(void *context, const char *sentence)
{
	struct told *told = context;

	told->used += (size_t)snprintf(told->text + told->used, sizeof(told->text) - told->used,
		"%s%s", told->used == 0 ? "" : "\n", sentence);
	assert_true(told->used < sizeof(told->text));
}

// Texts as the files a.yaml, b.yaml and c.yaml, up to the first NULL.
static int load(const char *const texts[SOURCES_MAX], struct config **out, struct told *told,
	struct error *err)
{
	static const char *const names[SOURCES_MAX] = {"a.yaml", "b.yaml", "c.yaml"};
	struct config_source sources[SOURCES_MAX];
	uint32_t count = 0;

	for (; count < SOURCES_MAX && texts[count] != NULL; count++)
		sources[count] =
			(struct config_source){names[count], texts[count], strlen(texts[count])};
	told->used = 0;
	told->text[0] = '\0';
	return config_load(sources, count, out, hear, told, err);
}

static void what_does_not_go_together_is_told_with_both_places(void **state)
{
	static const struct {
		const char *texts[SOURCES_MAX];
		const char *sentences;
	} cases[] = {
		{{KEY SERVICE, POOL KEY},
			"b.yaml:3:11: hash_key is given twice (first at a.yaml:1)"},
		{{KEY, KEY, KEY SERVICE POOL},
			"b.yaml:1:11: hash_key is given twice (first at a.yaml:1)\n"
			"c.yaml:1:11: hash_key is given twice (first at a.yaml:1)"},
		{{"hash_key: 12\n" SERVICE, POOL KEY},
			"a.yaml:1:11: hash_key must be 32 hexadecimal digits, not '12'\n"
			"b.yaml:3:11: hash_key is given twice (first at a.yaml:1)"},
		{{SERVICE POOL, POOL}, "b.yaml:2:12: pool 'p' is named twice (first at a.yaml:4)"},
		{{POOL, SERVICE, KEY SERVICE},
			"c.yaml:3:12: service 's' is named twice (first at b.yaml:2)\n"
			"c.yaml:3:52: service 's' on port 80 overlaps with service 's' (b.yaml:2) on port 80 of the same VIP and protocol"},
		{{POOL SERVICE, PORTS("70-80")},
			"b.yaml:2:53: service 't' on ports 70-80 overlaps with service 's' (a.yaml:4) on port 80 of the same VIP and protocol"},
		{{PORTS("70-80"), POOL SERVICE},
			"b.yaml:2:5: pool 'p': health: port is missing: service 't' (a.yaml:2) has several ports, so say which one to probe\n"
			"b.yaml:4:52: service 's' on port 80 overlaps with service 't' (a.yaml:2) on ports 70-80 of the same VIP and protocol"},
		{{SERVICE, "pools: [{name: q, backends: []}]\n"},
			"a.yaml:2:62: service 's': there is no pool 'p': add it under pools"},
		{{SERVICE, "pools: [{name: p, backends: [{name: a, address: 192.0.2.1}]}]\n"},
			"b.yaml:1:49: pool 'p': backend 'a': 192.0.2.1 is the VIP of service 's' (a.yaml:2): give the backend's own address"},
		{{POOL,
			 "services:\n"
			 "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: p, announce: {mode: arp}}\n",
			 "services:\n"
			 "  - {name: t, vip: 192.0.2.1, protocol: tcp, port: 81, pool: p, announce: {mode: route}}\n"},
			"c.yaml:2:82: service 't': announce: mode is route, but service 's' (b.yaml:2) announces the same VIP with mode arp: give them the same"},
		{{POOL, "services:\n"
			"  - {name: s, vip: '2001:db8::1', protocol: tcp, port: 80, pool: p, forwarding: dsr}\n"},
			"b.yaml:2:81: service 's': dsr needs backends of the VIP's family: the VIP is 2001:db8::1, and backend 'p/a' has 10.0.0.1 (a.yaml:2)"},
		// Places of one file are told in the same way.
		{{SERVICE POOL "  - {name: p, backends: []}\n", KEY},
			"a.yaml:5:12: pool 'p' is named twice (first at a.yaml:4)"},
		// Entries are counted in their own file.
		{{SERVICE POOL, "pools:\n  - {backends: []}\n"},
			"b.yaml:2:5: pool 1: name is missing: its name, which no other pool has"},
		{{"colour: green\n" POOL, SERVICE "colour: red\n"},
			"a.yaml:1:1: unknown key 'colour': the keys here are hash_key, services, pools\n"
			"b.yaml:3:1: unknown key 'colour': the keys here are hash_key, services, pools"},
		// What cannot be read hides no fault of the others, and is no reason for others.
		{{"pools: [\n", SERVICE "colour: red\n"},
			"a.yaml:2:1: not YAML: did not find expected node content: a value or a closing bracket is missing\n"
			"b.yaml:3:1: unknown key 'colour': the keys here are hash_key, services, pools"},
		{{SERVICE POOL, ""},
			"b.yaml:1:1: there is nothing in this file: it must be a mapping (key: value)"},
		{{SERVICE POOL, "pools:\n\t- x\n"},
			"b.yaml:2:1: a tab indents this line: use spaces"},
		{{"pools: [{name: &n p, backends: [{name: a, address: 10.0.0.1}]}]\n",
			 "services:\n"
			 "  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: *n}\n"},
			"b.yaml:2:62: there is no anchor &n above this alias"},
		{{SERVICE POOL, KEY "---\n" KEY},
			"b.yaml:2:1: a second document begins here: one file holds one"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct config *config = NULL;
		struct told told;
		struct error err;

		if (load(cases[i].texts, &config, &told, &err) != -EINVAL)
			fail_msg("case %zu is taken for right", i);
		if (strcmp(told.text, cases[i].sentences) != 0)
			fail_msg("of case %zu was said\n%s\nnot\n%s", i, told.text,
				cases[i].sentences);
		assert_null(config);
		assert_int_equal(
			strncmp(err.text, cases[i].sentences, strcspn(cases[i].sentences, "\n")),
			0);
	}
}

static void lists_are_taken_together_in_the_order_of_the_files(void **state)
{
	static const char *const texts[SOURCES_MAX] = {SERVICE,
		KEY "services:\n"
		    "  - {name: r, vip: 192.0.2.2, protocol: tcp, port: 80, pool: q}\n"
		    "pools:\n"
		    "  - {name: q, backends: [{name: b, address: 10.0.0.2}]}\n",
		POOL};
	struct config *config;
	struct told told;
	struct error err;

	assert_int_equal(load(texts, &config, &told, &err), 0);
	assert_int_equal(config->service_count, 2);
	assert_string_equal(config->services[0].name, "s");
	assert_string_equal(config->services[1].name, "r");
	assert_int_equal(config->pool_count, 2);
	assert_string_equal(config->pools[0].name, "q");
	assert_string_equal(config->backends[config->pools[1].first_backend].name, "a");
	assert_int_equal(config->services[0].pool_index, 1);
	assert_true(config->hash_key_set);
	assert_int_equal(config->hash_key[15], 0xff);
	config_free(config);
}

static void each_file_has_its_own_anchors(void **state)
{
	static const char *const texts[SOURCES_MAX] = {
		"pools: [{name: &n p, backends: [{name: *n, address: 10.0.0.1}]}]\n",
		"pools: [{name: &n q, backends: [{name: *n, address: 10.0.0.2}]}]\n"};
	struct config *config;
	struct told told;
	struct error err;

	assert_int_equal(load(texts, &config, &told, &err), 0);
	assert_string_equal(config->backends[0].name, "p");
	assert_string_equal(config->backends[1].name, "q");
	config_free(config);
}

// --- Limits hold for the sum ---

static void texts_are_too_long_together(void **state)
{
	size_t size = CONFIG_TEXT_MAX / 2 + 1;
	char *blank = malloc(size);
	struct config_source sources[] = {{"a", blank, size}, {"b", blank, size}};
	struct config *config = NULL;
	struct error err;

	assert_non_null(blank);
	memset(blank, '\n', size);
	memcpy(blank, "{}", 2);
	assert_int_equal(config_load(sources, 1, &config, NULL, NULL, &err), 0);
	config_free(config);
	config = NULL;
	assert_int_equal(config_load(sources, 2, &config, NULL, NULL, &err), -EINVAL);
	assert_string_equal(err.text, "b: all files together may have 90 MiB at most");
	free(blank);
}

static void anchors_are_too_many_together(void **state)
{
	char text[2][32768];
	struct config_source sources[] = {{"a", text[0], 0}, {"b", text[1], 0}};
	struct told told = {"", 0};
	struct config *config = NULL;
	struct error err;

	for (int i = 0; i < 2; i++) {
		size_t used = (size_t)sprintf(text[i], "pools:\n");

		for (int j = 0; j < 501; j++)
			used += (size_t)sprintf(
				text[i] + used, "  - {name: &a%d p%d-%d, backends: []}\n", j, i, j);
		sources[i].size = used;
	}
	assert_int_equal(config_load(sources, 1, &config, NULL, NULL, &err), 0);
	config_free(config);
	config = NULL;
	assert_int_equal(config_load(sources, 2, &config, hear, &told, &err), -EINVAL);
	assert_string_equal(told.text, "b:501:12: there are more than 1000 anchors");
}

// One of them alone is refused for its keys, the second one makes the aliases too many.
static void values_of_aliases_are_too_many_together(void **state)
{
	struct config_source sources[] = {{.name = "a"}, {.name = "b"}};
	struct told told = {"", 0};
	struct config *config = NULL;
	struct error err;
	char *text;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	fputs("k0: &a0 [x, x, x, x, x, x, x, x, x, x]\n", file);
	for (int i = 1; i < 7; i++) {
		fprintf(file, "k%d: &a%d [", i, i);
		for (int j = 0; j < 10; j++)
			fprintf(file, "*a%d, ", i - 1);
		fputs("]\n", file);
	}
	fclose(file);
	for (size_t i = 0; i < COUNT(sources); i++)
		sources[i] = (struct config_source){sources[i].name, text, size};
	assert_int_equal(config_load(sources, 1, &config, hear, &told, &err), -EINVAL);
	assert_null(strstr(told.text, "aliases"));
	told.used = 0;
	assert_int_equal(config_load(sources, 2, &config, hear, &told, &err), -EINVAL);
	assert_non_null(strstr(
		told.text, "\nb:7:10: aliases would make more than 16000000 values of all files"));
	free(text);
}

static void a_file_among_texts_is_read_and_one_that_is_missing_is_told(void **state)
{
	char path[] = "/tmp/test_config_files.XXXXXX";
	int fd = mkstemp(path);
	struct config_source sources[] = {
		{"-", SERVICE, strlen(SERVICE)}, {path, NULL, 0}, {"/nowhere/p.yaml", NULL, 0}};
	struct config *config = NULL;
	struct error err;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, POOL, strlen(POOL)), strlen(POOL));
	close(fd);
	assert_int_equal(config_load(sources, 2, &config, NULL, NULL, &err), 0);
	config_free(config);
	config = NULL;
	assert_int_equal(config_load(sources, 3, &config, NULL, NULL, &err), -EIO);
	assert_string_equal(err.text, "/nowhere/p.yaml: No such file or directory");
	unlink(path);
}

static void of_a_long_path_the_end_is_told(void **state)
{
	char path[600];
	const struct config_source sources[] = {
		{path, POOL, strlen(POOL)}, {"b.yaml", POOL, strlen(POOL)}};
	struct config *config = NULL;
	struct error err;

	memset(path, 'x', sizeof(path));
	strcpy(path + sizeof(path) - 8, "/a.yaml");
	assert_int_equal(config_load(sources, 2, &config, NULL, NULL, &err), -EINVAL);
	assert_memory_equal(err.text, "b.yaml:2:12: pool 'p' is named twice (first at ...x", 51);
	assert_non_null(strstr(err.text, "x/a.yaml:2)"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_does_not_go_together_is_told_with_both_places),
		cmocka_unit_test(lists_are_taken_together_in_the_order_of_the_files),
		cmocka_unit_test(each_file_has_its_own_anchors),
		cmocka_unit_test(texts_are_too_long_together),
		cmocka_unit_test(anchors_are_too_many_together),
		cmocka_unit_test(values_of_aliases_are_too_many_together),
		cmocka_unit_test(a_file_among_texts_is_read_and_one_that_is_missing_is_told),
		cmocka_unit_test(of_a_long_path_the_end_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
