// SPDX-License-Identifier: BSD-3-Clause
#ifndef SNAPSHOT_SNAPSHOT_PRIVATE_H
#define SNAPSHOT_SNAPSHOT_PRIVATE_H

#include <snapshot/snapshot.h>

// The parts of a build, each in its file.
int vips_build(const struct snapshot_input *input, struct snapshot_vips *out);
void vips_free(struct snapshot_vips *vips);

int pool_build(const struct snapshot_input *input, const struct config_pool *config,
	const struct snapshot_pool *before, struct snapshot_pool *out, struct error *err);
void pool_release(struct snapshot_pool *pool);

#endif
