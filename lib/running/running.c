// SPDX-License-Identifier: BSD-3-Clause
#include <running/running.h>

#include <errno.h>
#include <stdlib.h>

int running_init(struct running *running, struct events *events, uint32_t backends_max,
	uint32_t services_max)
{
	*running = (struct running){.events = events};
	if (registry_init(&running->backend_registry, backends_max) != 0 ||
		registry_init(&running->service_registry, services_max) != 0)
		return -ENOMEM;
	running->states = calloc(backends_max, sizeof(*running->states));
	running->states_copy = calloc(backends_max, sizeof(*running->states_copy));
	running->backend_baselines = calloc(backends_max, sizeof(*running->backend_baselines));
	running->service_baselines = calloc(services_max, sizeof(*running->service_baselines));
	return running->states != NULL && running->states_copy != NULL &&
			       running->backend_baselines != NULL &&
			       running->service_baselines != NULL
		       ? 0
		       : -ENOMEM;
}

void running_free(struct running *running)
{
	configuration_free(running->now);
	for (uint32_t i = 0; running->states != NULL && i < running->backend_registry.end; i++)
		free(running->states[i].probe_marks);
	registry_free(&running->backend_registry);
	registry_free(&running->service_registry);
	free(running->states);
	free(running->states_copy);
	free(running->backend_baselines);
	free(running->service_baselines);
	*running = (struct running){0};
}
