// SPDX-License-Identifier: BSD-3-Clause
#include <config/check.h>
#include <config/config.h>
#include <config/decode.h>
#include <config/value.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct loader {
	const struct tree *tree;
	struct findings *findings;
	struct config *config;
	struct origins origins;
};

// Remembers where a record came from; its number is that of the record, which is added after it.
static int add_origin(
	struct loader *l, enum record_kind kind, uint32_t count, uint32_t node, bool good)
{
	uint32_t *nodes = l->origins.nodes[kind];

	if ((count & (count - 1)) == 0) {
		nodes = realloc(nodes, (count == 0 ? 1 : 2 * count) * sizeof(*nodes));
		if (nodes == NULL)
			return -ENOMEM;
		l->origins.nodes[kind] = nodes;
	}
	nodes[count] = node | (good ? 0 : RECORD_FAULTY);
	return 0;
}

static int too_many(struct loader *l, uint32_t node, const char *what, uint32_t limit)
{
	findings_add(
		l->findings, tree_place(l->tree, node), "there are more than %u %s", limit, what);
	return -EINVAL;
}

static int load_backend(struct loader *l, struct decode *decode, const struct config_pool *pool)
{
	struct config_backend backend;
	bool good = decode_record(decode, &backend);
	int rc;

	if (l->config->backend_count == CONFIG_BACKENDS_MAX)
		return too_many(l, decode->node, "backends", CONFIG_BACKENDS_MAX);
	memcpy(backend.pool, pool->name, sizeof(backend.pool));
	good &= pool->name[0] != '\0';
	rc = add_origin(l, RECORD_BACKEND, l->config->backend_count, decode->node, good);
	return rc != 0 ? rc : config_add_backend(l->config, &backend);
}

static int load_backends(
	struct loader *l, const struct config_pool *pool, const char *subject, uint32_t list)
{
	struct decode decode = {l->tree, l->findings, subject, &schema_backend, 0, 0};
	int rc = 0;

	for (uint32_t entry = tree_first(l->tree, list); rc == 0 && entry != 0;
		entry = tree_next(l->tree, entry)) {
		decode.node = entry;
		decode.ordinal++;
		rc = load_backend(l, &decode, pool);
	}
	return rc;
}

static int load_pool(struct loader *l, struct decode *decode)
{
	uint32_t list = tree_find(l->tree, decode->node, "backends");
	char subject[DECODE_SUBJECT_SIZE];
	struct config_pool pool;
	bool good = decode_record(decode, &pool);
	int rc;

	if (l->config->pool_count == CONFIG_POOLS_MAX)
		return too_many(l, decode->node, "pools", CONFIG_POOLS_MAX);
	if (pool.name[0] == '\0')
		l->origins.pool_names_missing = true;
	rc = add_origin(l, RECORD_POOL, l->config->pool_count, decode->node, good);
	if (rc == 0)
		rc = config_add_pool(l->config, &pool);
	if (rc != 0 || list == 0 || tree_node(l->tree, list)->kind != TREE_LIST)
		return rc;
	decode_subject(decode, subject, sizeof(subject));
	subject[strlen(subject) - strlen(": ")] = '\0';
	return load_backends(l, &pool, subject, list);
}

static int load_service(struct loader *l, struct decode *decode)
{
	struct config_service service;
	bool good = decode_record(decode, &service);
	int rc;

	if (l->config->service_count == CONFIG_SERVICES_MAX)
		return too_many(l, decode->node, "services", CONFIG_SERVICES_MAX);
	rc = add_origin(l, RECORD_SERVICE, l->config->service_count, decode->node, good);
	return rc != 0 ? rc : config_add_service(l->config, &service);
}

// Every entry of the list under 'key' of the whole file.
static int load_list(struct loader *l, const char *key, const struct schema *schema,
	int (*load)(struct loader *l, struct decode *decode))
{
	struct decode decode = {l->tree, l->findings, NULL, schema, 0, 0};
	uint32_t list = tree_find(l->tree, TREE_ROOT, key);
	int rc = 0;

	if (list == 0 || tree_node(l->tree, list)->kind != TREE_LIST)
		return 0;
	for (uint32_t entry = tree_first(l->tree, list); rc == 0 && entry != 0;
		entry = tree_next(l->tree, entry)) {
		decode.node = entry;
		decode.ordinal++;
		rc = load(l, &decode);
	}
	return rc;
}

static bool has_list(const struct tree *tree, const char *key)
{
	uint32_t list = tree_find(tree, TREE_ROOT, key);

	return list != 0 && tree_node(tree, list)->kind == TREE_LIST;
}

static int load_tree(struct loader *l)
{
	struct decode decode = {l->tree, l->findings, NULL, &schema_pool_file, TREE_ROOT, 0};
	int rc;

	// Where the list itself cannot be read, no pool can be found, which is no fault of the services.
	if (!decode_record(&decode, l->config) && !has_list(l->tree, "pools"))
		l->origins.pool_names_missing = true;
	rc = load_list(l, "services", &schema_service, load_service);
	if (rc == 0)
		rc = load_list(l, "pools", &schema_pool, load_pool);
	if (rc == 0)
		rc = check_finish(l->config, &l->origins, l->findings);
	for (uint32_t i = 0; i < RECORD_KINDS; i++)
		free(l->origins.nodes[i]);
	return rc;
}

static int load(struct findings *findings, const char *text, size_t size, struct config *config)
{
	struct loader loader = {.findings = findings, .config = config};
	struct tree *tree = NULL;
	int rc;

	if (size > CONFIG_TEXT_MAX) {
		findings_add(findings, (struct place){0, 0}, "a file may have %u MiB at most",
			CONFIG_TEXT_MAX >> 20);
		return -EINVAL;
	}
	rc = tree_read(text, size, findings, &tree);
	loader.tree = loader.origins.tree = tree;
	if (rc == 0)
		rc = load_tree(&loader);
	tree_free(tree);
	return rc;
}

int config_load_text(const char *name, const char *text, size_t size, struct config **out,
	config_report_fn *report, void *context, struct error *err)
{
	struct findings findings = {.name = name};
	struct config *config = config_new();
	int rc = config == NULL ? -ENOMEM : load(&findings, text, size, config);
	int told = findings_close(&findings, report, context, err);

	if (rc == 0 && told == 0) {
		*out = config;
		return 0;
	}
	config_free(config);
	if (rc == -ENOMEM || told == -ENOMEM)
		return error_set(err, ENOMEM, "%s: out of memory", name);
	return -EINVAL;
}

int config_load_file(const char *path, struct config **out, config_report_fn *report, void *context,
	struct error *err)
{
	struct error own;
	char *text;
	size_t size;
	int rc;

	if (err == NULL)
		err = &own;
	rc = tree_read_file(path, &text, &size, err);
	if (rc != 0) {
		if (report != NULL)
			report(context, err->text);
		return rc;
	}
	rc = config_load_text(path, text, size, out, report, context, err);
	explicit_bzero(text, size);
	free(text);
	return rc;
}
