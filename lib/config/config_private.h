// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONFIG_CONFIG_PRIVATE_H
#define CONFIG_CONFIG_PRIVATE_H

#include <config/config.h>

// Room for a record of any kind.
union config_record {
	struct config_service service;
	struct config_pool pool;
	struct config_backend backend;
};

// Makes backends that leave of what was read of them, by the pools that they were read with. 0 or
// -ENOMEM.
int config_settle_leaving(struct config *config);

// Memory for so many backends that config_add_backend() can go on in it.
struct config_backend *config_backend_array(uint32_t count);

#endif
