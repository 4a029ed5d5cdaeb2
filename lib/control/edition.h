// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONTROL_EDITION_H
#define CONTROL_EDITION_H

#include <config/config.h>
#include <control/registry.h>
#include <health/health.h>

// A configuration with the indexes of its records: what is in force. Immutable once made, so any thread may
// read it; the control lcore replaces it as a whole.

#define EDITION_NONE UINT32_MAX

struct edition {
	struct config *config; // finished, with the backends that are leaving
	struct config
		*written; // the same without them, as an operator wrote it; may be 'config' itself
	uint32_t *backends; // the reference of each backend
	uint16_t *services; // the index of each service
	uint32_t *
		services_by_vip; // where each stands in the configuration, in the order of the VIPs
	uint32_t *
		places; // by a backend's index: where it stands in the configuration, or EDITION_NONE
	uint32_t *service_places; // by a service's index, likewise
	uint32_t service_end; // above every index of a service
	uint16_t *probe_ports; // of each pool; 0: nobody knows
	// The services that each pool's probes through the path ask, by their numbers in the configuration: those of pool
	// p stand from half_open_start[p] to half_open_start[p + 1].
	uint32_t *half_open_start;
	uint32_t *half_open;
	uint32_t capacity; // of 'places'
};

// The names of the records in a registry; the context is a struct config.
void edition_backend_name(const void *config, uint32_t at, char name[REGISTRY_NAME_SIZE]);
void edition_service_name(const void *config, uint32_t at, char name[REGISTRY_NAME_SIZE]);

// Takes both over when it succeeds; NULL without memory.
struct edition *edition_new(struct config *config, struct config *written,
	const struct registry_plan *backends, const struct registry_plan *services,
	uint32_t capacity);
void edition_free(struct edition *edition); // NULL is fine

// The index of a backend.
uint32_t edition_index(const struct edition *edition, uint32_t at);
// False: its pool is not probed, or nobody knows a port.
bool edition_is_probed(const struct edition *edition, uint32_t at);
// The probes that such a backend is to have.
void edition_target(const struct edition *edition, uint32_t at, struct health_target *out);
// True where two editions probe it alike.
bool edition_same_target(
	const struct edition *a, uint32_t at_a, const struct edition *b, uint32_t at_b);
// True where the pool of a backend asks for no probes: then it counts as up.
bool edition_is_unprobed(const struct edition *edition, uint32_t at);

#endif
