// SPDX-License-Identifier: BSD-3-Clause
// Many probes of every kind against peers of bad will, at once: no descriptor is lost, nothing leaks (under the
// sanitizers), and each fails. FULCRUM_HOSTILE_PROBES=100000 for many more of them.
#include "health_server.h"

#include <base/clock.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PROBES       2000
#define TARGETS      64

static uint32_t wanted_probes(void)
{
	const char *text = getenv("FULCRUM_HOSTILE_PROBES");

	return text != NULL ? (uint32_t)strtoul(text, NULL, 10) : PROBES;
}

// Every kind of probe that goes over TCP, over and over, until so many have ended.
static void probe_all_kinds(struct room *room, uint32_t count)
{
	static const enum config_probe_type types[] = {CONFIG_PROBE_TCP, CONFIG_PROBE_TLS,
		CONFIG_PROBE_HTTP, CONFIG_PROBE_HTTPS, CONFIG_PROBE_GRPC, CONFIG_PROBE_GRPCS};
	struct health_target targets[TARGETS];
	uint64_t before = stats(room).probes;
	uint64_t begin_ns = clock_monotonic_ns();

	for (uint32_t i = 0; i < TARGETS; i++) {
		targets[i] = target(room, i);
		targets[i].policy.type = types[i % COUNT(types)];
		targets[i].policy.interval_ms = 10;
		targets[i].policy.timeout_ms = 10;
		strcpy(targets[i].policy.host, "app.example.com");
		if (targets[i].policy.type == CONFIG_PROBE_TCP)
			strcpy(targets[i].policy.expect, "0x7f");
	}
	set_targets(room, targets, TARGETS);
	while (stats(room).probes - before < count)
		assert_int_equal(event_base_loop(room->base, EVLOOP_ONCE), 0);
	for (uint32_t i = 0; i < TARGETS; i++)
		assert_int_not_equal(view(room, i).status, HEALTH_UP);
	print_message("%u probes in %llu ms\n", count,
		(unsigned long long)((clock_monotonic_ns() - begin_ns) / CLOCK_NS_PER_MS));
	set_targets(room, NULL, 0);
}

static void peers_of_bad_will_cost_no_descriptor(void **state)
{
	static const struct {
		enum behaviour behaviour;
		const char *text;
		size_t size;
	} peers[] = {
		{SAYS, "", 0}, // nothing
		{CLOSES, "", 0},
		{DRIPS, "HTTP/1.1 200 OK\r\nX: slow slow slow", 0},
		{SAYS, "220 smtp.example.com ESMTP\r\n", 0},
		{REPEATS, "HTTP/1.1 200 OK\r\nX: no end\r\n", 0},
		{REPEATS, "\x16\x03\x03\x40\x01xxxx", 9}, // a TLS record, broken
		{REPEATS, "\0\0\x08\6\0\0\0\0\0abcdefgh", 17}, // HTTP/2 pings
		{SAYS, "\0\0\0\4\0\0\0\0\0\0\0\x08\x9\0\0\0\0\1\0\1x\4yyyy", 26},
	};
	struct room *room = *state;
	uint32_t before = open_descriptors();

	for (size_t i = 0; i < COUNT(peers); i++) {
		struct server server = {.behaviour = peers[i].behaviour,
			.text = peers[i].text,
			.size = peers[i].size};

		serve(room, &server);
		probe_all_kinds(room, wanted_probes() / COUNT(peers));
		stop_serving(&server);
	}
	// Connections that the kernel took and the listener has not seen are the listener's.
	RUN_UNTIL(room, open_descriptors() == before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(peers_of_bad_will_cost_no_descriptor, enter, leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
