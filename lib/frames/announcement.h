// SPDX-License-Identifier: BSD-3-Clause
#ifndef FRAMES_ANNOUNCEMENT_H
#define FRAMES_ANNOUNCEMENT_H

#include <base/addr.h>
#include <stdint.h>

// The Ethernet frame that tells a link's neighbours which MAC has a VIP. Plain bytes: any thread.

#define ANNOUNCEMENT_SIZE_MAX 86 // an IPv6 neighbour advertisement

// An ARP announcement (RFC 5227 2.3) for an IPv4 VIP, an unsolicited neighbour advertisement (RFC
// 4861 7.2.6) for an IPv6 one. Returns its size in bytes.
uint32_t announcement_build(
	const struct addr *vip, const struct mac *mac, uint8_t frame[ANNOUNCEMENT_SIZE_MAX]);

#endif
