// SPDX-License-Identifier: BSD-3-Clause
#include "render.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *render_addr(const struct addr *addr, char *text, size_t size)
{
	char plain[ADDR_TEXT_SIZE];
	const char *quote = addr->family == ADDR_IPV6 ? "\"" : "";

	snprintf(text, size, "%s%s%s", quote, addr_format(addr, plain, sizeof(plain)), quote);
	return text;
}

const char *render_endpoint(const struct addr *addr, uint16_t port, char *text, size_t size)
{
	char plain[ADDR_TEXT_SIZE];
	bool brackets = addr->family == ADDR_IPV6;

	snprintf(text, size, "%s%s%s:%u", brackets ? "[" : "",
		addr_format(addr, plain, sizeof(plain)), brackets ? "]" : "", port);
	return text;
}

// A file that is being made. Its text is whole once it is closed.
static FILE *begin(struct render *render, const char *path, const char *before, const char *after)
{
	struct render_file *files =
		realloc(render->files, (render->count + 1) * sizeof(*render->files));
	struct render_file *file;
	FILE *out;

	if (files == NULL)
		return NULL;
	render->files = files;
	file = &files[render->count];
	*file = (struct render_file){.mode = 0644};
	snprintf(file->path, sizeof(file->path), "%s", path);
	out = open_memstream(&file->text, &file->size);
	if (out == NULL)
		return NULL;
	render->count++;
	fprintf(out, "%s " RENDER_MARK " from cluster.yaml: change that, and render again.%s\n",
		before, after);
	return out;
}

static int end(FILE *out)
{
	bool failed = ferror(out) != 0;

	return fclose(out) != 0 || failed ? -ENOMEM : 0;
}

static int add_lb(const struct cluster *cluster, enum cluster_role role, struct render *render)
{
	char path[RENDER_PATH_SIZE];
	FILE *out;

	snprintf(path, sizeof(path), "%s-lb.yaml", cluster_role_name(role));
	out = begin(render, path, "#", "");
	if (out == NULL)
		return -ENOMEM;
	render_lb(cluster, role, out);
	if (cluster->hash_key_set)
		render->files[render->count - 1].mode = 0600; // the key is a secret
	return end(out);
}

static int add_backends(
	const struct cluster *cluster, enum cluster_role role, struct render *render)
{
	const struct cluster_pool *pool = &cluster->pools[role];
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < pool->instance_count; i++) {
		char path[RENDER_PATH_SIZE];
		FILE *out;

		snprintf(path, sizeof(path), "backends/%s.yaml", pool->instances[i].name);
		out = begin(render, path, "#", "");
		if (out == NULL)
			return -ENOMEM;
		render_backend(cluster, role, &pool->instances[i], out);
		rc = end(out);
	}
	return rc;
}

static int add_others(const struct cluster *cluster, struct render *render)
{
	static const struct {
		const char *path, *before, *after;
		void (*put)(const struct cluster *cluster, FILE *out);
	} rows[] = {
		{"dns.zone", ";", "", render_dns},
		{"teleport-proxy.yaml", "#", "", render_teleport_proxy},
		{"teleport-auth.yaml", "#", "", render_teleport_auth},
		{"checklist.md", "<!--", " -->", render_checklist},
	};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof(rows) / sizeof(rows[0]); i++) {
		FILE *out = begin(render, rows[i].path, rows[i].before, rows[i].after);

		if (out == NULL)
			return -ENOMEM;
		rows[i].put(cluster, out);
		rc = end(out);
	}
	return rc;
}

static int check_lb(const struct render_file *file, struct error *err)
{
	struct config *config = NULL;
	int rc = config_load_text(file->path, file->text, file->size, &config, NULL, NULL, err);

	config_free(config);
	return rc;
}

int render_cluster(const struct cluster *cluster, struct render *out, struct error *err)
{
	int rc = 0;

	*out = (struct render){0};
	for (int role = 0; rc == 0 && role < CLUSTER_ROLES; role++)
		rc = add_lb(cluster, role, out);
	for (int role = 0; rc == 0 && role < CLUSTER_ROLES; role++)
		rc = check_lb(&out->files[role], err);
	if (rc == -EINVAL)
		return rc;
	if (rc == 0)
		rc = add_others(cluster, out);
	for (int role = 0; rc == 0 && role < CLUSTER_ROLES; role++)
		rc = add_backends(cluster, role, out);
	return rc == 0 ? 0 : error_set(err, ENOMEM, "out of memory");
}

void render_free(struct render *render)
{
	for (size_t i = 0; i < render->count; i++) {
		if (render->files[i].text != NULL)
			explicit_bzero(render->files[i].text, render->files[i].size);
		free(render->files[i].text);
	}
	free(render->files);
	*render = (struct render){0};
}
