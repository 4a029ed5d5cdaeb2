// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUMCTL_TELEPORT_CLUSTER_PRIVATE_H
#define FULCRUMCTL_TELEPORT_CLUSTER_PRIVATE_H

#include "cluster.h"

#include <config/findings.h>
#include <config/tree.h>

// A file on its way to a cluster: what it says, and where each instance stands in it.
struct cluster_reader {
	const char *path;
	const struct tree *tree;
	struct findings *findings;
	struct cluster *cluster;
	uint32_t *nodes[CLUSTER_ROLES]; // of the instances, as they were read
};

// What holds between the keys; each record by itself is right already. The instances are in the
// file's order.
void cluster_check(const struct cluster_reader *reader);

#endif
