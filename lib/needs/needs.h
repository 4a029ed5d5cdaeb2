// SPDX-License-Identifier: BSD-3-Clause
#ifndef NEEDS_NEEDS_H
#define NEEDS_NEEDS_H

#include <config/daemon.h>
#include <stdbool.h>
#include <stdint.h>

// What the daemon's file asks of the machine: for the daemon, which takes it, and for 'fulcrumctl
// doctor', which looks whether it is there. No state: any thread.

#define NEEDS_CARD_SIZE 16 // "0000:03:00.0"
#define NEEDS_CARDS_MAX 8 // of a port

// Bytes of buffers, flow tables, counters, and some for DPDK itself; or what the file sets.
uint64_t needs_memory(const struct daemon_config *config);

// Whether 'device' is a PCI address, maybe with arguments, and no virtual device.
bool needs_is_card(const char *device);

// The PCI cards behind a port: its device, or the members of a bond
// ("net_bonding0,slave=0000:03:00.0,..."). How many.
uint32_t needs_cards(const struct daemon_port *port, char cards[NEEDS_CARDS_MAX][NEEDS_CARD_SIZE]);

#endif
