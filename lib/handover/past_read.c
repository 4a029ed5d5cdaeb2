// SPDX-License-Identifier: BSD-3-Clause
#include <handover/past.h>

#include <stdlib.h>
#include <string.h>

// Nothing that is read is trusted: what a table says of its members is true only of those that
// came, and whatever has a number is looked up.

#define LIVING_MAX 1e12

struct past_reader {
	struct past past;
	uint32_t *services; // by their numbers in the file
	uint32_t service_count;
	uint32_t services_max;
	struct past_member *backends; // likewise; the weights are not known
	uint32_t backend_count;
	uint32_t backends_max;
	uint32_t members_due; // of the last table
	size_t remembered_room;
	bool has_view; // the last one was taken
	size_t members_room; // that there is memory for
	size_t tables_room;
	bool has_no_memory; // from then on nothing is added
};

struct past_reader *past_reader_new(uint32_t services, uint32_t backends)
{
	struct past_reader *reader = calloc(1, sizeof(*reader));

	if (reader == NULL)
		return NULL;
	reader->services_max = services;
	reader->backends_max = backends;
	reader->past.number_count = services;
	reader->services = calloc((size_t)services + 1, sizeof(*reader->services));
	reader->backends = calloc((size_t)backends + 1, sizeof(*reader->backends));
	reader->past.views = calloc((size_t)services + 1, sizeof(*reader->past.views));
	if (reader->services == NULL || reader->backends == NULL || reader->past.views == NULL) {
		past_reader_free(reader);
		return NULL;
	}
	return reader;
}

void past_reader_free(struct past_reader *reader)
{
	if (reader == NULL)
		return;
	for (uint32_t i = 0; reader->backends != NULL && i < reader->backend_count; i++)
		free((char *)reader->backends[i].name);
	free(reader->services);
	free(reader->backends);
	free(reader->past.members);
	free(reader->past.tables);
	free(reader->past.views);
	free(reader->past.remembered);
	free(reader);
}

void past_add_service(struct past_reader *reader, uint32_t index)
{
	if (reader->service_count < reader->services_max)
		reader->services[reader->service_count++] = index;
}

void past_add_backend(struct past_reader *reader, const char *name, uint32_t reference)
{
	const char *end = strrchr(name, '/');
	char *own = strdup(end != NULL ? end + 1 : name);

	reader->has_no_memory |= own == NULL;
	if (own != NULL && reader->backend_count < reader->backends_max)
		reader->backends[reader->backend_count++] = (struct past_member){own, reference, 0};
	else
		free(own);
}

// Room for one more of what there are 'count'.
static bool past_grow(void **list, size_t *room, uint32_t count, size_t size)
{
	size_t more = *room == 0 ? 64 : 2 * *room;
	void *grown;

	if (count < *room)
		return true;
	grown = realloc(*list, more * size);
	if (grown == NULL)
		return false;
	*list = grown;
	*room = more;
	return true;
}

static void past_add_table(struct past_reader *reader, const struct flows_table *saved)
{
	struct past *past = &reader->past;
	bool is_known = saved->size == MAGLEV_SIZE_DEFAULT || saved->size == MAGLEV_SIZE_LARGE;

	if (!past_grow((void **)&past->tables, &reader->tables_room, past->table_count,
		    sizeof(*past->tables))) {
		reader->has_no_memory = true;
		return;
	}
	past->tables[past->table_count++] =
		(struct past_table){is_known ? saved->size : 0, past->member_count, 0};
	reader->members_due = saved->members;
}

static void past_add_member(struct past_reader *reader, const struct flows_member *saved)
{
	struct past *past = &reader->past;

	if (reader->members_due == 0 || saved->backend >= reader->backend_count)
		return;
	if (!past_grow((void **)&past->members, &reader->members_room, past->member_count,
		    sizeof(*past->members))) {
		reader->has_no_memory = true;
		return;
	}
	reader->members_due--;
	past->members[past->member_count] = reader->backends[saved->backend];
	past->members[past->member_count++].weight = saved->weight;
	past->tables[past->table_count - 1].member_count++;
}

static void past_add_view(
	struct past_reader *reader, const struct flows_view *saved, uint32_t now_s)
{
	struct past *past = &reader->past;
	uint32_t service = saved->service < reader->service_count ? reader->services[saved->service]
								  : PAST_NONE;

	reader->has_view = false;
	if (service == PAST_NONE || past->view_count == reader->services_max ||
		saved->number >= past->number_count ||
		(saved->current != FLOWS_NONE && saved->current >= past->table_count))
		return;
	reader->has_view = true;
	past->written_s = now_s;
	past->views[past->view_count++] = (struct past_view){.service = service,
		.number = saved->number,
		.current = saved->current,
		.first_remembered = past->remembered_count,
		.changed_s = now_s - saved->age_s};
}

static void past_add_remembered(struct past_reader *reader, const struct flows_remembered *saved)
{
	struct past *past = &reader->past;

	if (!reader->has_view || saved->table >= past->table_count || !(saved->living >= 0) ||
		saved->living > LIVING_MAX)
		return;
	if (!past_grow((void **)&past->remembered, &reader->remembered_room, past->remembered_count,
		    sizeof(*past->remembered))) {
		reader->has_no_memory = true;
		return;
	}
	past->remembered[past->remembered_count++] =
		(struct past_remembered){saved->table, saved->living};
	past->views[past->view_count - 1].remembered_count++;
}

void past_add(struct past_reader *reader, enum flows_item item, const union flows_any *any,
	uint32_t now_s)
{
	if (reader->has_no_memory)
		return;
	if (item == FLOWS_ITEM_TABLE)
		past_add_table(reader, &any->table);
	else if (item == FLOWS_ITEM_MEMBER)
		past_add_member(reader, &any->member);
	else if (item == FLOWS_ITEM_VIEW)
		past_add_view(reader, &any->view, now_s);
	else if (item == FLOWS_ITEM_REMEMBERED)
		past_add_remembered(reader, &any->remembered);
}

const struct past *past_read(const struct past_reader *reader)
{
	return &reader->past;
}
