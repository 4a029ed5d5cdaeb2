// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUMCTL_TELEPORT_COMMAND_H
#define FULCRUMCTL_TELEPORT_COMMAND_H

#include "../ctl.h"
#include "cluster.h"

// What the two halves of 'fulcrumctl teleport' share.

// Loads cluster.yaml; every error goes to standard error with a caret. Returns the exit status;
// CTL_OK sets '*out'.
int teleport_load(const char *path, struct cluster **out);

ctl_command_fn command_verify;
extern const struct argp argp_verify;

#endif
