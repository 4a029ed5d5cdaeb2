// SPDX-License-Identifier: BSD-3-Clause
#ifndef RUNNING_CONFIGURATION_H
#define RUNNING_CONFIGURATION_H

#include <config/config.h>
#include <health/health.h>
#include <running/registry.h>

// A configuration with the indexes of its records: what is in force. Immutable once made, so any
// thread may read it; the control lcore replaces it as a whole.

#define CONFIGURATION_NONE UINT32_MAX

// The probes of a pool beside its own, by number. A number stays with its probe from one
// configuration to the next, and goes over to another one with the service that wants that instead,
// so that what is known of it does too.
struct configuration_probes {
	struct config_probe list
		[CONFIG_PROBES_MAX]; // port 0: there is none; number 0 stands for the pool's own
	uint32_t service[CONFIG_PROBES_MAX]; // the first one that goes by it, or CONFIGURATION_NONE
	uint16_t heirs; // bits of those whose service went by the pool's own until now
};

struct configuration {
	struct config *config; // finished, with the backends that are leaving
	struct config
		*written; // the same without them, as an operator wrote it; may be 'config' itself
	uint32_t *backends; // the reference of each backend
	uint16_t *services; // the index of each service
	uint32_t *
		services_by_vip; // where each stands in the configuration, in the order of the VIPs
	uint32_t *
		places; // by a backend's index: where it stands in the configuration, or CONFIGURATION_NONE
	uint32_t *service_places; // by a service's index, likewise
	uint32_t service_end; // above every index of a service
	uint16_t *probe_ports; // of each pool; 0: nobody knows
	// The services that each pool's probes through the path ask, by their numbers in the
	// configuration: those of pool p stand from half_open_start[p] to half_open_start[p + 1].
	uint32_t *half_open_start;
	uint32_t *half_open;
	struct configuration_probes **probes; // of each pool; NULL: there is but its own
	uint32_t probe_pools; // how many pools 'probes' is of
	uint8_t *service_probes; // the number of the one that each service goes by
	uint32_t capacity; // of 'places'
};

// The names of the records in a registry; the context is a struct config.
void configuration_backend_name(const void *config, uint32_t at, char name[REGISTRY_NAME_SIZE]);
void configuration_service_name(const void *config, uint32_t at, char name[REGISTRY_NAME_SIZE]);

// Takes both configurations over when it succeeds; NULL without memory. 'before' is the one in
// force, or NULL.
struct configuration *configuration_new(struct config *config, struct config *written,
	const struct registry_plan *backends, const struct registry_plan *services,
	uint32_t capacity, const struct configuration *before);
void configuration_free(struct configuration *configuration); // NULL is fine

// The index of a backend.
uint32_t configuration_index(const struct configuration *configuration, uint32_t at);
// Where the backend of a reference stands; CONFIGURATION_NONE: it is not configured any more.
uint32_t configuration_find_backend(const struct configuration *configuration, uint32_t reference);
// Likewise the service of an index.
uint32_t configuration_find_service(const struct configuration *configuration, uint32_t index);
// Its pool's probes beside the pool's own, or NULL.
const struct configuration_probes *configuration_probes(
	const struct configuration *configuration, uint32_t at);
// False: it has no probe of that number. Of number 0, its pool is not probed, or nobody knows a
// port.
bool configuration_is_probed(
	const struct configuration *configuration, uint32_t at, uint32_t probe);
// How many probes there are, over all backends, or more.
uint32_t configuration_count_probes(const struct configuration *configuration);
// Such a probe. Its id has the backend's index, and the number above it.
void configuration_target(const struct configuration *configuration, uint32_t at, uint32_t probe,
	struct health_target *out);
#define CONFIGURATION_PROBE_SHIFT 24
static inline uint32_t configuration_target_id(uint32_t index, uint32_t probe)
{
	return index | probe << CONFIGURATION_PROBE_SHIFT;
}
// The same in words: "port 3023 (service ssh)". Returns 'text'.
const char *configuration_probe_name(const struct configuration *configuration, uint32_t at,
	uint32_t probe, char *text, size_t size);
// True where two configurations probe it alike.
bool configuration_same_target(const struct configuration *a, uint32_t at_a,
	const struct configuration *b, uint32_t at_b, uint32_t probe);
// True where the pool of a backend asks for no probes: then it counts as up.
bool configuration_is_unprobed(const struct configuration *configuration, uint32_t at);

#endif
