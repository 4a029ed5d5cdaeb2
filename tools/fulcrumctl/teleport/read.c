// SPDX-License-Identifier: BSD-3-Clause
#include "cluster_private.h"

#include <config/decode.h>

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *cluster_role_name(enum cluster_role role)
{
	return role == CLUSTER_PROXY ? "proxy" : "auth";
}

static int make_room(struct cluster_reader *reader, enum cluster_role role, uint32_t count)
{
	struct cluster_pool *pool = &reader->cluster->pools[role];

	pool->instances = calloc(count + 1, sizeof(*pool->instances));
	reader->nodes[role] = calloc(count + 1, sizeof(*reader->nodes[role]));
	return pool->instances == NULL || reader->nodes[role] == NULL ? -ENOMEM : 0;
}

static int read_instances(struct cluster_reader *reader, enum cluster_role role)
{
	struct cluster_pool *pool = &reader->cluster->pools[role];
	struct decode decode = {reader->tree, reader->findings, cluster_role_name(role),
		&schema_cluster_instance, 0, 0};
	char key[32];
	uint32_t list;
	const struct tree_node *node;

	snprintf(key, sizeof(key), "%s.instances", cluster_role_name(role));
	list = tree_find(reader->tree, TREE_ROOT, key);
	node = list == 0 ? NULL : tree_node(reader->tree, list);
	if (node == NULL || node->kind != TREE_LIST)
		return 0;
	if (node->size == 0 || node->size > CLUSTER_INSTANCES_MAX) {
		findings_add(reader->findings, tree_place(reader->tree, list),
			"%s: instances must have 1 to %u entries, not %u", cluster_role_name(role),
			CLUSTER_INSTANCES_MAX, node->size);
		return 0;
	}
	if (make_room(reader, role, node->size) != 0)
		return -ENOMEM;
	for (uint32_t entry = tree_first(reader->tree, list); entry != 0;
		entry = tree_next(reader->tree, entry)) {
		decode.node = entry;
		reader->nodes[role][decode.ordinal++] = entry;
		decode_record(&decode, &pool->instances[pool->instance_count++]);
	}
	return 0;
}

// The pools' and the names' that are left out.
static void fill_in(struct cluster *cluster)
{
	if (cluster->name[0] == '\0')
		memcpy(cluster->name, cluster->domain, sizeof(cluster->name));
	for (int role = 0; role < CLUSTER_ROLES; role++) {
		struct cluster_pool *pool = &cluster->pools[role];

		for (uint32_t i = 0; i < pool->instance_count; i++)
			if (pool->instances[i].interface[0] == '\0')
				memcpy(pool->instances[i].interface, pool->interface,
					sizeof(pool->interface));
	}
}

// The text is to stand under a key of another file, so it has to be a mapping; its faults have its
// own places.
static int check_storage(const char *path, const char *text, size_t size, struct error *err)
{
	struct findings findings = {.files = &path};
	struct tree *tree = NULL;
	int rc = tree_read(text, size, &findings, &tree);

	if (rc == 0 && tree_node(tree, TREE_ROOT)->kind != TREE_MAPPING)
		findings_add(&findings, tree_place(tree, TREE_ROOT),
			"what stands under teleport.storage is a mapping, such as 'type: etcd'");
	tree_free(tree);
	if (findings_close(&findings, NULL, NULL, err) != 0)
		return -EINVAL;
	return rc;
}

// A zero behind a file's text.
static int terminate(char **text, size_t size)
{
	char *longer = realloc(*text, size + 1);

	if (longer == NULL)
		return -ENOMEM;
	longer[size] = '\0';
	*text = longer;
	return 0;
}

// A relative path counts from the folder of cluster.yaml.
static int read_storage(struct cluster_reader *reader)
{
	const char *name = reader->cluster->pools[CLUSTER_AUTH].storage_file;
	char folder[CLUSTER_PATH_SIZE * 4], path[sizeof(folder) + CLUSTER_PATH_SIZE];
	uint32_t node = tree_find(reader->tree, TREE_ROOT, "auth.storage_file");
	struct error err = {""};
	size_t size;
	int rc;

	if (name[0] == '\0' || node == 0)
		return 0;
	snprintf(folder, sizeof(folder), "%s", reader->path);
	snprintf(path, sizeof(path), "%s%s%s", name[0] == '/' ? "" : dirname(folder),
		name[0] == '/' ? "" : "/", name);
	rc = tree_read_file(path, CONFIG_TEXT_MAX, &reader->cluster->storage, &size, &err);
	if (rc == 0)
		rc = check_storage(path, reader->cluster->storage, size, &err);
	if (rc == 0)
		rc = terminate(&reader->cluster->storage, size);
	if (rc != 0 && rc != -ENOMEM)
		findings_add(reader->findings, tree_place(reader->tree, node),
			"auth: storage_file: %s", err.text);
	return rc == -ENOMEM ? rc : 0;
}

static int by_name(const void *left, const void *right)
{
	const struct cluster_instance *a = left, *b = right;

	return strcmp(a->name, b->name);
}

static int read_cluster(struct cluster_reader *reader)
{
	struct decode decode = {
		reader->tree, reader->findings, NULL, &schema_cluster, TREE_ROOT, 0};
	int rc = 0;

	decode_record(&decode, reader->cluster);
	for (int role = 0; rc == 0 && role < CLUSTER_ROLES; role++)
		rc = read_instances(reader, role);
	if (rc == 0)
		rc = read_storage(reader);
	if (rc != 0)
		return rc;
	// What was refused would only be refused again, in other words.
	if (reader->findings->total == 0)
		cluster_check(reader);
	fill_in(reader->cluster);
	for (int role = 0; role < CLUSTER_ROLES; role++) {
		struct cluster_pool *pool = &reader->cluster->pools[role];

		if (pool->instance_count > 0)
			qsort(pool->instances, pool->instance_count, sizeof(*pool->instances),
				by_name);
	}
	return 0;
}

static int load(struct cluster_reader *reader)
{
	struct tree *tree = NULL;
	char *text = NULL;
	size_t size;
	struct error err;
	int rc = tree_read_file(reader->path, CONFIG_TEXT_MAX, &text, &size, &err);

	if (rc != 0) {
		findings_add(reader->findings, (struct place){0, 0}, "%s",
			err.text + strlen(reader->path) + strlen(": "));
		return rc;
	}
	rc = tree_read(text, size, reader->findings, &tree);
	explicit_bzero(text, size); // it may hold the hash key
	free(text);
	reader->tree = tree;
	if (rc == 0)
		rc = read_cluster(reader);
	tree_free(tree);
	return rc;
}

int cluster_load(const char *path, struct cluster **out, config_report_fn *report, void *context,
	struct error *err)
{
	struct findings findings = {.files = &path};
	struct cluster_reader reader = {.path = path, .findings = &findings};
	int rc, told;

	reader.cluster = calloc(1, sizeof(*reader.cluster));
	rc = reader.cluster == NULL ? -ENOMEM : load(&reader);
	told = findings_close(&findings, report, context, err);
	for (int role = 0; role < CLUSTER_ROLES; role++)
		free(reader.nodes[role]);
	if (rc == 0 && told == 0) {
		*out = reader.cluster;
		return 0;
	}
	cluster_free(reader.cluster);
	if (rc == -ENOMEM || told == -ENOMEM)
		return error_set(err, ENOMEM, "%s: out of memory", path);
	return rc != 0 ? rc : told;
}

void cluster_free(struct cluster *cluster)
{
	if (cluster == NULL)
		return;
	for (int role = 0; role < CLUSTER_ROLES; role++)
		free(cluster->pools[role].instances);
	free(cluster->storage);
	explicit_bzero(cluster->hash_key, sizeof(cluster->hash_key));
	free(cluster);
}
