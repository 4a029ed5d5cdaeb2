// SPDX-License-Identifier: BSD-3-Clause
#ifndef RUNNING_PATH_H
#define RUNNING_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What routers say of the tunnels to backends. On the control thread.

struct running;
struct running_backend;
struct running_port;

// The bytes of a packet from its IP header on, as a worker handed them over. False: no error about
// a tunnel. One that quotes no packet of ours changes nothing; '*is_changed' becomes true where a
// path gets narrower.
bool running_path_take(struct running *running, const struct running_port *ports,
	const uint8_t *bytes, size_t size, bool *is_changed);
// Forgets what was learned ten minutes ago. True: something was.
bool running_path_age(struct running_backend *state, uint64_t now_ns);
// What is known of the backend's path, in words; nothing is written where there is nothing to say.
void running_path_remark(const struct running_backend *state, char *out, size_t size);

#endif
