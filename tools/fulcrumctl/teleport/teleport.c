// SPDX-License-Identifier: BSD-3-Clause
#include "../ctl.h"
#include "../load.h"
#include "command.h"
#include "render.h"

#include <base/printable.h>
#include <stdio.h>
#include <string.h>

struct render_arguments {
	const char *file;
	const char *folder;
	bool force;
};

static const struct argp_option render_options[] = {
	{"output", 'o', "FOLDER", 0, "Where the files go; it is made if it is not there", 0},
	{"force", 'F', NULL, 0, "Overwrite files that render did not make", 0},
	{0},
};

static error_t parse_render(int key, char *value, struct argp_state *state)
{
	struct render_arguments *arguments = state->input;

	switch (key) {
	case 'o':
		arguments->folder = value;
		return 0;
	case 'F':
		arguments->force = true;
		return 0;
	case ARGP_KEY_ARG:
		if (arguments->file != NULL)
			argp_error(state, "'%s' is one word too many", value);
		arguments->file = value;
		return 0;
	case ARGP_KEY_END:
		if (arguments->file == NULL || arguments->folder == NULL)
			argp_error(state, "%s is missing",
				arguments->file == NULL ? "cluster.yaml" : "-o FOLDER");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp render_argp = {render_options, parse_render, "cluster.yaml -o FOLDER",
	"Writes what a Teleport cluster needs: the pools of both balancers, DNS records, Teleport's own "
	"files, the agents' files, and a list of what is left to do.\v"
	"All of it or nothing. What has not changed is left as it is.",
	0, 0, 0};

int teleport_load(const char *path, struct cluster **out)
{
	struct load_report report = {.paths = &path, .path_count = 1};
	struct error err = {""};
	int rc = cluster_load(path, out, load_print_sentence, &report, &err);

	if (rc == 0)
		return CTL_OK;
	if (report.count == 0)
		ctl_fail(CTL_BAD_INPUT, "%s", err.text);
	return rc == -ENOMEM ? CTL_FAILED : CTL_BAD_INPUT;
}

static void print_line(void *context, const char *line)
{
	printable_line(stdout, "%s", line);
	(*(size_t *)context)++;
}

// One zone is no fault of the file, but not what was asked for either.
static void note_zones(const char *path, const struct cluster *cluster)
{
	for (int role = 0; role < CLUSTER_ROLES; role++) {
		const struct cluster_pool *pool = &cluster->pools[role];
		uint32_t same = 0;

		while (same < pool->instance_count &&
			strcmp(pool->instances[same].zone, pool->instances[0].zone) == 0)
			same++;
		if (same == pool->instance_count)
			fprintf(stderr,
				"%s: note: %s: every instance is in zone '%s': the service ends with that zone\n",
				path, cluster_role_name(role), pool->instances[0].zone);
	}
}

static int run_render(const struct render_arguments *arguments, const struct cluster *cluster)
{
	struct render render;
	struct error err = {""};
	size_t changes = 0;
	int rc = render_cluster(cluster, &render, &err);

	if (rc == 0)
		rc = render_write(
			&render, arguments->folder, arguments->force, print_line, &changes, &err);
	if (rc == 0)
		printf("%zu files in %s, %zu of them new or changed\n", render.count,
			arguments->folder, changes);
	render_free(&render);
	return rc == 0 ? CTL_OK : ctl_fail(CTL_FAILED, "%s", err.text);
}

static int command_render(const struct ctl *ctl, int argc, char **argv)
{
	struct render_arguments arguments = {0};
	struct cluster *cluster;
	int status;

	ctl_parse(&render_argp, argc, argv, &arguments);
	status = teleport_load(arguments.file, &cluster);
	if (status != CTL_OK)
		return status;
	note_zones(arguments.file, cluster);
	status = run_render(&arguments, cluster);
	cluster_free(cluster);
	return status;
}

const struct usage_verb verbs_teleport[] = {
	{"render", "FILE -o FOLDER", "write what the cluster needs, from one file", &render_argp,
		.words = "FILE", .run = command_render},
	{"verify", "FILE", "look at the cluster from a client's place", &argp_verify,
		.words = "FILE", .run = command_verify},
	{0},
};
