// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONFIG_CONFIG_PRIVATE_H
#define CONFIG_CONFIG_PRIVATE_H

#include <config/config.h>

// Memory for so many backends that config_add_backend() can go on in it.
struct config_backend *config_backend_array(uint32_t count);

#endif
