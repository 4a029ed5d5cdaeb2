// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONFIG_CHECK_H
#define CONFIG_CHECK_H

#include <config/config.h>
#include <config/findings.h>
#include <config/tree.h>
#include <stdbool.h>
#include <stdint.h>

// What config_finish() and the loader share: all the rules that a configuration must keep.

enum record_kind { RECORD_SERVICE, RECORD_POOL, RECORD_BACKEND, RECORD_KINDS };

// Where the records of a YAML text came from: a node each, with RECORD_FAULTY where the loader has
// found a fault in it already, so that it is not judged for what it lacks.
#define RECORD_FAULTY (1u << 31)

struct origins {
	const struct tree *tree;
	uint32_t *nodes[RECORD_KINDS];
	bool pool_names_missing; // a pool that is not found may be one of those
};

// Finishes the configuration if it keeps the rules, else adds findings. 'origins' is NULL for
// records that came over the channel. 0, -ENOMEM, or -EINVAL with findings.
int check_finish(struct config *config, const struct origins *origins, struct findings *findings);

#endif
