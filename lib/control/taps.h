// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONTROL_TAPS_H
#define CONTROL_TAPS_H

#include <stdbool.h>
#include <stdint.h>

// The tap interfaces of the ports, for whoever deletes one by mistake: the kernel side, and the
// wire of a virtual port. It is told by name, and made again at once: the kernel side with its
// addresses and routes, the wire as it was at the start, without a link until somebody connects it.
// On the loop's thread.

struct control;
struct taps;

// NULL without memory.
struct taps *taps_new(struct control *control);
void taps_free(struct taps *taps); // NULL is fine
// Called several times a second, and when the kernel's interfaces change.
void taps_follow(struct taps *taps);
// Remembers what the kernel sides have, after changes of the kernel's: at once, or with one of the
// next seconds where there are so many that it would take a fiftieth of the thread.
void taps_remember(struct taps *taps);
// False where the kernel side is no tap that could be made again.
bool taps_makes_side(const struct taps *taps, uint32_t port);
// True where it is shared with the kernel's vhost thread, so that it cannot.
bool taps_shares_side(const struct taps *taps, uint32_t port);
// False while the port's wire is deleted or down, in whatever namespace it is.
bool taps_wire_has_link(const struct taps *taps, uint32_t port);

#endif
