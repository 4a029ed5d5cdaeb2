// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONTROL_REBUILD_PRIVATE_H
#define CONTROL_REBUILD_PRIVATE_H

#include <base/error.h>
#include <running/build.h>
#include <snapshot/snapshot.h>

// What is known becomes a snapshot (rebuild.c).

struct control;

// For a build by a job that is about to start.
void build_begin(struct control *control, struct build *out);
void control_publish(struct control *control, struct snapshot *snapshot);
bool control_rebuild_start(void *context);
// At the start, without a job. 0, or a negative errno with the sentence.
int control_rebuild_now(struct control *control, struct error *err);
void control_rebuild_due(int fd, short what, void *context);
// Soon, once for many changes.
void control_rebuild_later(struct control *control);

#endif
