// SPDX-License-Identifier: BSD-3-Clause
#ifndef SNAPSHOT_SNAPSHOT_PRIVATE_H
#define SNAPSHOT_SNAPSHOT_PRIVATE_H

#include <snapshot/snapshot.h>

// The parts of a build, each in its file.
int vips_build(const struct snapshot_input *input, struct snapshot_vips *out);
void vips_free(struct snapshot_vips *vips);

// The pools, their views and which of them each service has.
int views_build(const struct snapshot_input *input, const struct snapshot *previous,
	struct snapshot *out, struct error *err);
void views_free(struct snapshot *snapshot);

// The tables of one view of 'pool', which is one of 'snapshot' that is being built. 'before' is what its services had, or
// NULL.
struct view_input {
	const struct snapshot_input *input;
	const struct snapshot_view *before;
	struct snapshot *snapshot;
	uint32_t pool;
};

int view_build(const struct view_input *in, struct snapshot_view *out, struct error *err);
void view_release(struct snapshot_view *view);

#endif
