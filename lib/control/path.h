// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONTROL_PATH_H
#define CONTROL_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What routers say of the tunnels to backends. On the control thread.

struct control;
struct running_backend;

// Makes the probes through the path, by whose rings routers' words come too. 0 or -ENOMEM.
int control_path_start(struct control *control);

// The bytes of a packet from its IP header on, as a worker handed them over. False: no error about a tunnel. One that quotes
// no packet of ours changes nothing.
bool control_path_take(struct control *control, const uint8_t *bytes, size_t size);
// Forgets what was learned ten minutes ago. True: something was.
bool control_path_age(struct running_backend *state, uint64_t now_ns);
// What is known of the backend's path, in words; nothing is written where there is nothing to say.
void control_path_remark(const struct running_backend *state, char *out, size_t size);

#endif
