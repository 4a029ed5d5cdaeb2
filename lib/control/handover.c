// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/siphash.h>
#include <control/handover.h>
#include <handover/past.h>

#include <stdio.h>
#include <string.h>

// The side of the daemon that ends.

#define BUCKETS_A_LOOK 8192 // at the clock
// Tables with this many buckets may take longer to write than there is time. The flows that began within the last half
// hour come first, as there may be no hash table that leads to their backends.
#define BUCKETS_MANY (4u << 20)
#define YOUNG_S      (30 * 60)

static const uint8_t no_key[16];

static uint64_t hash_text(const char *text)
{
	return siphash(no_key, text, strlen(text));
}

// Some drivers draw the key of their RSS at every start.
static uint64_t hash_spread(const struct rss_indirection *indirection)
{
	return siphash(no_key, indirection, offsetof(struct rss_indirection, size));
}

// A worker's rows are good for the same worker of the next daemon if packets are spread over as many, by the same ports.
static uint64_t mark_of_spread(const struct control_config *config)
{
	uint64_t mark = config->worker_count;
	char text[256];

	for (uint32_t p = 0; p < config->port_count; p++) {
		const struct running_port *port = &config->ports[p];

		snprintf(text, sizeof(text), "%016lx %016lx %s %u %s", mark,
			hash_spread(&port->rss_indirection), port->device, port->queues, port->rss);
		mark = hash_text(text);
	}
	return mark;
}

void handover_mark(const struct handover *handover, struct flows_mark *out)
{
	static const char text[] = "flows";
	const struct config *config = handover->configuration->config;
	struct clock_stamp now;

	clock_stamp(&now);
	*out = (struct flows_mark){
		.saved_s = now.wall_s,
		.boot = now.boot,
		.boot_s = now.boot_s,
		.key = siphash(config->hash_key, text, sizeof(text)),
		.spread = mark_of_spread(handover->config),
		.workers = handover->config->worker_count,
		.buckets = flow_table_buckets(handover->config->flows[0]),
		.services = config->service_count,
		.backends = config->backend_count,
	};
}

void handover_write_names(const struct handover *handover, struct flows_writer *writer)
{
	const struct config *config = handover->configuration->config;
	char name[REGISTRY_NAME_SIZE];

	for (uint32_t i = 0; i < config->service_count; i++) {
		configuration_service_name(config, i, name);
		flows_writer_add_name(writer, KEPT_SERVICE, name);
	}
	for (uint32_t i = 0; i < config->backend_count; i++) {
		configuration_backend_name(config, i, name);
		flows_writer_add_name(writer, KEPT_BACKEND, name);
	}
}

bool handover_number(const struct handover *handover, struct flow_kept *kept)
{
	const struct configuration *configuration = handover->configuration;
	uint32_t index = kept->backend & BACKEND_INDEX_MASK;
	uint32_t service = kept->service < configuration->service_end
				   ? configuration->service_places[kept->service]
				   : CONFIGURATION_NONE;
	uint32_t backend =
		index < configuration->capacity ? configuration->places[index] : CONFIGURATION_NONE;

	if (service == CONFIGURATION_NONE || backend == CONFIGURATION_NONE ||
		configuration->backends[backend] != kept->backend)
		return false;
	kept->service = (uint16_t)service;
	kept->backend = backend;
	return true;
}

struct handover_saving {
	const struct handover *handover;
	struct flows_writer *writer;
	struct handover_count *count;
	uint64_t until_ns;
	uint32_t now_s;
	uint32_t age_first_s; // of the rows that are written now
	uint32_t age_last_s;
};

static void save_bucket(struct handover_saving *saving, uint32_t worker, uint32_t bucket)
{
	const struct handover *handover = saving->handover;
	struct flows_record record = {.worker = worker};
	struct flow_kept rows[FLOW_WAYS];
	uint32_t row_count =
		flow_keep_bucket(handover->config->flows[worker], bucket, handover->snapshot->ttls,
			handover->snapshot->service_capacity, saving->now_s, rows);

	for (uint32_t i = 0; i < row_count; i++) {
		record.kept = rows[i];
		if (record.kept.age_s < saving->age_first_s ||
			record.kept.age_s > saving->age_last_s)
			continue;
		saving->count->flows++;
		if (handover_number(handover, &record.kept)) {
			flows_writer_add_row(saving->writer, &record);
			saving->count->done++;
		} else {
			saving->count->unknown++;
		}
	}
}

// False: the time is over.
static bool look_at_clock(struct handover_saving *saving)
{
	uint64_t now_ns = clock_monotonic_ns();

	saving->now_s = (uint32_t)(now_ns / CLOCK_NS_PER_S);
	return now_ns < saving->until_ns && flows_writer_has_room(saving->writer, saving->until_ns);
}

// False: the time was over before.
static bool save_table(struct handover_saving *saving, uint32_t worker)
{
	uint32_t buckets = flow_table_buckets(saving->handover->config->flows[worker]);

	for (uint32_t b = 0; b < buckets; b++) {
		if (b % BUCKETS_A_LOOK == 0 && !look_at_clock(saving))
			return false;
		save_bucket(saving, worker, b);
	}
	return true;
}

static void save_ages(struct handover_saving *saving, uint32_t first_s, uint32_t last_s)
{
	uint32_t w = 0;

	saving->age_first_s = first_s;
	saving->age_last_s = last_s;
	while (w < saving->handover->config->worker_count && save_table(saving, w))
		w++;
	saving->count->is_cut |= w < saving->handover->config->worker_count;
}

static void save_rows(struct handover_saving *saving)
{
	const struct control_config *config = saving->handover->config;
	uint64_t buckets = (uint64_t)config->worker_count * flow_table_buckets(config->flows[0]);

	if (buckets < BUCKETS_MANY) {
		save_ages(saving, 0, UINT32_MAX);
		return;
	}
	save_ages(saving, 0, YOUNG_S);
	save_ages(saving, YOUNG_S + 1, UINT32_MAX);
}

int handover_save(const struct handover *handover, struct handover_count *count, struct error *err)
{
	struct handover_saving saving = {.handover = handover,
		.count = count,
		.until_ns = clock_monotonic_ns() + handover->budget_ns};
	struct flows_mark mark;
	int rc;

	*count = (struct handover_count){0};
	handover_mark(handover, &mark);
	rc = flows_writer_new(handover->config->daemon->state, handover->file, &mark,
		handover->spool, &saving.writer, err);
	if (rc != 0)
		return rc;
	handover_write_names(handover, saving.writer);
	save_rows(&saving);
	if (past_write(handover->configuration, handover->snapshot, saving.writer) != 0 ||
		count->done > 0)
		return flows_writer_close(saving.writer, err);
	flows_writer_abandon(saving.writer, false);
	return 0;
}
