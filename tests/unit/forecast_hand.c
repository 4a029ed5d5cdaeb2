// SPDX-License-Identifier: BSD-3-Clause
#include "forecast_hand.h"

#include <base/clock.h>
#include <control/resolve_private.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// cmocka wants the headers above first
#include <cmocka.h>

uint64_t seed = 0x9e3779b97f4a7c15ull;

uint32_t pick(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 32) % below;
}

// --- Random configurations ---

static void write_service(FILE *file, uint32_t number)
{
	static const char *const affinities[] = {"five_tuple", "source", "source_service"};

	fprintf(file, "  - {name: %s%u, vip: '%s', protocol: %s, ", pick(8) ? "s" : "t", number,
		number % 3 == 2 ? "2001:db8::10"
		: pick(20) == 0 ? "203.0.113.11"
				: "203.0.113.10",
		number == 6  ? "[tcp, udp]"
		: number % 2 ? "udp"
			     : "tcp");
	if (number < 2)
		fputs("ports: [100-130, 90, 140-141], ", file);
	else
		fprintf(file, "port: %u, ", 440 + number);
	fputs("flow_ttl: {new: 9h, established: 9h, half_closed: 9h, closing: 9h, udp: 9h}, ",
		file); // however slow the machine is
	fprintf(file, "affinity: %s, pool: p%u}\n", affinities[pick(30) < 27 ? 0 : 1 + pick(2)],
		pick(10) == 0 ? pick(POOLS) : number % POOLS);
}

static void write_backend(FILE *file, uint32_t pool, uint32_t number)
{
	static const char *const states[] = {
		"", ", state: active", ", state: draining", ", state: disabled"};

	if (pick(6) == 0)
		return;
	fprintf(file, "      - {name: b%u, address: 10.%u.%u.%u, weight: %u%s}\n", number,
		pick(25) == 0, pool, number + 1, pick(12) == 0 ? 0 : 50 + 50 * pick(2),
		states[pick(20) < 15 ? 0 : pick(4)]);
}

static void write_pool(FILE *file, uint32_t number)
{
	static const char *const policies[] = {"keep", "rehash", "reset"};

	fprintf(file,
		"  - name: p%u\n    health: {type: %s, port: 7}\n    on_down: %s\n"
		"    on_all_down: %s\n    previous_table: %s\n    backends:\n",
		number, pick(3) ? "tcp" : "none", policies[pick(3)], pick(2) ? "spread" : "drop",
		pick(5) ? "30m" : "0s");
	fprintf(file, "      - {name: always, address: 10.9.%u.1}\n", number);
	for (uint32_t i = 0; i < 10; i++)
		write_backend(file, number, i);
}

static struct config *make_config(void)
{
	struct config *config;
	struct error err;
	size_t size;
	char *text;
	FILE *file = open_memstream(&text, &size);

	if (pick(12) == 0)
		fprintf(file, "hash_key: '%032x'\n", 1 + pick(3));
	fputs("services:\n", file);
	for (uint32_t i = 0; i < 9; i++)
		if (pick(10) > 0)
			write_service(file, i);
	fputs("  - {name: last, vip: 203.0.113.10, protocol: tcp, port: 9, pool: p0}\n", file);
	fputs("pools:\n", file);
	for (uint32_t i = 0; i < POOLS; i++)
		write_pool(file, i);
	fclose(file);
	if (config_load_text("random", text, size, &config, NULL, NULL, &err) != 0)
		fail_msg("%s\n%s", err.text, text);
	free(text);
	return config;
}

// --- Commits ---

struct commit *wish(struct hand *hand)
{
	struct commit *commit = calloc(1, sizeof(*commit));

	commit->config = make_config();
	commit->version = hand->version + 1;
	commit->start_ns =
		(1000 + hand->version * 10000) * CLOCK_NS_PER_S; // those that leave may go
	commit->backend_registry = &hand->backends;
	commit->service_registry = &hand->services;
	commit->flows = hand->tables;
	commit->worker_count = WORKERS;
	commit->state_folder = "";
	commit->running = hand->running;
	commit->is_forced = true;
	memcpy(hand->copy, hand->states, sizeof(hand->copy));
	commit->build = (struct build){
		.states = hand->copy,
		.ports = &hand->port,
		.previous = hand->current,
		.service_capacity = SERVICES,
		.version = hand->version + 1,
		.now_s = hand->now_s,
	};
	return commit;
}

// As if the kernel had answered.
static void resolve(struct commit *commit)
{
	for (uint32_t i = 0; i < commit->touched_count; i++) {
		uint32_t at = commit->touched[i] & ~COMMIT_STRANGER;
		struct running_backend *state =
			&commit->build.states[configuration_index(commit->configuration, at)];

		state->port = 0;
		state->resolved = true;
		state->hop.mtu = 1500;
	}
}

void prepare(struct commit *commit)
{
	commit_prepare(commit);
	if (commit->rc != 0)
		fail_msg("%s", commit->err.text);
	assert_false(commit->is_equal);
	resolve(commit);
}

static void rebuild(struct hand *hand)
{
	struct snapshot *before = hand->current;
	struct build build = {.configuration = hand->running,
		.states = hand->states,
		.ports = &hand->port,
		.previous = before,
		.service_capacity = SERVICES,
		.now_s = hand->now_s,
		.version = before->version + 1};
	struct error err;

	assert_int_equal(build_run(&build, &err), 0);
	hand->current = build.snapshot;
	snapshot_free(before);
}

// As install.c has it, for what there is here.
void install(struct hand *hand, struct commit *commit)
{
	struct snapshot *before = hand->current;

	for (uint32_t i = 0; i < commit->touched_count; i++) {
		bool is_stranger = (commit->touched[i] & COMMIT_STRANGER) != 0;
		uint32_t at = commit->touched[i] & ~COMMIT_STRANGER;
		uint32_t index = configuration_index(commit->configuration, at);

		running_backend_touch(&hand->states[index], commit->configuration, at, is_stranger,
			commit->applied.wall_s);
		control_resolve_take(&hand->states[index], &commit->build.states[index]);
	}
	for (uint32_t i = 0; i < commit->configuration->config->backend_count; i++)
		hand->states[configuration_index(commit->configuration, i)].is_leaving =
			commit->configuration->config->backends[i].state == CONFIG_STATE_LEAVING;
	commit->before = hand->running;
	hand->running = commit->configuration;
	commit->is_installed = true;
	hand->current = commit->build.snapshot;
	commit->build.snapshot = NULL;
	hand->version = commit->version;
	snapshot_free(before);
}

void find_up(struct hand *hand, const struct commit *commit)
{
	for (uint32_t i = 0; i < commit->touched_count; i++) {
		uint32_t at = commit->touched[i] & ~COMMIT_STRANGER;

		if ((commit->touched[i] & COMMIT_STRANGER) != 0)
			hand->states[configuration_index(commit->configuration, at)].health =
				HEALTH_UP;
	}
	rebuild(hand);
}

void change_health(struct hand *hand)
{
	const struct configuration *running = hand->running;

	for (uint32_t i = 0; i < running->config->backend_count; i++) {
		struct running_backend *state = &hand->states[configuration_index(running, i)];

		if (configuration_is_probed(running, i, 0))
			state->health = pick(8) == 0 ? HEALTH_DOWN : HEALTH_UP;
	}
	rebuild(hand);
}

static struct flow_table *new_table(void)
{
	size_t size = (flow_table_footprint(CAPACITY) + 63) & ~(size_t)63;
	void *memory = aligned_alloc(64, size);

	memset(memory, 0, size);
	return flow_table_new(memory, CAPACITY);
}

void hand_init(struct hand *hand)
{
	struct commit *first;

	assert_int_equal(registry_init(&hand->backends, BACKENDS), 0);
	assert_int_equal(registry_init(&hand->services, SERVICES), 0);
	hand->port = (struct running_port){.mtu = 1500, .vlan_tci = ENCAP_VLAN_NONE};
	hand->now_s = (uint32_t)(clock_monotonic_ns() / CLOCK_NS_PER_S);
	for (uint32_t i = 0; i < WORKERS; i++)
		hand->tables[i] = new_table();
	first = wish(hand);
	prepare(first);
	commit_build(first);
	install(hand, first);
	find_up(hand, first);
	commit_free(first);
}

void hand_end(struct hand *hand)
{
	snapshot_free(hand->current);
	configuration_free(hand->running);
	registry_free(&hand->backends);
	registry_free(&hand->services);
	for (uint32_t i = 0; i < WORKERS; i++)
		free(hand->tables[i]);
}
