// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONTROL_INTERFACES_H
#define CONTROL_INTERFACES_H

#include <stdint.h>

// The kernel's interfaces that ports have: the kernel side, and the wire where the device drives
// one. Both are followed by number, whatever they are called, and the log tells when they are
// renamed, go or come. On the loop's thread.

struct control;

// Before the first look-up.
void control_interfaces_init(struct control *control);
void control_follow_interfaces(struct control *control);

// The kernel side's number; 0: the port has none, or it is gone.
uint32_t control_kernel_side(const struct control *control, uint32_t port);
// Its present name; "" likewise.
const char *control_kernel_side_name(const struct control *control, uint32_t port);

#endif
