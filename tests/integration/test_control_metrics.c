// SPDX-License-Identifier: BSD-3-Clause
#include "control_lab.h"

#include <base/clock.h>
#include <metrics/family.h>
#include <packet/drop.h>

#include <netinet/in.h>
#include <setjmp.h>
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

static const char pools[] =
	"services:\n"
	"  - {name: web, vip: 203.0.113.10, protocol: tcp, port: 443, target_port: 1, pool: proxies, prefer: [north]}\n"
	"  - {name: games, vip: '2001:db8::1', protocol: udp, ports: 100-200, pool: players, announce: {mode: route}}\n"
	"pools:\n"
	"  - name: proxies\n"
	"    health: {type: none}\n"
	"    backends:\n"
	"      - {name: a, address: 10.0.0.1, zone: north, weight: 30}\n"
	"      - {name: b, address: 10.0.0.2, weight: 10, state: draining}\n"
	"  - name: players\n"
	"    health: {type: tcp, port: 1, interval: 100ms, timeout: 100ms}\n"
	"    backends: [{name: a, address: 192.0.2.1}]\n";

// --- A client ---

static int dial(const char *path, const char *accept)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), small = 4096;
	char request[256];

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	snprintf(request, sizeof(request), "GET %s HTTP/1.0\r\nAccept: %s\r\n\r\n", path, accept);
	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
	return fd;
}

// All that comes; the caller frees it.
static char *read_all(int fd)
{
	size_t size = 0, room = 1 << 20;
	char *text = malloc(room);
	ssize_t got;

	while ((got = recv(fd, text + size, room - 1 - size, 0)) > 0) {
		size += (size_t)got;
		if (room - size < 65536)
			text = realloc(text, room *= 2);
	}
	assert_int_equal(got, 0);
	close(fd);
	text[size] = '\0';
	return text;
}

static char *get(const char *path, const char *accept)
{
	return read_all(dial(path, accept));
}

static uint32_t count_lines(const char *text, const char *begin)
{
	uint32_t count = 0;

	for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		count += strncmp(line, begin, strlen(begin)) == 0;
	}
	return count;
}

static void assert_line(const char *text, const char *line)
{
	char between[512];

	snprintf(between, sizeof(between), "\n%s\n", line);
	if (strstr(text, between) == NULL)
		fail_msg("there is no '%s' in: %s", line, text);
}

// Until the page has the line.
static char *get_with(const char *line, const char *accept)
{
	uint64_t until_ns = clock_monotonic_ns() + 20 * CLOCK_NS_PER_S;
	char between[512];
	char *text = NULL;

	snprintf(between, sizeof(between), "\n%s\n", line);
	do {
		free(text);
		text = get("/metrics", accept);
	} while (strstr(text, between) == NULL && clock_monotonic_ns() < until_ns);
	assert_line(text, line);
	return text;
}

static void start(struct lab *lab, const struct lab_options *options)
{
	lab_init(lab, options);
	lab_start(lab);
	lab_join(lab);
}

// --- What holds ---

static const struct lab_options with_all = {
	.metrics_port = PORT, .workers = 1, .has_flows = true, .kernel_interface = "near"};

static void the_page_has_what_show_has(void **state)
{
	static const char *const lines[] = {
		"fulcrum_config_version 1",
		"fulcrum_config_applies_total 1",
		"fulcrum_config_apply_failures_total 1",
		"fulcrum_config_saved 1",
		"fulcrum_hash_key_secret 0",
		"fulcrum_worker_info{worker=\"0\",core=\"5\"} 1",
		"fulcrum_flow_capacity{worker=\"0\"} 1024",
		"fulcrum_dropped_packets_total{reason=\"tx_full\"} 0",
		"fulcrum_port_mtu_bytes{port=\"wan\"} 1500",
		"fulcrum_service_info{service=\"web\",pool=\"proxies\",vip=\"203.0.113.10\",protocol=\"tcp\",port=\"443\",forwarding=\"ipip\"} 1",
		"fulcrum_service_info{service=\"games\",pool=\"players\",vip=\"2001:db8::1\",protocol=\"udp\",port=\"100-200\",forwarding=\"ipip\"} 1",
		"fulcrum_service_backends{service=\"web\"} 2",
		"fulcrum_service_usable_backends{service=\"web\"} 1",
		"fulcrum_service_spread{service=\"web\"} 0",
		"fulcrum_service_spilled_ratio{service=\"web\"} 0.000000",
		"fulcrum_zone_preference{service=\"web\",zone=\"north\"} 1",
		"fulcrum_zone_backends{service=\"web\",zone=\"north\"} 1",
		"fulcrum_zone_backends{service=\"web\",zone=\"\"} 1",
		"fulcrum_zone_usable_backends{service=\"web\",zone=\"\"} 0",
		"fulcrum_zone_weight{service=\"web\",zone=\"\"} 10",
		"fulcrum_zone_usable_weight{service=\"web\",zone=\"north\"} 30",
		"fulcrum_zone_share_ratio{service=\"web\",zone=\"north\"} 1.000000",
		"fulcrum_backend_kept{pool=\"proxies\",backend=\"a\"} 0",
		"fulcrum_pool_backends{pool=\"proxies\"} 2",
		"fulcrum_pool_usable_backends{pool=\"players\"} 0",
		"fulcrum_pool_table_slots{pool=\"proxies\"} 65537",
		"fulcrum_pool_probe_duration_seconds_bucket{pool=\"players\",le=\"+Inf\"} 0",
		"fulcrum_backend_info{pool=\"proxies\",backend=\"a\",address=\"10.0.0.1\",zone=\"north\",state=\"active\"} 1",
		"fulcrum_backend_info{pool=\"proxies\",backend=\"b\",address=\"10.0.0.2\",zone=\"\",state=\"draining\"} 1",
		"fulcrum_backend_health{pool=\"proxies\",backend=\"a\"} 1",
		"fulcrum_backend_health{pool=\"players\",backend=\"a\"} 0",
		"fulcrum_backend_usable{pool=\"proxies\",backend=\"a\"} 1",
		"fulcrum_backend_usable{pool=\"proxies\",backend=\"b\"} 0",
		"fulcrum_backend_health_changes_total{pool=\"players\",backend=\"a\"} 1",
		"fulcrum_backend_downs_total{pool=\"players\",backend=\"a\"} 1",
		"fulcrum_backend_syn_repeats_total{pool=\"proxies\",backend=\"a\"} 0",
		"fulcrum_pool_kept_backends{pool=\"players\"} 0",
		"fulcrum_vip_announced{vip=\"2001:db8::1\",mode=\"route\"} 0",
		"fulcrum_backend_weight{pool=\"proxies\",backend=\"a\"} 30",
		"fulcrum_backend_packets_total{pool=\"proxies\",backend=\"a\"} 0", // not an earlier owner's
		"fulcrum_backend_probe_duration_seconds_count{pool=\"players\",backend=\"a\"} 0",
	};
	const char *down = "fulcrum_backend_health{pool=\"players\",backend=\"a\"} 0";
	struct config *other = lab_config_large(1, 1);
	struct lab lab;
	char *text;

	start(&lab, &with_all);
	assert_int_equal(lab_apply_text(&lab, pools, NULL), 0);
	lab_begin(&lab, other, 77); // not the version that is in force
	lab_send_records(&lab, other);
	lab_send(&lab, MESSAGE_APPLY_COMMIT, NULL, 0);
	assert_int_equal(lab_finish(&lab, NULL), -1);
	free(get_with("fulcrum_backend_usable{pool=\"proxies\",backend=\"a\"} 1", ""));
	text = get_with(down, "");
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_line(text, lines[i]);
	assert_int_equal(count_lines(text, "fulcrum_dropped_packets_total{"), DROP_REASON_COUNT);
	assert_int_equal(count_lines(text, "fulcrum_backend_weight{"), 3);
	assert_int_equal(count_lines(text, "fulcrum_control_loop_lag_seconds_bucket{"), 14);
	assert_non_null(strstr(text, "\r\nContent-Type: text/plain; version=0.0.4"));
	free(text);
	config_free(other);
	lab_free(&lab);
}

// Up and without a weight is not usable, for the page as for the workers: the alert goes by this
// sample.
static void a_backend_without_weight_is_not_usable(void **state)
{
	static const char idle[] =
		"services: [{name: web, vip: 203.0.113.10, protocol: tcp, port: 443, pool: p, announce: {mode: route}}]\n"
		"pools: [{name: p, health: {type: none}, backends: "
		"[{name: a, address: 10.0.0.1, weight: 0}, {name: b, address: 10.0.0.2, weight: 0}]}]\n";
	static const char *const lines[] = {
		"fulcrum_service_backends{service=\"web\"} 2",
		"fulcrum_service_usable_backends{service=\"web\"} 0",
		"fulcrum_pool_usable_backends{pool=\"p\"} 0",
		"fulcrum_backend_usable{pool=\"p\",backend=\"b\"} 0",
		"fulcrum_vip_announced{vip=\"203.0.113.10\",mode=\"route\"} 0",
	};
	struct lab lab;
	char *text;

	start(&lab, &with_all);
	assert_int_equal(lab_apply_text(&lab, idle, NULL), 0);
	text = get_with("fulcrum_backend_health{pool=\"p\",backend=\"a\"} 1", "");
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_line(text, lines[i]);
	free(text);
	lab_free(&lab);
}

static void flows_and_shares_are_counted(void **state)
{
	struct lab lab;
	char *text;

	start(&lab, &with_all);
	assert_int_equal(lab_apply_text(&lab, pools, NULL), 0);
	// The first page may be of a moment before the next hop was known; the next count is 5 s
	// later.
	text = get_with("fulcrum_backend_share_ratio{pool=\"proxies\",backend=\"a\"} 1.000000", "");
	assert_line(text, "fulcrum_backend_flows{pool=\"proxies\",backend=\"a\"} 2");
	assert_line(text, "fulcrum_backend_flows{pool=\"proxies\",backend=\"b\"} 1");
	assert_line(text, "fulcrum_backend_share_ratio{pool=\"proxies\",backend=\"b\"} 0.000000");
	free(text);
	lab_free(&lab);
}

static void both_formats_have_every_family(void **state)
{
	struct lab lab;
	char *older, *text;

	start(&lab, &with_all);
	assert_int_equal(lab_apply_text(&lab, pools, NULL), 0);
	older = get("/metrics", "text/plain");
	text = get("/metrics", "application/openmetrics-text; version=1.0.0");
	for (int i = 0; i < METRICS_ID_COUNT; i++) {
		const struct metrics_family *family = &metrics_families[i];
		char line[256];

		snprintf(line, sizeof(line), "# TYPE %s %s", family->name,
			metrics_type_name(family->type));
		assert_line(text, line);
		snprintf(line, sizeof(line), "# HELP %s%s", family->name,
			family->type == METRICS_COUNTER ? "_total "
			: family->type == METRICS_INFO  ? "_info "
							: " ");
		assert_int_equal(count_lines(older, line), 1);
	}
	assert_non_null(
		strstr(text, "\r\nContent-Type: application/openmetrics-text; version=1.0.0"));
	assert_string_equal(text + strlen(text) - 7, "\n# EOF\n");
	free(older);
	free(text);
	lab_free(&lab);
}

static void who_asks_for_something_else_is_told(void **state)
{
	struct lab lab;
	char *text;

	start(&lab, &with_all);
	text = get("/", "");
	assert_memory_equal(text, "HTTP/1.1 404 ", 13);
	free(text);
	text = get("/healthz", "");
	assert_memory_equal(text, "HTTP/1.1 200 ", 13);
	assert_string_equal(text + strlen(text) - 3, "ok\n");
	free(text);
	lab_free(&lab);
}

static void a_worker_that_hangs_is_not_healthy(void **state)
{
	uint64_t until_ns = clock_monotonic_ns() + 20 * CLOCK_NS_PER_S;
	struct lab_options stuck = with_all;
	struct lab lab;
	char *text;
	bool healthy;

	stuck.has_stuck_worker = true;
	start(&lab, &stuck);
	do {
		text = get("/healthz", "");
		healthy = strncmp(text, "HTTP/1.1 200 ", 13) == 0;
		if (!healthy)
			assert_memory_equal(text, "HTTP/1.1 503 ", 13);
		free(text);
	} while (healthy && clock_monotonic_ns() < until_ns);
	assert_false(healthy);
	lab_free(&lab);
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

// Cuts the text up. How many samples it has.
static uint32_t assert_no_sample_twice(char *text)
{
	char **lines = calloc(1 << 20, sizeof(*lines));
	uint32_t count = 0;

	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		char *value = strrchr(line, ' ');

		if (line[0] == '#' || value == NULL)
			continue;
		*value = '\0';
		lines[count++] = line;
		assert_true(count < 1 << 20);
	}
	qsort(lines, count, sizeof(*lines), compare_lines);
	for (uint32_t i = 1; i < count; i++) {
		if (strcmp(lines[i - 1], lines[i]) == 0)
			fail_msg("twice: %s", lines[i]);
	}
	free(lines);
	return count;
}

// A page is being sent while backends and services come and go: none is there twice.
static void a_change_under_a_page_leaves_no_sample_twice(void **state)
{
	struct config *configs[] = {lab_config_large(40, 100), lab_config_large(10, 150)};
	struct lab_options options = with_all;
	struct lab lab;

	options.backends_max = 16384;
	options.services_max = 64;
	start(&lab, &options);
	assert_int_equal(lab_apply(&lab, configs[1], NULL), 0);
	for (int round = 0; round < 6; round++) {
		int fd = dial("/metrics", ""); // the socket takes a part of it
		char *text;

		assert_int_equal(lab_apply(&lab, configs[round % 2], NULL), 0);
		text = read_all(fd);
		assert_non_null(strstr(text, "fulcrum_backend_probe_failures_total"));
		assert_in_range(assert_no_sample_twice(text), 10000, 200000);
		free(text);
	}
	config_free(configs[0]);
	config_free(configs[1]);
	lab_free(&lab);
}

static void a_port_that_is_taken_stops_no_balancer(void **state)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
	struct message_row_daemon daemon;
	struct lab lab;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	start(&lab, &with_all);
	assert_int_equal(lab_show(&lab, MESSAGE_SHOW_VERSION, &daemon, 1, sizeof(daemon)), 1);
	lab_free(&lab);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_page_has_what_show_has),
		cmocka_unit_test(a_backend_without_weight_is_not_usable),
		cmocka_unit_test(flows_and_shares_are_counted),
		cmocka_unit_test(both_formats_have_every_family),
		cmocka_unit_test(who_asks_for_something_else_is_told),
		cmocka_unit_test(a_worker_that_hangs_is_not_healthy),
		cmocka_unit_test(a_change_under_a_page_leaves_no_sample_twice),
		cmocka_unit_test(a_port_that_is_taken_stops_no_balancer),
	};

	return lab_enter_namespace() ? cmocka_run_group_tests(tests, NULL, NULL) : LAB_SKIPPED;
}
