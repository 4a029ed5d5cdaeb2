// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUM_BACKEND_PROGRAM_PRIVATE_H
#define FULCRUM_BACKEND_PROGRAM_PRIVATE_H

#include "program.h"

// For program*.c only.
struct program {
	struct bpf_object *object;
	struct link_program sides[2];
};

int program_map_fd(const struct program *program, const char *name);

#endif
