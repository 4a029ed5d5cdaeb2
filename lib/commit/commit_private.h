// SPDX-License-Identifier: BSD-3-Clause
#ifndef COMMIT_COMMIT_PRIVATE_H
#define COMMIT_COMMIT_PRIVATE_H

#include <commit/commit.h>

// Parts of prepare, on the jobs' thread.

// --- indexes.c ---

// Where backend 'at' of 'config' stands in the running configuration, by name; CONFIGURATION_NONE.
uint32_t commit_find_running(struct commit *commit, const struct config *config, uint32_t at);
// Plans the indexes of commit->all's backends and commit->config's services, and sets
// commit->places. 0, or a negative errno with the sentence.
int commit_plan_indexes(struct commit *commit);

// --- pools_file.c ---

// Reads 'pools_path' into commit->config, and what came from there last into commit->last_file. 0,
// or a negative errno with the sentence. A part of commit_read().
int commit_read_pools(struct commit *commit);
// Tells the log what the file overwrites.
void commit_tell_overwritten(const struct commit *commit);

// --- leaving.c ---

// Sets commit->all. 0 or -ENOMEM with the sentence.
int commit_find_leaving(struct commit *commit);

#endif
