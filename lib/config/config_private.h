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

// Memory for so many backends that config_add_backend() can go on in it.
struct config_backend *config_backend_array(uint32_t count);

#endif
