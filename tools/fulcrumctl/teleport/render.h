// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUMCTL_TELEPORT_RENDER_H
#define FULCRUMCTL_TELEPORT_RENDER_H

#include "cluster.h"

#include <stdio.h>
#include <sys/types.h>

// What a cluster renders to: files in memory, and then in a folder. One thread.

#define RENDER_PATH_SIZE 128

// The first line of every file has it; a file without it is somebody else's.
#define RENDER_MARK "Made by 'fulcrumctl teleport render'"

struct render_file {
	char path[RENDER_PATH_SIZE]; // below the folder
	char *text;
	size_t size;
	mode_t mode;
};

struct render {
	struct render_file *files;
	size_t count;
};

// Every file of the cluster; the two pool files are then checked as 'fulcrumctl check' would. 0,
// -ENOMEM, or -EINVAL with a sentence where the balancer would not take what was made.
// render_free() either way.
int render_cluster(const struct cluster *cluster, struct render *out, struct error *err);
void render_free(struct render *render);

// Puts the files in place: all of them are written beside their places first, then renamed. Files
// of an earlier render that are no longer made are removed. A file that stands there and has no
// mark is refused, unless 'force'. 'report' hears a line for each file that is not as it was. 0, or
// a negative errno with the sentence.
int render_write(const struct render *render, const char *folder, bool force,
	config_report_fn *report, void *context, struct error *err);

// One file's text each, without the mark.
void render_lb(const struct cluster *cluster, enum cluster_role role, FILE *out);
void render_dns(const struct cluster *cluster, FILE *out);
void render_teleport_proxy(const struct cluster *cluster, FILE *out);
void render_teleport_auth(const struct cluster *cluster, FILE *out);
void render_backend(const struct cluster *cluster, enum cluster_role role,
	const struct cluster_instance *instance, FILE *out);
void render_checklist(const struct cluster *cluster, FILE *out);

// An address as YAML takes it: IPv6 in quotes. Returns 'text'.
#define RENDER_ADDR_SIZE (ADDR_TEXT_SIZE + 2)
const char *render_addr(const struct addr *addr, char *text, size_t size);
// "203.0.113.10:3080", "[2001:db8::1]:3080". Returns 'text'.
#define RENDER_ENDPOINT_SIZE (ADDR_TEXT_SIZE + 8)
const char *render_endpoint(const struct addr *addr, uint16_t port, char *text, size_t size);

#endif
