// SPDX-License-Identifier: BSD-3-Clause
#include "control_lab.h"

#include <config/schema.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
// cmocka wants the headers above first
#include <cmocka.h>

const char lab_two[] = "services:\n"
		       "  - {name: web, vip: 203.0.113.10, protocol: tcp, port: 443, pool: web}\n"
		       "pools:\n"
		       "  - name: web\n"
		       "    health: {type: none}\n"
		       "    backends:\n"
		       "      - {name: a, address: 10.0.0.1}\n"
		       "      - {name: b, address: 10.0.0.2, weight: 300, zone: z}\n";

struct config *lab_config(const char *yaml)
{
	struct config *config;
	struct error err;

	if (config_load_text("test.yaml", yaml, strlen(yaml), &config, NULL, NULL, &err) != 0)
		fail_msg("%s", err.text);
	return config;
}

struct config *lab_config_large(uint32_t services, uint32_t backends)
{
	struct config *config = config_new();
	struct error err;

	for (uint32_t s = 0; s < services; s++) {
		struct config_service service;
		struct config_pool pool;

		schema_defaults(&schema_service, &service);
		schema_defaults(&schema_pool, &pool);
		service.protocols[0] = CONFIG_TCP;
		service.protocol_count = 1;
		service.ports[0][0] = service.ports[0][1] = 443;
		service.port_count = 1;
		pool.health.type = CONFIG_PROBE_NONE;
		snprintf(service.name, sizeof(service.name), "service-%u", s);
		snprintf(service.pool, sizeof(service.pool), "pool-%u", s);
		snprintf(pool.name, sizeof(pool.name), "pool-%u", s);
		service.vip = addr_from_ipv4_be(htobe32(0xcb007100 + s));
		config_add_service(config, &service);
		config_add_pool(config, &pool);
		for (uint32_t b = 0; b < backends; b++) {
			struct config_backend backend;

			schema_defaults(&schema_backend, &backend);
			snprintf(backend.name, sizeof(backend.name), "backend-%u", b);
			snprintf(backend.pool, sizeof(backend.pool), "pool-%u", s);
			backend.address = addr_from_ipv4_be(htobe32(0x0a000100 + s * backends + b));
			config_add_backend(config, &backend);
		}
	}
	if (config_finish(config, &err) != 0)
		fail_msg("%s", err.text);
	return config;
}
