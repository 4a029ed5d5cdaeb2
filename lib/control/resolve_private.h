// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONTROL_RESOLVE_PRIVATE_H
#define CONTROL_RESOLVE_PRIVATE_H

#include <stdbool.h>

// The next hops of backends, and the ports that they are behind.

struct commit;
struct control;
struct running_backend;

// --- resolve.c, neighbour_solicitation.c: next hops ---

// Of the backends that a commit adds, into the states that it builds from: begin, then steps while
// true.
void control_resolve_begin(struct control *control, struct commit *commit);
bool control_resolve_commit(struct control *control, struct commit *commit);
void control_resolve_take(struct running_backend *state, const struct running_backend *from);
// Asks for all again where a round began meanwhile, or goes on.
void control_resolve_installed(struct control *control, const struct commit *commit);

void control_resolve_all(struct control *control);
void control_resolve_step(int fd, short what, void *context);
void control_solicit_neighbours(int fd, short what, void *context);
void control_solicit_neighbours_step(int fd, short what, void *context);

// --- bond.c ---

// Whether each member of a bond has its link, for the log: what goes by which is the bond's affair.
void control_follow_bonds(struct control *control);

// --- port_links.c: the ports' cables and addresses ---

// A device that cannot tell is taken to have one.
bool control_port_has_link(const struct control *control, uint32_t port);
// Looks at every port, a few times a second.
void control_follow_ports(int fd, short what, void *context);

#endif
