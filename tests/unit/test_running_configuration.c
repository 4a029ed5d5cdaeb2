// SPDX-License-Identifier: BSD-3-Clause
#include <config/config.h>
#include <running/configuration.h>
#include <running/descriptors.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define SERVICES 26

// An configuration of services that are named by a letter, which is also their index; "a:443
// b:8081" are names and ports.
static struct configuration *make(
	const char *services, const char *health, const struct configuration *before)
{
	uint32_t indexes[SERVICES], backend = 0;
	uint8_t generations[SERVICES] = {0};
	struct registry_plan backends = {
		.indexes = &backend, .generations = generations, .count = 1};
	struct registry_plan plan = {.indexes = indexes, .generations = generations};
	char yaml[4096] = "services:\n", copy[512], *rest = copy, *word;
	struct config *config = NULL;
	struct error err = {""};
	size_t used = strlen(yaml);

	snprintf(copy, sizeof(copy), "%s", services);
	while ((word = strsep(&rest, " ")) != NULL) {
		indexes[plan.count++] = (uint32_t)(word[0] - 'a');
		used += (size_t)snprintf(yaml + used, sizeof(yaml) - used,
			"  - {name: %c, vip: 192.0.2.%u, protocol: %s, %s: %s, pool: p}\n", word[0],
			plan.count, strchr(word, '/') != NULL ? "udp" : "tcp",
			strchr(word, '-') != NULL ? "ports" : "port", word + 2 + (word[2] == '/'));
	}
	snprintf(yaml + used, sizeof(yaml) - used,
		"pools:\n  - name: p\n    health: {%s}\n    backends: [{name: x, address: 10.0.0.1}]\n",
		health);
	if (config_load_text("test", yaml, strlen(yaml), &config, NULL, NULL, &err) != 0)
		fail_msg("%s", err.text);
	return configuration_new(config, config, &backends, &plan, 1, before);
}

// "0 1 2": the number of the probe that each service goes by.
static void assert_numbers(const struct configuration *configuration, const char *expected)
{
	char text[128];
	size_t used = 0;

	for (uint32_t i = 0; i < configuration->config->service_count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%u",
			i == 0 ? "" : " ", configuration->service_probes[i]);
	assert_string_equal(text, expected);
}

static void a_service_on_another_port_is_asked_there_by_a_mere_connection(void **state)
{
	static const struct {
		const char *services, *health, *numbers;
	} rows[] = {
		{"a:443", "", "0"}, {"a:443 b:443", "", "0 0"},
		{"a:443 b:8081 c:8081 d:8082", "", "0 1 1 2"},
		{"a:443 b:8081", "port: 9000", "0 0"}, // a port for all
		{"a:443 b:8081", "type: none", "0 0"},
		{"a:443 b:8081", "type: https", "0 1"}, // the other may speak something else
		{"a:443 b:443", "type: https", "0 0"},
		{"a:443 b:8081", "type: https, port: 9000", "0 0"},
		{"a:443 b:8081 c:8082", "expect: 'SSH-'", "0 1 2"},
		{"a:/53 b:53 c:8081", "type: udp", "0 0 1"},
		{"a:443 b:/5353", "", "0 0"}, // nobody can connect to a UDP port
		{"a:443 b:100-200", "", "0 0"}, // which of them?
		{"a:1 b:2 c:3 d:4 e:5 f:6 g:7 h:8 i:9 j:10 k:11 l:12 m:13 n:14 o:15 p:16 q:17 r:18",
			"", "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 0 0"}, // there are no more
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct configuration *configuration = make(rows[i].services, rows[i].health, NULL);

		assert_non_null(configuration);
		assert_numbers(configuration, rows[i].numbers);
		configuration_free(configuration);
	}
}

// What is known of a port goes by its number.
static void a_number_stays_with_its_port_and_goes_over_with_its_service(void **state)
{
	static const struct {
		const char *services, *numbers;
		uint16_t heirs;
	} steps[] = {
		{"a:443 b:8081 c:8082", "0 1 2", 0},
		{"a:443 c:8082", "0 2", 0}, // b is gone, c stays
		{"a:443 c:8082 d:9000", "0 2 1", 0}, // nobody has 1 any more
		{"a:443 d:9000 c:8082", "0 1 2", 0},
		{"a:443 c:8083 d:9000", "0 2 1", 0}, // c takes what is known of it along
		{"a:443 e:443 d:9000 c:8083", "0 0 1 2", 0},
		{"a:443 e:444 d:9000 c:8083", "0 3 1 2", 1 << 3}, // e went by the pool's own
	};
	struct configuration *before = NULL;

	for (size_t i = 0; i < COUNT(steps); i++) {
		struct configuration *configuration = make(steps[i].services, "", before);

		assert_numbers(configuration, steps[i].numbers);
		if (configuration->probes[0] != NULL)
			assert_int_equal(configuration->probes[0]->heirs, steps[i].heirs);
		configuration_free(before);
		before = configuration;
	}
	configuration_free(before);
}

static void each_probe_has_its_port_and_an_id_of_its_own(void **state)
{
	struct configuration *configuration = make("a:443 b:8081", "", NULL);
	struct health_target own, other;

	assert_true(configuration_is_probed(configuration, 0, 0));
	assert_true(configuration_is_probed(configuration, 0, 1));
	assert_false(configuration_is_probed(configuration, 0, 2));
	configuration_target(configuration, 0, 0, &own);
	configuration_target(configuration, 0, 1, &other);
	assert_int_equal(own.port, 443);
	assert_int_equal(other.port, 8081);
	assert_int_equal(own.id, 0);
	assert_int_equal(other.id, 1u << CONFIGURATION_PROBE_SHIFT);
	configuration_free(configuration);
}

static void a_port_beside_the_pools_own_is_asked_to_accept_and_for_nothing_else(void **state)
{
	struct configuration *configuration = make("a:443 b:8081",
		"type: https, host: x, path: /readyz, body: yes, interval: 1700ms, fall: 7", NULL);
	struct health_target own, other;

	configuration_target(configuration, 0, 0, &own);
	configuration_target(configuration, 0, 1, &other);
	assert_int_equal(own.policy.type, CONFIG_PROBE_HTTPS);
	assert_string_equal(own.policy.path, "/readyz");
	assert_int_equal(other.policy.type, CONFIG_PROBE_TCP);
	assert_string_equal(other.policy.host, "");
	assert_string_equal(other.policy.path, "");
	assert_string_equal(other.policy.body, "");
	assert_int_equal(other.policy.interval_ms, 1700);
	assert_int_equal(other.policy.fall, 7);
	configuration_free(configuration);
}

static void a_backend_is_asked_on_its_own_port_where_it_has_one(void **state)
{
	struct configuration *before = make("a:443 b:8081", "port: 9000", NULL);
	struct configuration *configuration = make("a:443 b:8081", "port: 9000", before);
	struct config_backend *backend = &((struct config *)configuration->config)->backends[0];
	struct health_target target;

	assert_true(configuration_same_target(before, 0, configuration, 0, 0));
	backend->health.port = 9001;
	configuration_target(configuration, 0, 0, &target);
	assert_int_equal(target.port, 9001);
	assert_numbers(configuration, "0 0");
	assert_false(configuration_is_probed(configuration, 0, 1));
	// Its probe begins anew.
	assert_false(configuration_same_target(before, 0, configuration, 0, 0));
	configuration_free(before);
	configuration_free(configuration);
}

// The pool has one backend.
static void each_port_that_is_probed_wants_a_descriptor(void **state)
{
	static const struct {
		const char *services, *health;
		uint32_t count;
	} cases[] = {
		{"a:443", "type: none", 0},
		{"a:443", "type: tcp", 1},
		{"a:443 b:443", "type: tls", 1},
		{"a:443 b:8081", "type: tls", 2},
		{"a:443 b:8081 c:8082", "type: http", 3},
		{"a:443 b:8081", "type: tcp, port: 22", 1},
		{"a:/53", "type: udp", 1},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct configuration *configuration =
			make(cases[i].services, cases[i].health, NULL);

		assert_int_equal(descriptors_of_probes(configuration), cases[i].count);
		configuration_free(configuration);
	}
}

static void a_configuration_that_wants_more_descriptors_than_there_are_is_refused(void **state)
{
	struct configuration *few = make("a:443", "type: tcp", NULL);
	struct configuration *many = make("a:443 b:8081 c:8082", "type: tcp", NULL);
	struct rlimit before, limit;
	struct error err;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	limit = before;
	limit.rlim_cur = 64;
	limit.rlim_max = 128;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(descriptors_check(few, NULL, 111, &err), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(limit.rlim_cur, 128); // as far as it may
	assert_int_equal(descriptors_check(many, few, 111, &err), -EMFILE);
	assert_non_null(
		strstr(err.text, "3 probes want up to 130 descriptors, and fulcrumd may open 128"));
	assert_int_equal(
		descriptors_check(many, many, 111, &err), 0); // it is no worse than what runs
	assert_int_equal(descriptors_check(few, many, 200, &err), 0);
	assert_int_equal(descriptors_check(few, NULL, 200, &err), -EMFILE);
	configuration_free(few);
	configuration_free(many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_port_that_is_probed_wants_a_descriptor),
		cmocka_unit_test(
			a_configuration_that_wants_more_descriptors_than_there_are_is_refused),
		cmocka_unit_test(a_service_on_another_port_is_asked_there_by_a_mere_connection),
		cmocka_unit_test(a_number_stays_with_its_port_and_goes_over_with_its_service),
		cmocka_unit_test(each_probe_has_its_port_and_an_id_of_its_own),
		cmocka_unit_test(
			a_port_beside_the_pools_own_is_asked_to_accept_and_for_nothing_else),
		cmocka_unit_test(a_backend_is_asked_on_its_own_port_where_it_has_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
