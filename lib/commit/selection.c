// SPDX-License-Identifier: BSD-3-Clause
#include <commit/selection.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// As it came over the channel; a name there may lack its zero.
struct criteria {
	char name[2 * CONFIG_NAME_SIZE + 1];
	char pool[CONFIG_NAME_SIZE + 1];
	char zone[CONFIG_NAME_SIZE + 1];
	struct addr address;
};

void selection_add(struct selection *selection, const struct message_backend_select *row)
{
	if (selection->count == SELECTION_MAX)
		selection->code = E2BIG;
	if (selection->code == 0 && selection->count == selection->room) {
		uint32_t room = selection->room == 0 ? 16 : 2 * selection->room;
		void *rows = reallocarray(selection->rows, room, sizeof(*row));

		if (rows == NULL) {
			selection->code = ENOMEM;
			return;
		}
		selection->rows = rows;
		selection->room = room;
	}
	if (selection->code == 0)
		selection->rows[selection->count++] = *row;
}

void selection_free(struct selection *selection)
{
	free(selection->rows);
	*selection = (struct selection){0};
}

static void selection_read_criteria(const struct message_backend_select *row, struct criteria *out)
{
	memset(out, 0, sizeof(*out));
	memcpy(out->name, row->name, sizeof(row->name));
	memcpy(out->pool, row->pool, sizeof(row->pool));
	memcpy(out->zone, row->zone, sizeof(row->zone));
	out->address = row->address;
}

static bool selection_matches(const struct criteria *criteria, const struct config_backend *backend)
{
	return (criteria->pool[0] == '\0' || strcmp(criteria->pool, backend->pool) == 0) &&
	       (criteria->zone[0] == '\0' || strcmp(criteria->zone, backend->zone) == 0) &&
	       (criteria->address.family == ADDR_NONE ||
		       addr_equal(&criteria->address, &backend->address));
}

// "there is no backend in zone 'a' of pool 'web' with the address 10.0.1.11"
static int selection_refuse(const struct criteria *criteria, struct error *err)
{
	bool has_address =
		criteria->address.family == ADDR_IPV4 || criteria->address.family == ADDR_IPV6;
	char address[ADDR_TEXT_SIZE] = "";

	if (has_address)
		addr_format(&criteria->address, address, sizeof(address));
	return error_set(err, ENOENT, "there is no backend%s%s%s%s%s%s%s%s",
		criteria->zone[0] != '\0' ? " in zone '" : "", criteria->zone,
		criteria->zone[0] != '\0' ? "'" : "", criteria->pool[0] != '\0' ? " of pool '" : "",
		criteria->pool, criteria->pool[0] != '\0' ? "'" : "",
		has_address ? " with the address " : "", address);
}

static int selection_mark(const struct criteria *criteria, const struct config *config, bool *marks,
	struct error *err)
{
	bool any = false;

	if (criteria->name[0] != '\0') {
		uint32_t at;
		int rc = config_find_backend(config, criteria->name, &at, err);

		if (rc == 0)
			marks[at] = true;
		return rc;
	}
	if (criteria->zone[0] == '\0' && criteria->pool[0] == '\0' &&
		criteria->address.family == ADDR_NONE)
		return error_set(err, ENOENT, "no backend is named");
	for (uint32_t i = 0; i < config->backend_count; i++) {
		if (selection_matches(criteria, &config->backends[i]))
			any = marks[i] = true;
	}
	return any ? 0 : selection_refuse(criteria, err);
}

static int selection_mark_all(const struct selection *selection, const struct config *config,
	bool *marks, struct error *err)
{
	int rc = 0;

	for (uint32_t i = 0; i < selection->count && rc == 0; i++) {
		struct criteria criteria;

		selection_read_criteria(&selection->rows[i], &criteria);
		rc = selection_mark(&criteria, config, marks, err);
	}
	return rc;
}

int selection_resolve(const struct selection *selection, const struct config *config,
	uint32_t **places, uint32_t *count, struct error *err)
{
	bool *marks = calloc((size_t)config->backend_count + 1, sizeof(*marks));
	uint32_t *found = calloc((size_t)config->backend_count + 1, sizeof(*found));
	int rc = 0;

	*places = NULL;
	*count = 0;
	if (marks == NULL || found == NULL)
		rc = error_set(err, ENOMEM, "out of memory");
	else if (selection->count == 0)
		rc = error_set(err, ENOENT, "no backend is named");
	else if (selection->code == E2BIG)
		rc = error_set(
			err, E2BIG, "no more than %u names are taken together", SELECTION_MAX);
	else if (selection->code != 0)
		rc = error_set(err, selection->code, "out of memory");
	else
		rc = selection_mark_all(selection, config, marks, err);
	for (uint32_t i = 0; i < config->backend_count && rc == 0; i++)
		if (marks[i])
			found[(*count)++] = i;
	free(marks);
	if (rc == 0)
		*places = found;
	else
		free(found);
	return rc;
}
