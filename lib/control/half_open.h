// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONTROL_HALF_OPEN_H
#define CONTROL_HALF_OPEN_H

#include <health/probe.h>
#include <stdbool.h>
#include <stdint.h>

// The probes through the path: a SYN to each VIP and port that a backend's pool serves by TCP, sent by a worker as it
// sends a client's packets, and a RST after it. Runs on the control lcore.

struct control;
struct half_opens;

// Asked for in one probe; of more services the others have their turn in the next one, once these have answered.
#define HALF_OPEN_WINDOW 16

// For health_set_path(); the context is the struct half_opens.
extern const struct probe_kind half_open_probe;

// What came of a backend's probes.
struct half_open_view {
	bool is_up; // the last one that ended succeeded
	uint64_t successes; // and how long they took together
	uint64_t successes_us;
	uint64_t failures;
	uint16_t
		mss; // that a SYN-ACK for the tunnel advertised in the last one that succeeded; 0: there was none
	uint16_t
		mss_most; // that it may at most; of several, the one that is nearest to it or above
};
// By the backend's reference. False: none has ended yet.
bool half_opens_view(
	const struct half_opens *half_opens, uint32_t backend, struct half_open_view *out);

// NULL without memory.
struct half_opens *half_opens_new(struct control *control);
void half_opens_free(struct half_opens *half_opens); // when no probe runs; NULL is fine
// Addresses of this machine, or the VIPs, may be others now.
void half_opens_forget_addresses(struct half_opens *half_opens);

#endif
