// SPDX-License-Identifier: BSD-3-Clause
#ifndef APP_ARGUMENTS_H
#define APP_ARGUMENTS_H

#include <base/error.h>
#include <config/daemon.h>
#include <needs/needs.h>
#include <stddef.h>

// EAL's command line, made from the daemon's file. Nothing here touches DPDK.

#define ARGUMENTS_MAX (DAEMON_EAL_ARGS_MAX + 2 * (1 + NEEDS_CARDS_MAX) * DAEMON_PORTS_MAX + 24)

// EAL reorders and replaces its pointers and keeps some: it must stay. Zeroed at first.
struct arguments {
	char *argv[ARGUMENTS_MAX];
	int argc;
	char text[ARGUMENTS_MAX * 96];
	size_t used;
};

// Where 'hugepage_bytes' are free. 0, or -ENOMEM with the sentence where they are required and too
// few.
int arguments_make(struct arguments *args, const struct daemon_config *config,
	uint64_t hugepage_bytes, struct error *err);

#endif
