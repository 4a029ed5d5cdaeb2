// SPDX-License-Identifier: BSD-3-Clause
#include <config/check_private.h>
#include <config/config_private.h>
#include <config/schema.h>
#include <config/value.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *check_subject(
	const struct check *check, enum record_kind kind, uint32_t index, char *text)
{
	const struct config *config = check->config;
	const struct config_backend *backend;

	switch (kind) {
	case RECORD_SERVICE:
		snprintf(text, CHECK_SUBJECT_SIZE, "service '%s'", config->services[index].name);
		break;
	case RECORD_POOL:
		snprintf(text, CHECK_SUBJECT_SIZE, "pool '%s'", config->pools[index].name);
		break;
	default:
		backend = &config->backends[index];
		snprintf(text, CHECK_SUBJECT_SIZE, "pool '%s': backend '%s'", backend->pool,
			backend->name);
	}
	return text;
}

// Of the key's value, else of the mapping that it would stand in.
struct place check_place(
	const struct check *check, enum record_kind kind, uint32_t index, const char *key)
{
	const struct origins *origins = check->origins;
	const char *dot = strchr(key, '.');
	char outer[CONFIG_NAME_SIZE];
	struct place alias;
	uint32_t record, value;

	if (origins == NULL)
		return (struct place){0, 0};
	record = origins->nodes[kind][index] & ~RECORD_FAULTY;
	alias = tree_alias_place(origins->tree, record);
	if (alias.line != 0)
		return alias;
	value = tree_find(origins->tree, record, key);
	if (value == 0 && dot != NULL) {
		snprintf(outer, sizeof(outer), "%.*s", (int)(dot - key), key);
		value = tree_find(origins->tree, record, outer);
	}
	return tree_place(origins->tree, value != 0 ? value : record);
}

const char *check_line(const struct check *check, const char *word, enum record_kind kind,
	uint32_t index, const char *key, char *text)
{
	return findings_line(check->findings, check_place(check, kind, index, key), word, text);
}

bool check_is_faulty(const struct check *check, enum record_kind kind, uint32_t index)
{
	return check->origins != NULL && (check->origins->nodes[kind][index] & RECORD_FAULTY) != 0;
}

void check_sort(struct check *check, uint32_t *order, uint32_t count,
	int (*compare)(const void *left, const void *right, void *check))
{
	check_list_all(order, count);
	qsort_r(order, count, sizeof(*order), compare, check);
}

uint32_t check_search(const struct check *check, const uint32_t *order, uint32_t count,
	const void *key, int (*compare)(const struct check *check, const void *key, uint32_t index))
{
	uint32_t low = 0, high = count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (compare(check, key, order[middle]) > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && compare(check, key, order[low]) == 0 ? order[low] : CHECK_NONE;
}

// --- Each record by itself: it may be any bytes ---

static bool check_keys(struct check *check, enum record_kind kind, uint32_t index,
	const struct schema *schema, const uint8_t *record)
{
	static const char *const names[] = {"service", "pool", "backend"};
	bool good = true;
	struct error err;

	for (const struct schema_key *key = schema->keys; key->name != NULL; key++) {
		if (key->type == SCHEMA_MAPPING) {
			good &= check_keys(check, kind, index, key->child, record + key->offset);
			continue;
		}
		if (key->type == SCHEMA_RECORDS || value_check(key, record, &err) == 0)
			continue;
		// Its name may be what is wrong.
		findings_add(check->findings, (struct place){0, 0}, "%s record %u: %s", names[kind],
			index + 1, err.text);
		good = false;
	}
	return good;
}

static void check_record(struct check *check, enum record_kind kind, uint32_t index,
	const struct schema *schema, const void *record)
{
	uint8_t clean[sizeof(union config_record)] = {0};

	if (check_is_faulty(check, kind, index) || !check_keys(check, kind, index, schema, record))
		return;
	schema_copy(schema, clean, record);
	if (memcmp(clean, record, schema->size) != 0)
		check_fail(
			check, kind, index, "", ": unused bytes of the record must be %s", "zero");
}

// What config_finish() sets is taken for unused before.
static void check_records(struct check *check)
{
	struct config *config = check->config;

	for (uint32_t i = 0; i < config->service_count; i++) {
		config->services[i].pool_index = 0;
		check_record(check, RECORD_SERVICE, i, &schema_service, &config->services[i]);
	}
	for (uint32_t i = 0; i < config->pool_count; i++) {
		config->pools[i].first_backend = 0;
		config->pools[i].backend_count = 0;
		check_record(check, RECORD_POOL, i, &schema_pool, &config->pools[i]);
	}
	for (uint32_t i = 0; i < config->backend_count; i++) {
		config->backends[i].pool_index = 0;
		check_record(check, RECORD_BACKEND, i, &schema_backend, &config->backends[i]);
	}
}

// --- All of them together ---

static int check_allocate(struct check *check)
{
	size_t services = check->config->service_count, pools = check->config->pool_count;
	size_t backends = check->config->backend_count;
	size_t total = 2 * services + 4 * pools + 2 * backends + 1;
	uint32_t *memory = calloc(total, sizeof(*memory));

	if (memory == NULL)
		return -ENOMEM;
	check->services_by_name = memory; // the first one: what is freed
	check->services_by_vip = memory + services;
	check->pools_by_name = check->services_by_vip + services;
	check->first_service = check->pools_by_name + pools;
	check->first_half_open = check->first_service + pools;
	check->group_start = check->first_half_open + pools;
	check->backends_by_pool = check->group_start + pools + 1;
	check->scratch = check->backends_by_pool + backends;
	return 0;
}

// Puts the backends of each pool together.
static int group_backends(struct check *check)
{
	struct config *config = check->config;
	struct config_backend *grouped;
	bool together = true;

	for (uint32_t i = 0; i < config->pool_count; i++) {
		config->pools[i].first_backend = check->group_start[i];
		config->pools[i].backend_count = check->group_start[i + 1] - check->group_start[i];
	}
	for (uint32_t i = 0; i < config->backend_count && together; i++)
		together = check->backends_by_pool[i] == i;
	if (together)
		return 0;
	grouped = config_backend_array(config->backend_count);
	if (grouped == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < config->backend_count; i++)
		grouped[i] = config->backends[check->backends_by_pool[i]];
	free(config->backends);
	config->backends = grouped;
	return 0;
}

static int check_together(struct check *check)
{
	check_pools(check);
	check_services(check);
	if (check_ports(check) != 0)
		return -ENOMEM;
	// Which of two pools of one name a backend belongs to, nobody can say.
	if (!check->pool_names_clash) {
		check_backends(check);
		check_across(check);
	}
	return check->findings->total > 0 ? -EINVAL : group_backends(check);
}

int check_finish(struct config *config, const struct origins *origins, struct findings *findings)
{
	struct check check = {.config = config, .origins = origins, .findings = findings};
	int rc;

	check_records(&check);
	// Bytes that are no record cannot be compared. A file's records are well-formed, if
	// incomplete.
	if (findings->total > 0 && origins == NULL)
		return -EINVAL;
	rc = check_allocate(&check);
	if (rc == 0)
		rc = check_together(&check);
	free(check.services_by_name);
	return rc;
}
