// SPDX-License-Identifier: BSD-3-Clause
#ifndef ANNOUNCE_ANNOUNCE_PRIVATE_H
#define ANNOUNCE_ANNOUNCE_PRIVATE_H

#include <announce/announce.h>
#include <announce/announcer.h>
#include <announce/state.h>

// A VIP of the running configuration, with its services.
struct announce_entry {
	struct addr address;
	uint32_t first_service; // in the configuration's services_by_vip
	uint32_t service_count;
	uint8_t mode; // enum config_announce_mode; with NONE the rest is not used
	uint32_t metric; // of its route; 0: the kernel's own
	enum announce_state state;
	uint32_t hold_ms;
	uint64_t held_at_ns; // with ANNOUNCE_STATE_HOLDING: when its time is over
	uint64_t since_s; // wall clock: when it was announced, or was no longer
	enum {
		ANNOUNCE_UNTOLD,
		ANNOUNCE_TOLD_THERE,
		ANNOUNCE_TOLD_FAILED
	} told; // of what the kernel has, with ANNOUNCE_STATE_ANNOUNCED
	int told_error; // with ANNOUNCE_TOLD_FAILED
	char owner[16]; // the interface that has it as an address of the machine's own; ""
};

struct announce {
	struct announce_needs needs;
	struct announcer *announcer; // NULL until announce_begin()
	const struct configuration *configuration; // NULL before the first
	struct event *hold_timer; // the next VIP that is to be announced again
	struct announce_entry *entries; // in the order of their addresses
	struct announce_entry *entries_before; // as much room, for the next ones
	uint32_t count;
};

// --- announce.c ---

// Makes the announcer want the VIP, or drop it, by its state.
void announce_apply(struct announce *announce, struct announce_entry *vip);

// --- explain.c ---

// The first of its services that has too few backends, and how many. NULL: the VIP has its quorum.
const struct config_service *announce_find_lack(
	const struct announce *announce, const struct announce_entry *vip, uint32_t *usable);
// With ANNOUNCE_STATE_HOLDING: until it is announced.
uint32_t announce_hold_left_ms(const struct announce_entry *vip);
// Why a VIP is not announced, or not yet; "".
void announce_explain(
	const struct announce *announce, const struct announce_entry *vip, char *out, size_t size);

#endif
