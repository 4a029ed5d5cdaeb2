// SPDX-License-Identifier: BSD-3-Clause
#include <config/check.h>
#include <config/config.h>
#include <config/config_private.h>
#include <config/decode.h>
#include <config/value.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum load_rules {
	LOAD_OPERATORS, // what a person wrote
	LOAD_WRITTEN, // what config_write() wrote of it
	LOAD_LEAVING, // config_load_leaving()
};

struct loader {
	enum load_rules rules;
	struct tree *tree; // of all sources
	uint32_t root; // of the one that is being read
	struct place hash_key; // where it is given; nowhere yet
	uint64_t size; // of the texts until now
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
	backend.pool_index = l->config->pool_count - 1; // its pool came just before it
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

// Every entry of the list under 'key' of the whole source.
static int load_list(struct loader *l, const char *key, const struct schema *schema,
	int (*load)(struct loader *l, struct decode *decode))
{
	struct decode decode = {l->tree, l->findings, NULL, schema, 0, 0};
	uint32_t list = tree_find(l->tree, l->root, key);
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

static bool has_list(const struct loader *l, const char *key)
{
	uint32_t list = tree_find(l->tree, l->root, key);

	return list != 0 && tree_node(l->tree, list)->kind == TREE_LIST;
}

// One of the sources may give it.
static void take_hash_key(struct loader *l, const struct config *head)
{
	uint32_t node = tree_find(l->tree, l->root, "hash_key");
	char line[FINDINGS_LINE_SIZE];

	if (node == 0)
		return;
	if (l->hash_key.line != 0) {
		findings_add(l->findings, tree_place(l->tree, node), "hash_key is given twice%s",
			findings_line(l->findings, l->hash_key, "first at ", line));
		return;
	}
	l->hash_key = tree_place(l->tree, node);
	l->config->hash_key_set = head->hash_key_set;
	memcpy(l->config->hash_key, head->hash_key, sizeof(l->config->hash_key));
}

static int load_records(struct loader *l)
{
	struct config head;
	struct decode decode = {l->tree, l->findings, NULL, &schema_pool_file, l->root, 0};
	int rc;

	// Where the list itself cannot be read, no pool can be found, which is no fault of the
	// services.
	if (!decode_record(&decode, &head) && !has_list(l, "pools"))
		l->origins.pool_names_missing = true;
	take_hash_key(l, &head);
	explicit_bzero(head.hash_key, sizeof(head.hash_key));
	rc = l->rules == LOAD_LEAVING ? 0 : load_list(l, "services", &schema_service, load_service);
	if (rc == 0)
		rc = load_list(l, "pools", &schema_pool, load_pool);
	return rc;
}

static int load_text(struct loader *l, uint32_t file, const char *text, size_t size)
{
	int rc;

	l->size += size;
	if (l->rules == LOAD_OPERATORS && l->size > CONFIG_TEXT_MAX) {
		findings_add(l->findings, (struct place){.file = file},
			"%s may have %u MiB at most",
			size > CONFIG_TEXT_MAX ? "a file" : "all files together",
			CONFIG_TEXT_MAX >> 20);
		return -E2BIG;
	}
	rc = tree_add(l->tree, file, text, size, l->findings, &l->root);
	return rc != 0 ? rc : load_records(l);
}

static int load_source(struct loader *l, uint32_t file, const struct config_source *source)
{
	struct error err;
	char *text;
	size_t size;
	int rc;

	if (source->text != NULL)
		return load_text(l, file, source->text, source->size);
	rc = l->rules == LOAD_OPERATORS
		     ? tree_read_file(source->name, CONFIG_TEXT_MAX, &text, &size, &err)
		     : tree_read_kept(source->name, &text, &size, &err);
	if (rc == -ENOMEM)
		return rc;
	if (rc != 0) {
		findings_add(l->findings, (struct place){.file = file}, "%s",
			err.text + strlen(source->name) + strlen(": "));
		return rc;
	}
	rc = load_text(l, file, text, size);
	explicit_bzero(text, size); // it may hold the hash key
	free(text);
	return rc;
}

// A source that cannot be read does not keep the others' faults from being told.
static int load_sources(struct loader *l, const struct config_source *sources, uint32_t count)
{
	int result = 0;

	for (uint32_t i = 0; i < count; i++) {
		int rc = load_source(l, i, &sources[i]);

		if (rc == -ENOMEM || rc == -E2BIG)
			return rc;
		if (result == 0)
			result = rc;
	}
	if (result != 0)
		return result;
	return l->rules == LOAD_LEAVING ? config_settle_leaving(l->config)
					: check_finish(l->config, &l->origins, l->findings);
}

static int load(struct findings *findings, const struct config_source *sources, uint32_t count,
	enum load_rules rules, struct config *config)
{
	struct loader loader = {
		.rules = rules, .findings = findings, .config = config, .tree = tree_new()};
	int rc;

	if (loader.tree == NULL)
		return -ENOMEM;
	loader.origins.tree = loader.tree;
	rc = load_sources(&loader, sources, count);
	for (uint32_t i = 0; i < RECORD_KINDS; i++)
		free(loader.origins.nodes[i]);
	tree_free(loader.tree);
	return rc;
}

static int load_by(enum load_rules rules, const struct config_source *sources, uint32_t count,
	struct config **out, config_report_fn *report, void *context, struct error *err)
{
	const char **names = calloc(count, sizeof(*names));
	struct findings findings = {.files = names, .file_count = count};
	struct config *config = config_new();
	int told, rc = -ENOMEM;

	for (uint32_t i = 0; names != NULL && i < count; i++)
		names[i] = sources[i].name;
	if (names != NULL && config != NULL)
		rc = load(&findings, sources, count, rules, config);
	told = findings_close(&findings, report, context, err);
	free(names);
	if (rc == 0 && told == 0) {
		*out = config;
		return 0;
	}
	config_free(config);
	if (rc == -ENOMEM || told == -ENOMEM)
		return error_set(err, ENOMEM, "%s: out of memory", sources[0].name);
	return rc == -EIO ? -EIO : -EINVAL;
}

int config_load(const struct config_source *sources, uint32_t count, struct config **out,
	config_report_fn *report, void *context, struct error *err)
{
	return load_by(LOAD_OPERATORS, sources, count, out, report, context, err);
}

int config_load_written(const char *path, struct config **out, struct error *err)
{
	const struct config_source source = {.name = path};

	return load_by(LOAD_WRITTEN, &source, 1, out, NULL, NULL, err);
}

int config_load_leaving(const char *path, struct config **out, struct error *err)
{
	const struct config_source source = {.name = path};

	return load_by(LOAD_LEAVING, &source, 1, out, NULL, NULL, err);
}

int config_load_text(const char *name, const char *text, size_t size, struct config **out,
	config_report_fn *report, void *context, struct error *err)
{
	const struct config_source source = {name, text != NULL ? text : "", size};

	return config_load(&source, 1, out, report, context, err);
}

int config_load_file(const char *path, struct config **out, config_report_fn *report, void *context,
	struct error *err)
{
	const struct config_source source = {.name = path};

	return config_load(&source, 1, out, report, context, err);
}
