// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <handover/handover_private.h>
#include <handover/past.h>

#include <errno.h>
#include <stdlib.h>

// The side of the daemon that begins.

struct handover_restoring {
	const struct handover *handover;
	struct handover_count *count;
	struct flows_mark mark; // of the file
	bool wants_past;
	struct past_reader *past; // NULL: nobody asks for it, or it is of no use
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

static void handover_restore_service(struct handover_restoring *restoring, const char *name)
{
	uint32_t index = registry_find(&restoring->handover->running->service_registry, name);

	if (restoring->service_count < restoring->mark.services)
		restoring->services[restoring->service_count++] = index;
	if (restoring->past != NULL)
		past_add_service(restoring->past, index);
}

static void handover_restore_backend(struct handover_restoring *restoring, const char *name)
{
	const struct registry *registry = &restoring->handover->running->backend_registry;
	uint32_t index = registry_find(registry, name);
	uint32_t reference = index == REGISTRY_NONE ? REGISTRY_NONE
						    : backend_reference(index,
							      registry->entries[index].generation);

	if (restoring->backend_count < restoring->mark.backends)
		restoring->backends[restoring->backend_count++] = reference;
	if (restoring->past != NULL)
		past_add_backend(restoring->past, name, reference);
}

// False: one of them is no longer there.
static bool handover_name_row(const struct handover_restoring *restoring, struct flow_saved *saved)
{
	uint32_t service = saved->service < restoring->service_count
				   ? restoring->services[saved->service]
				   : REGISTRY_NONE;
	uint32_t backend = saved->backend < restoring->backend_count
				   ? restoring->backends[saved->backend]
				   : REGISTRY_NONE;

	if (service == REGISTRY_NONE || backend == REGISTRY_NONE)
		return false;
	saved->service = (uint16_t)service;
	saved->backend = backend;
	return true;
}

// --- Rows find their places ---

// By what its packets look like. False: it is not known.
static bool handover_rehash(const struct handover_restoring *restoring, struct flow_saved *saved)
{
	struct hash128 hash;
	struct packet packet;

	if (!handover_hash(restoring->handover, restoring->handover->publisher->current, saved,
		    &packet, &hash))
		return false;
	saved->hash = hash.flow;
	return true;
}

static bool handover_put(
	struct handover_restoring *restoring, uint32_t worker, const struct flow_saved *saved)
{
	const struct snapshot *snapshot = restoring->handover->publisher->current;

	if (!flow_restore(restoring->handover->flows[worker], saved, snapshot->ttls,
		    snapshot->service_capacity, restoring->now_s))
		return false;
	restoring->put[worker]++;
	return true;
}

// Any worker may get the flow's packets now, so each has to know it. Half of each table is left to
// new flows.
static bool handover_put_everywhere(
	struct handover_restoring *restoring, const struct flow_saved *saved)
{
	const struct handover *handover = restoring->handover;
	bool is_alive = true;

	for (uint32_t w = 0; is_alive && w < handover->worker_count; w++) {
		if (restoring->put[w] < flow_table_capacity(handover->flows[w]) / 2)
			is_alive = handover_put(restoring, w, saved);
	}
	return is_alive;
}

static void handover_restore_row(struct handover_restoring *restoring, struct flows_record *record)
{
	struct flow_saved *saved = &record->saved;
	bool is_alive;

	restoring->count->flows++;
	saved->idle_s += restoring->away_s;
	saved->age_s += restoring->away_s;
	if (!handover_name_row(restoring, saved)) {
		restoring->count->unknown++;
		return;
	}
	if (!restoring->keeps_places && !handover_rehash(restoring, saved)) {
		restoring->count->unplaced++;
		return;
	}
	is_alive = restoring->keeps_workers ? handover_put(restoring, record->worker, saved)
					    : handover_put_everywhere(restoring, saved);
	if (is_alive)
		restoring->count->done++;
	else
		restoring->count->expired++;
}

// --- The file ---

static int handover_read(
	struct handover_restoring *restoring, struct flows_reader *reader, struct error *err)
{
	union flows_any any;

	for (;;) {
		enum flows_item item = flows_reader_next(reader, &any);

		switch (item) {
		case FLOWS_ITEM_SERVICE:
			handover_restore_service(restoring, any.name);
			break;
		case FLOWS_ITEM_BACKEND:
			handover_restore_backend(restoring, any.name);
			break;
		case FLOWS_ITEM_FLOW:
			handover_restore_row(restoring, &any.row);
			break;
		case FLOWS_ITEM_END:
			return 0;
		case FLOWS_ITEM_DAMAGED:
			return error_set(err, EINVAL, "the file of the flows is damaged");
		case FLOWS_ITEM_TABLE:
		case FLOWS_ITEM_MEMBER:
		case FLOWS_ITEM_VIEW:
		case FLOWS_ITEM_REMEMBERED:
			if (restoring->past != NULL)
				past_add(restoring->past, item, &any,
					restoring->now_s - restoring->away_s);
			break;
		}
	}
}

// True where the file is fresh enough.
static bool handover_compare_marks(struct handover_restoring *restoring)
{
	const struct flows_mark *mark = &restoring->mark;
	const struct clock_stamp saved = {mark->saved_s, mark->boot, mark->boot_s};
	uint64_t away_s = clock_since_s(&saved);
	struct flows_mark now;

	handover_mark(restoring->handover, &now);
	restoring->away_s = away_s < UINT32_MAX ? (uint32_t)away_s : UINT32_MAX;
	restoring->keeps_key = now.key == mark->key;
	restoring->keeps_places = restoring->keeps_key && now.buckets == mark->buckets;
	restoring->keeps_workers = now.workers == mark->workers && now.spread == mark->spread;
	restoring->now_s = (uint32_t)(clock_monotonic_ns() / CLOCK_NS_PER_S);
	return away_s <= HANDOVER_VALID_S;
}

static int handover_restore_fresh(
	struct handover_restoring *restoring, struct flows_reader *reader, struct error *err)
{
	int rc;

	if (!handover_compare_marks(restoring))
		return error_set(err, ESTALE,
			"the flows are of %u minutes ago, and too old after %u",
			restoring->away_s / 60, HANDOVER_VALID_S / 60);
	restoring->services =
		calloc((size_t)restoring->mark.services + 1, sizeof(*restoring->services));
	restoring->backends =
		calloc((size_t)restoring->mark.backends + 1, sizeof(*restoring->backends));
	if (restoring->wants_past && restoring->keeps_key)
		restoring->past =
			past_reader_new(restoring->mark.services, restoring->mark.backends);
	rc = restoring->services == NULL || restoring->backends == NULL
		     ? error_set(err, ENOMEM, "out of memory")
		     : handover_read(restoring, reader, err);
	free(restoring->services);
	free(restoring->backends);
	return rc;
}

int handover_restore(const struct handover *handover, const char *file, struct past_reader **past,
	struct handover_count *count, struct error *err)
{
	struct handover_restoring restoring = {
		.handover = handover, .count = count, .wants_past = past != NULL};
	struct flows_reader *reader;
	int rc;

	*count = (struct handover_count){0};
	rc = flows_reader_new(handover->folder, file, &restoring.mark, &reader, err);
	if (rc == 0) {
		rc = handover_restore_fresh(&restoring, reader, err);
		flows_reader_free(reader);
	}
	if (past != NULL)
		*past = rc == 0 ? restoring.past : NULL;
	if (past == NULL || rc != 0)
		past_reader_free(restoring.past);
	if (rc == 0)
		flows_file_retain(handover->folder, file);
	else if (rc != -ENOENT)
		flows_file_discard(handover->folder, file);
	return rc;
}
