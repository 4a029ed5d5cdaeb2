// SPDX-License-Identifier: BSD-3-Clause
#ifndef RUNNING_IDENTITY_H
#define RUNNING_IDENTITY_H

#include <kernel/follow.h>
#include <kernel/kernel.h>
#include <snapshot/snapshot.h>
#include <stdbool.h>

// What the kernel says is this balancer's own, for the snapshots: addresses from which no client
// sends, and MACs beside the ports' that frames for VIPs may be to. On the control lcore; what is
// frozen may be read by a job.

struct identity;

struct identity *identity_new(void); // NULL without memory
void identity_free(struct identity *identity); // NULL is fine

// Takes what the kernel has now; 'sides' are the ports' kernel-side interfaces. True: it is not
// what was frozen last. The VIPs of 'current', which a snapshot knows by itself, are left out, so
// that their announcement is no change; NULL: there are none.
bool identity_follow(struct identity *identity, const struct kernel *kernel,
	const struct kernel_follow *sides, uint32_t port_count, const struct snapshot *current);

// For a build that begins: stays as it is until the next call.
const struct snapshot_own_input *identity_freeze(struct identity *identity);

#endif
