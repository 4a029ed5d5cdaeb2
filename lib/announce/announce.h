// SPDX-License-Identifier: BSD-3-Clause
#ifndef ANNOUNCE_ANNOUNCE_H
#define ANNOUNCE_ANNOUNCE_H

#include <base/addr.h>
#include <base/error.h>
#include <config/config.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Which VIPs are announced, and making it so. A VIP is announced while each of its services has its
// quorum of usable backends. What is decided here the announcer carries out in the kernel
// (announcer.h). All functions and callbacks run on the event loop's thread.

struct announce; // opaque
struct configuration;
struct event_base;
struct events;
struct kernel;

// What the room has from outside; borrowed until announce_free().
struct announce_needs {
	struct event_base *base;
	struct kernel *kernel;
	struct events *events; // where changes are told
	uint32_t vips_max;
	// How many usable backends the service at 'service' of the configuration has. It may stop
	// counting at 'enough'.
	uint32_t (*count_usable)(void *context, uint32_t service, uint32_t enough);
	void *context;
};

// NULL without memory.
struct announce *announce_new(const struct announce_needs *needs);
// Takes what is announced out of the kernel, without a word. Before kernel_free(); NULL is fine.
void announce_free(struct announce *announce);

// From now on VIPs are announced, by these kernel-side interfaces; until then all are suppressed.
// 0, or a negative errno with the sentence.
int announce_begin(
	struct announce *announce, const char (*interfaces)[16], uint32_t count, struct error *err);

// Another configuration is in force, since 'since_s' by the wall clock. It is borrowed until the
// next call. What is known of a VIP that stays goes on.
void announce_set_configuration(
	struct announce *announce, const struct configuration *configuration, uint64_t since_s);
// What is known of backends may have changed. To be called with every snapshot that is published:
// the workers then serve a VIP before the network sends anything for it.
void announce_update(struct announce *announce);
// Tells what the kernel has made of it: a VIP is announced once the kernel has it. To be called
// often.
void announce_follow(struct announce *announce);
// Withdraws every VIP for good, and waits until the kernel has done so. Returns how many were
// announced.
uint32_t announce_withdraw(struct announce *announce);

// --- VIPs that are addresses of the balancer's own ---

// Refuses a configuration with one: 0, or -EADDRINUSE with the sentence.
int announce_check_own(struct kernel *kernel, const struct config *config, struct error *err);
// Looks which interfaces were given a VIP, and tells of changes. When addresses of the machine
// changed.
void announce_follow_own(struct announce *announce);

// --- What is known of them, in the order of their addresses ---

enum announce_status {
	ANNOUNCE_UNMANAGED, // its services' mode is none
	ANNOUNCE_ANNOUNCED, // the kernel has it
	ANNOUNCE_SUPPRESSED, // a service lacks its quorum, or the daemon is about to stop
	ANNOUNCE_HOLDING, // the quorum is back; announced when it has held
	ANNOUNCE_FAILED, // it is to be announced, and the kernel does not take it
};

#define ANNOUNCE_REASON_SIZE 128

struct announce_vip {
	struct addr address;
	uint32_t services;
	uint8_t mode; // enum config_announce_mode; with NONE the rest is zero but for 'owner' and 'reason'
	enum announce_status status;
	uint32_t metric; // of its route; 0: the kernel's own
	uint32_t hold_ms;
	uint64_t since_s; // wall clock: when it was announced, or was no longer
	char interface[16]; // one that has it; ""
	char owner[16]; // the interface that has it as an address of the machine's own; ""
	char reason
		[ANNOUNCE_REASON_SIZE]; // why it is not announced, or the kernel does not have it; ""
};

uint32_t announce_count(const struct announce *announce);
// 'at' is below announce_count().
void announce_view(const struct announce *announce, uint32_t at, struct announce_vip *out);
const struct addr *announce_address(const struct announce *announce, uint32_t at);
// The heap's bytes that the VIPs take.
size_t announce_footprint(const struct announce *announce);

#endif
