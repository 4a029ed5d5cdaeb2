// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONFIG_LOSS_H
#define CONFIG_LOSS_H

#include <base/error.h>
#include <config/config.h>
#include <stdbool.h>
#include <stdint.h>

// What a new configuration takes out of service, as clients and backends meet it, by whatever
// words: a service whose VIP, protocol and port nobody serves any more, or whose pool has nobody
// left that may take new connections; a backend of a pool in use that is gone, has another address,
// or is to take no new connection (not active, or of weight 0). Names are not asked of services:
// one that is renamed goes on.

struct config_loss {
	uint32_t services; // that the old one has
	uint32_t services_gone;
	uint32_t pools_hit; // that lose more than half of the backends that took new connections
	char pool[CONFIG_NAME_SIZE]; // the first of them
	uint32_t backends; // of it, that took new connections
	uint32_t backends_gone;
};

// Of two finished configurations whose backends' states are set. A line for each service that goes
// and each pool that is hit goes to 'report' (may be NULL), up to a few dozen. 0 or -ENOMEM.
int config_find_loss(const struct config *old, const struct config *new, config_report_fn *report,
	void *context, struct config_loss *out);

// True where somebody should be asked: more than half of the services go, or of some pool's
// backends.
bool config_loss_is_heavy(const struct config_loss *loss);
// "3 of 4 services, and 5 of the 6 backends of pool 'web'". Returns 'text'.
const char *config_loss_format(const struct config_loss *loss, char *text, size_t size);

#endif
