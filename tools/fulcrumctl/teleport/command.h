// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUMCTL_TELEPORT_COMMAND_H
#define FULCRUMCTL_TELEPORT_COMMAND_H

#include "cluster.h"

// What the two halves of 'fulcrumctl teleport' share.

// Loads cluster.yaml; every error goes to standard error with a caret. Returns the exit status; CTL_OK sets '*out'.
int teleport_load(const char *path, struct cluster **out);

int command_verify(int argc, char **argv);

#endif
