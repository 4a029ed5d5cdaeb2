// SPDX-License-Identifier: BSD-3-Clause
#ifndef KERNEL_FOLLOW_H
#define KERNEL_FOLLOW_H

#include <kernel/kernel.h>

// An interface that is followed through renames: it is looked for by name, and once it is found it
// is known by its number. One that goes is looked for by its first name again. A value of the
// caller's, zeroed but for 'first_name'. What the kernel room knows of links answers; no system
// call, and no descriptor. On the kernel room's thread.

struct kernel_follow {
	char first_name[16];
	char name[16]; // that it has now, or had last; "": it was never there
	uint32_t ifindex; // 0: it is not there
};

enum kernel_followed {
	KERNEL_FOLLOW_SAME,
	KERNEL_FOLLOW_FOUND,
	KERNEL_FOLLOW_RENAMED,
	KERNEL_FOLLOW_GONE
};

// What happened to it since the last call.
enum kernel_followed kernel_follow(const struct kernel *kernel, struct kernel_follow *follow);

#endif
