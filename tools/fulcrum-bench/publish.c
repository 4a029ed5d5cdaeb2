// SPDX-License-Identifier: BSD-3-Clause
#include "publish.h"

#include <errno.h>
#include <snapshot/snapshot.h>
#include <stdlib.h>

static enum backend_status status_of(const struct config_backend *backend)
{
	switch ((enum config_backend_state)backend->state) {
	case CONFIG_STATE_DISABLED:
		return BACKEND_DISABLED;
	case CONFIG_STATE_DRAINING:
	case CONFIG_STATE_LEAVING:
		return BACKEND_DRAINING;
	case CONFIG_STATE_UNSET:
	case CONFIG_STATE_ACTIVE:
		break;
	}
	return BACKEND_UP;
}

static void make_up_hops(const struct config *config, const struct snapshot_backend_input *hop,
	const struct addr sources[2], struct snapshot_backend_input *out)
{
	for (uint32_t i = 0; i < config->backend_count; i++) {
		const struct config_backend *backend = &config->backends[i];

		out[i] = *hop;
		out[i].reference = backend_reference(i, 0);
		out[i].status = status_of(backend);
		out[i].resolved = true;
		out[i].outer_source = sources[backend->address.family != ADDR_IPV4];
	}
}

int publish_config(struct publisher *publisher, const struct config *config,
	const struct snapshot_backend_input *hop, const struct addr sources[2], uint32_t capacity,
	struct error *err)
{
	struct snapshot_backend_input *backends = calloc(capacity, sizeof(*backends));
	uint16_t *services = calloc(capacity, sizeof(*services));
	const struct snapshot_input input = {
		.config = config,
		.backends = backends,
		.services = services,
		.backend_capacity = capacity,
		.service_capacity = capacity,
		.version = publisher->current == NULL ? 1 : publisher->current->version + 1,
	};
	struct snapshot *snapshot;
	int rc = error_set(err, ENOMEM, "out of memory");

	if (backends != NULL && services != NULL) {
		make_up_hops(config, hop, sources, backends);
		for (uint32_t i = 0; i < config->service_count; i++)
			services[i] = (uint16_t)i;
		rc = snapshot_build(&input, publisher->current, &snapshot, err);
	}
	free(backends);
	free(services);
	if (rc == 0)
		publisher_publish(publisher, snapshot);
	return rc;
}
