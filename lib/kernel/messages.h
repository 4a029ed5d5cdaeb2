// SPDX-License-Identifier: BSD-3-Clause
#ifndef KERNEL_MESSAGES_H
#define KERNEL_MESSAGES_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What a datagram of netlink holds, by any program: libmnl compares lengths as signed numbers, so
// that one of 2 GiB and more fits everywhere. No state, any thread.

// False for a message that does not lie in its 'size' bytes.
bool message_fits(const struct nlmsghdr *message, size_t size);
// What an acknowledgement says: 0 or a negative errno, -EPROTO where it is neither.
int message_code(int error);
// Hands the messages that lie in 'bytes' to 'take', up to the first one that does not; returns what
// mnl_cb_run() does.
int messages_run(const void *bytes, size_t size, uint32_t sequence, uint32_t port, mnl_cb_t take,
	void *context);

#endif
