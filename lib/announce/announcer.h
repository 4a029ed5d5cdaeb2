// SPDX-License-Identifier: BSD-3-Clause
#ifndef ANNOUNCE_ANNOUNCER_H
#define ANNOUNCE_ANNOUNCER_H

#include <base/addr.h>
#include <base/error.h>
#include <stdbool.h>
#include <stdint.h>

// Tells the network that a VIP is here, by way of the kernel: as an address of a kernel-side
// interface, which the kernel answers ARP and NDP for, or as a route by such an interface, which a
// routing daemon exports. The caller says what it wants; the announcer makes the kernel so on the
// event loop, a bounded number of requests at a time, and keeps it so: what somebody takes away is
// put back, what the kernel refuses is tried again every second, and what an earlier life left on
// the same interfaces is taken over or removed. On the kernel room's thread.

enum announcer_way { ANNOUNCER_ADDRESS, ANNOUNCER_ROUTE };

struct announcer_means {
	enum announcer_way way;
	uint32_t metric; // of a route; 0: the kernel's own for it
};

struct event_base;
struct kernel;
struct announcer;

struct announcer_view {
	bool is_wanted;
	bool is_there; // the kernel has it
	int error; // why the kernel does not have it yet, a positive errno; 0
	char interface[16]; // one that has it; ""
};

// The interfaces are named, and followed where they are renamed; they may come and go. An address
// goes to those of them, and of the VLANs on them, whose own network contains it, or else to all of
// them; a route goes to the first one that is up. There is one announcer a kernel. 0, or a negative
// errno with the sentence.
int announcer_new(struct event_base *base, struct kernel *kernel, const char (*interfaces)[16],
	uint32_t count, struct announcer **out, struct error *err);
// Takes away what there is. NULL is fine. Before kernel_free().
void announcer_free(struct announcer *announcer);

// 0 or -ENOMEM. Another way than before replaces it; a route with another metric is there before
// the old one goes.
int announcer_want(
	struct announcer *announcer, const struct addr *vip, struct announcer_means means);
void announcer_drop(struct announcer *announcer, const struct addr *vip);

// Carries out what is left to do, at once and all of it.
void announcer_settle(struct announcer *announcer);

void announcer_view(
	const struct announcer *announcer, const struct addr *vip, struct announcer_view *out);

#endif
