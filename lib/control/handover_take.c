// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <control/handover.h>
#include <handover/past.h>

#include <errno.h>
#include <stdlib.h>

// The side of the daemon that begins.

struct taking {
	const struct handover *handover;
	struct handover_count *count;
	struct flows_mark mark; // of the file
	struct past_reader *past; // NULL: nobody asks for it
	uint32_t *services; // by their numbers in the file: what they are now, or REGISTRY_NONE
	uint32_t *backends;
	uint32_t service_count; // so many names came so far
	uint32_t backend_count;
	uint64_t put[DAEMON_CORES_MAX]; // into each worker's table
	bool keeps_key; // else the hash tables of before are none of its packets'
	bool keeps_places; // in tables like those that the rows were in
	bool keeps_workers;
	uint32_t now_s;
	uint32_t away_s; // since the file was written
};

// --- Names become what the workers know them by ---

static void take_service(struct taking *taking, const char *name)
{
	uint32_t index = registry_find(taking->handover->services, name);

	if (taking->service_count < taking->mark.services)
		taking->services[taking->service_count++] = index;
	if (taking->past != NULL)
		past_add_service(taking->past, index);
}

static void take_backend(struct taking *taking, const char *name)
{
	const struct registry *registry = taking->handover->backends;
	uint32_t index = registry_find(registry, name);
	uint32_t reference = index == REGISTRY_NONE ? REGISTRY_NONE
						    : backend_reference(index,
							      registry->entries[index].generation);

	if (taking->backend_count < taking->mark.backends)
		taking->backends[taking->backend_count++] = reference;
	if (taking->past != NULL)
		past_add_backend(taking->past, name, reference);
}

// False: one of them is no longer there.
static bool name_row(const struct taking *taking, struct flow_kept *kept)
{
	uint32_t service = kept->service < taking->service_count ? taking->services[kept->service]
								 : REGISTRY_NONE;
	uint32_t backend = kept->backend < taking->backend_count ? taking->backends[kept->backend]
								 : REGISTRY_NONE;

	if (service == REGISTRY_NONE || backend == REGISTRY_NONE)
		return false;
	kept->service = (uint16_t)service;
	kept->backend = backend;
	return true;
}

// --- Rows find their places ---

// By what its packets look like. False: it is not known.
static bool hash_anew(const struct taking *taking, struct flow_kept *kept)
{
	struct hash128 hash;
	struct packet packet;

	if (!handover_hash(taking->handover, kept, &packet, &hash))
		return false;
	kept->hash = hash.flow;
	return true;
}

static bool put(struct taking *taking, uint32_t worker, const struct flow_kept *kept)
{
	const struct snapshot *snapshot = taking->handover->snapshot;

	if (!flow_restore(taking->handover->config->flows[worker], kept, snapshot->ttls,
		    snapshot->service_capacity, taking->now_s))
		return false;
	taking->put[worker]++;
	return true;
}

// Any worker may get the flow's packets now, so each has to know it. Half of each table is left to new flows.
static bool put_everywhere(struct taking *taking, const struct flow_kept *kept)
{
	const struct control_config *config = taking->handover->config;
	bool is_alive = true;

	for (uint32_t w = 0; is_alive && w < config->worker_count; w++) {
		if (taking->put[w] < flow_table_capacity(config->flows[w]) / 2)
			is_alive = put(taking, w, kept);
	}
	return is_alive;
}

static void take_row(struct taking *taking, struct flows_record *record)
{
	struct flow_kept *kept = &record->kept;
	bool is_alive;

	taking->count->flows++;
	kept->idle_s += taking->away_s;
	kept->age_s += taking->away_s;
	if (!name_row(taking, kept)) {
		taking->count->unknown++;
		return;
	}
	if (!taking->keeps_places && !hash_anew(taking, kept)) {
		taking->count->homeless++;
		return;
	}
	is_alive = taking->keeps_workers ? put(taking, record->worker, kept)
					 : put_everywhere(taking, kept);
	if (is_alive)
		taking->count->done++;
	else
		taking->count->expired++;
}

// --- The file ---

static int read_file(struct taking *taking, struct flows_reader *reader, struct error *err)
{
	union kept_any any;

	for (;;) {
		enum kept_item item = flows_reader_next(reader, &any);

		switch (item) {
		case KEPT_SERVICE:
			take_service(taking, any.name);
			break;
		case KEPT_BACKEND:
			take_backend(taking, any.name);
			break;
		case KEPT_ROW:
			take_row(taking, &any.row);
			break;
		case KEPT_LAST:
			return 0;
		case KEPT_DAMAGED:
			return error_set(err, EINVAL, "the file of the flows is damaged");
		case KEPT_TABLE:
		case KEPT_MEMBER:
		case KEPT_VIEW:
			if (taking->past != NULL)
				past_add(taking->past, item, &any, taking->now_s - taking->away_s);
			break;
		}
	}
}

// True where the file is fresh enough.
static bool compare_marks(struct taking *taking)
{
	const struct flows_mark *mark = &taking->mark;
	const struct clock_stamp saved = {mark->saved_s, mark->boot, mark->boot_s};
	uint64_t away_s = clock_since_s(&saved);
	struct flows_mark now;

	handover_mark(taking->handover, &now);
	taking->away_s = away_s < UINT32_MAX ? (uint32_t)away_s : UINT32_MAX;
	taking->keeps_key = now.key == mark->key;
	taking->keeps_places = taking->keeps_key && now.buckets == mark->buckets;
	taking->keeps_workers = now.workers == mark->workers && now.spread == mark->spread;
	taking->now_s = (uint32_t)(clock_monotonic_ns() / CLOCK_NS_PER_S);
	return away_s <= HANDOVER_VALID_S;
}

static int take(struct taking *taking, struct flows_reader *reader, struct error *err)
{
	int rc;

	if (!compare_marks(taking))
		return error_set(err, ESTALE,
			"the flows are of %u minutes ago, and too old after %u",
			taking->away_s / 60, HANDOVER_VALID_S / 60);
	taking->services = calloc((size_t)taking->mark.services + 1, sizeof(*taking->services));
	taking->backends = calloc((size_t)taking->mark.backends + 1, sizeof(*taking->backends));
	if (taking->handover->past != NULL && taking->keeps_key)
		taking->past = past_reader_new(taking->mark.services, taking->mark.backends);
	rc = taking->services == NULL || taking->backends == NULL
		     ? error_set(err, ENOMEM, "out of memory")
		     : read_file(taking, reader, err);
	free(taking->services);
	free(taking->backends);
	return rc;
}

int handover_take(const struct handover *handover, struct handover_count *count, struct error *err)
{
	struct taking taking = {.handover = handover, .count = count};
	const char *folder = handover->config->daemon->state;
	struct flows_reader *reader;
	int rc;

	*count = (struct handover_count){0};
	rc = flows_reader_new(folder, handover->file, &taking.mark, &reader, err);
	if (rc == 0) {
		rc = take(&taking, reader, err);
		flows_reader_free(reader);
	}
	if (rc == 0 && handover->past != NULL) {
		*handover->past = taking.past;
		taking.past = NULL;
	}
	past_reader_free(taking.past);
	if (rc == 0)
		flows_file_retain(folder, handover->file);
	else if (rc != -ENOENT)
		flows_file_discard(folder, handover->file);
	return rc;
}
