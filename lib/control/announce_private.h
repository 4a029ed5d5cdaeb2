// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONTROL_ANNOUNCE_PRIVATE_H
#define CONTROL_ANNOUNCE_PRIVATE_H

#include <base/addr.h>
#include <config/config.h>
#include <control/standing.h>
#include <stddef.h>
#include <stdint.h>

// Which VIPs are announced: decided with each snapshot that is published (announce.c).

struct control;

// A VIP of the running configuration, with its services.
struct control_vip {
	struct addr address;
	uint32_t first_service; // in the configuration's services_by_vip
	uint32_t service_count;
	uint8_t mode; // enum config_announce_mode; with NONE the rest is not used
	uint32_t metric; // of its route; 0: the kernel's own
	enum standing standing;
	uint32_t hold_ms;
	uint64_t held_at_ns; // with STANDING_HOLDING: when its time is over
	uint64_t since_s; // wall clock: when it was announced, or was no longer
	enum {
		VIP_UNTOLD,
		VIP_TOLD_THERE,
		VIP_TOLD_FAILED
	} told; // of what the kernel has, with STANDING_ANNOUNCED
	int told_error; // with VIP_TOLD_FAILED
	char owner[16]; // the interface that has it as an address of the machine's own; ""
};

// The running configuration is another one.
void control_announce_take(struct control *control);
// What is known of backends may have changed.
void control_announce(struct control *control);
void control_announce_due(int fd, short what, void *context);
// Tells what the kernel has made of it: a VIP is announced once the kernel has it.
void control_announce_follow(struct control *control);
// What it must have of usable backends: fewer keep a VIP than bring one, where the configuration says so.
uint16_t control_vip_quorum(const struct control_vip *vip, const struct config_service *service);
// The first of its services that has too few backends, and how many. NULL: the VIP has its quorum.
const struct config_service *control_vip_find_lack(
	const struct control *control, const struct control_vip *vip, uint32_t *usable);
// With STANDING_HOLDING: until it is announced.
uint32_t control_vip_hold_left_ms(const struct control_vip *vip);
// rows_vip.c: why a VIP is not announced, or not yet; "".
void control_vip_explain(
	const struct control *control, const struct control_vip *vip, char *out, size_t size);

#endif
