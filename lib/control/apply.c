// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <control/control_private.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// The indexes of a configuration's records: what the running one gets when it is replaced.
struct indexes {
	uint32_t *backends;
	uint16_t *services;
};

static int take_backends(
	struct control *control, const struct config *config, uint32_t *out, struct error *err)
{
	char name[REGISTRY_NAME_SIZE];

	for (uint32_t i = 0; i < config->backend_count; i++) {
		const struct config_backend *backend = &config->backends[i];

		snprintf(name, sizeof(name), "%s/%s", backend->pool, backend->name);
		if (registry_take(&control->backends, name, &out[i]) != 0)
			return error_set(err, ENOSPC,
				"%u backends are more than the daemon has room for; 'backends_max' in its file is %u",
				config->backend_count, control->backends.capacity);
	}
	return 0;
}

static int take_services(
	struct control *control, const struct config *config, uint16_t *out, struct error *err)
{
	uint32_t index;

	for (uint32_t i = 0; i < config->service_count; i++) {
		if (registry_take(&control->services, config->services[i].name, &index) != 0)
			return error_set(err, ENOSPC,
				"%u services are more than the daemon has room for; 'services_max' in its file is %u",
				config->service_count, control->services.capacity);
		out[i] = (uint16_t)index;
	}
	return 0;
}

// Where the file does not say, a backend keeps the state that an operator gave it.
static void inherit_states(const struct config *old, struct config *new)
{
	char name[2 * CONFIG_NAME_SIZE];
	uint32_t before;

	for (uint32_t i = 0; i < new->backend_count; i++) {
		struct config_backend *backend = &new->backends[i];

		if (backend->state != CONFIG_STATE_UNSET)
			continue;
		backend->state = CONFIG_STATE_ACTIVE;
		snprintf(name, sizeof(name), "%s/%s", backend->pool, backend->name);
		if (old != NULL && config_find_backend(old, name, &before, NULL) == 0)
			backend->state = old->backends[before].state;
	}
}

// The port that a backend of the pool answers on: the health section's, else that of the first service that uses it.
static uint16_t probe_port(const struct config *config, uint32_t pool)
{
	if (config->pools[pool].health.port != 0)
		return config->pools[pool].health.port;
	for (uint32_t i = 0; i < config->service_count; i++) {
		const struct config_service *service = &config->services[i];

		if (service->pool_index == pool && service->port_first != 0)
			return service->target_port != 0 ? service->target_port
							 : service->port_first;
	}
	return 0;
}

// Backends without a port to probe stay unknown, unless their pool is not probed at all.
static int set_targets(struct control *control)
{
	const struct config *config = control->running;
	struct health_target *targets = calloc(config->backend_count + 1, sizeof(*targets));
	uint32_t count = 0;
	int rc;

	if (targets == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < config->backend_count; i++) {
		const struct config_backend *backend = &config->backends[i];
		const struct config_health *policy = &config->pools[backend->pool_index].health;
		uint16_t port = probe_port(config, backend->pool_index);

		if (port == 0 && policy->type != CONFIG_PROBE_NONE)
			continue;
		targets[count++] = (struct health_target){
			control->backend_index[i], backend->address, port, *policy};
	}
	rc = health_set_targets(control->health, targets, count);
	free(targets);
	return rc;
}

// What was known of an index is another backend's, or is about another address.
static void forget_strangers(struct control *control, const struct config *old,
	const uint32_t *old_index, const struct indexes *new)
{
	const struct config *config = control->running;
	const struct addr **known = calloc(control->backends.capacity, sizeof(*known));

	for (uint32_t i = 0; known != NULL && old != NULL && i < old->backend_count; i++)
		known[old_index[i]] = &old->backends[i].address;
	for (uint32_t i = 0; i < config->backend_count; i++) {
		uint32_t index = new->backends[i];

		if (known == NULL || known[index] == NULL ||
			control->backends.entries[index].fresh ||
			!addr_equal(known[index], &config->backends[i].address))
			control->states[index] =
				(struct control_backend){.port = BACKEND_PORT_NONE};
	}
	free(known);
}

static void install(struct control *control, struct config *config, struct indexes *indexes)
{
	struct config *old = control->running;
	uint32_t *old_backends = control->backend_index;
	uint16_t *old_services = control->service_index;

	control->running = config;
	control->backend_index = indexes->backends;
	control->service_index = indexes->services;
	forget_strangers(control, old, old_backends, indexes);
	registry_commit(&control->backends);
	registry_commit(&control->services);
	config_free(old);
	free(old_backends);
	free(old_services);
}

static int take_indexes(struct control *control, const struct config *config, struct indexes *out,
	struct error *err)
{
	int rc;

	registry_begin(&control->backends);
	registry_begin(&control->services);
	out->backends = calloc(config->backend_count + 1, sizeof(*out->backends));
	out->services = calloc(config->service_count + 1, sizeof(*out->services));
	if (out->backends == NULL || out->services == NULL)
		rc = error_set(err, ENOMEM, "out of memory");
	else
		rc = take_backends(control, config, out->backends, err);
	if (rc == 0)
		rc = take_services(control, config, out->services, err);
	if (rc != 0) {
		registry_abort(&control->backends);
		registry_abort(&control->services);
		free(out->backends);
		free(out->services);
	}
	return rc;
}

int control_commit(struct control *control, struct config *config, struct error *err)
{
	struct indexes indexes;
	struct error trouble;
	int rc;

	inherit_states(control->running, config);
	rc = take_indexes(control, config, &indexes, err);
	if (rc != 0)
		return rc;
	install(control, config, &indexes);
	control->version++;
	control->applied_s = clock_wall_s();
	rc = set_targets(control);
	if (rc == 0)
		rc = control_rebuild(control, &trouble);
	if (rc != 0) // the next change tries again; the workers go on with what they have
		log_error("configuration %lu is not in force: %s", control->version,
			rc == -ENOMEM ? "out of memory" : trouble.text);
	control_resolve_all(control);
	return 0;
}

// The operator's word on one backend: a configuration that differs in nothing else.
void control_set_backend(struct control *control, const struct message_backend_set *request)
{
	char name[sizeof(request->name) + 1] = {0};
	struct config *changed;
	struct error err;
	uint32_t at;
	int rc;

	memcpy(name, request->name, sizeof(request->name));
	rc = config_find_backend(control->running, name, &at, &err);
	if (rc == 0 && (request->state > CONFIG_STATE_DISABLED ||
			       (request->weight > UINT16_MAX && request->weight != UINT32_MAX)))
		rc = error_set(&err, EINVAL, "no such state or weight");
	if (rc != 0) {
		control_reply_error(control, -rc, err.text);
		return;
	}
	changed = config_clone(control->running);
	if (changed == NULL) {
		control_reply_error(control, ENOMEM, "out of memory");
		return;
	}
	if (request->state != CONFIG_STATE_UNSET)
		changed->backends[at].state = (uint8_t)request->state;
	if (request->weight != UINT32_MAX)
		changed->backends[at].weight = (uint16_t)request->weight;
	control_commit_and_reply(control, changed);
}
