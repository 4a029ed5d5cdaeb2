// SPDX-License-Identifier: BSD-3-Clause
#ifndef UNIT_SNAPSHOT_FIXTURE_H
#define UNIT_SNAPSHOT_FIXTURE_H

#include <config/config.h>
#include <setjmp.h>
#include <snapshot/snapshot.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
// cmocka wants the headers above first
#include <cmocka.h>

// A configuration from YAML, and what control would say of its backends.

#define BACKENDS 32
#define SERVICES 32

struct fixture {
	struct config *config;
	struct snapshot_backend_input backends[BACKENDS];
	uint16_t services[SERVICES];
	uint32_t now_s;
};

static inline void fixture_load(struct fixture *f, const char *yaml)
{
	struct error err = {{0}};

	memset(f, 0, sizeof(*f));
	if (config_load_text("test", yaml, strlen(yaml), &f->config, NULL, NULL, &err) != 0)
		fail_msg("%s", err.text);
	for (uint32_t i = 0; i < f->config->backend_count; i++) {
		f->backends[i] = (struct snapshot_backend_input){
			.reference = backend_reference(i + 3, 7),
			.status = BACKEND_UP,
			.resolved = true,
			.mtu = 1500,
			.vlan_tci = ENCAP_VLAN_NONE,
			.outer_source = {.bytes = {10, 0, 0, 2}, .family = ADDR_IPV4},
		};
	}
	for (uint16_t i = 0; i < f->config->service_count; i++)
		f->services[i] = (uint16_t)(i + 5);
}

static inline struct snapshot *fixture_build(
	const struct fixture *f, const struct snapshot *previous)
{
	struct snapshot_input input = {
		.config = f->config,
		.backends = f->backends,
		.services = f->services,
		.backend_capacity = BACKENDS,
		.service_capacity = SERVICES,
		.version = 1,
		.now_s = f->now_s,
	};
	struct snapshot *snapshot = NULL;
	struct error err = {{0}};

	if (snapshot_build(&input, previous, &snapshot, &err) != 0)
		fail_msg("%s", err.text);
	return snapshot;
}

#endif
