// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUM_BACKEND_PROGRAM_PRIVATE_H
#define FULCRUM_BACKEND_PROGRAM_PRIVATE_H

#include "program.h"

// For program*.c only.
struct program {
	struct bpf_object *object;
	struct link_program sides[2];
};

struct fb_prefix program_prefix(const struct config_prefix *prefix);

// Fills map 'sources': who cannot be a client in a tunnel.
int program_configure_sources(
	int fd, const struct config *config, const struct host_view *view, struct error *err);

int program_map_fd(const struct program *program, const char *name);

#endif
