// SPDX-License-Identifier: BSD-3-Clause
#include <config/endpoint.h>

#include <string.h>

// Which services of a pool are asked about apart.

// A mere connection can be asked of any port. What speaks a protocol says nothing of a port that
// may speak another.
static bool is_connection(const struct config_health *health)
{
	return health->type == CONFIG_PROBE_TCP && health->payload[0] == '\0' &&
	       health->expect[0] == '\0';
}

bool config_service_probe(const struct config *config, const struct config_service *service,
	uint16_t pool_port, struct config_probe *out)
{
	const struct config_health *health = &config->pools[service->pool_index].health;
	uint16_t port = config_server_port(service);

	if (health->port != 0 || health->type == CONFIG_PROBE_NONE ||
		!config_has_protocol(service, CONFIG_TCP) || !config_has_single_port(service) ||
		port == pool_port)
		return false;
	*out = (struct config_probe){health, port, !is_connection(health)};
	return true;
}

void config_probe_policy(const struct config_probe *probe, struct config_health *out)
{
	const struct config_health *policy = probe->policy;

	*out = *policy;
	if (!probe->connects)
		return;
	*out = (struct config_health){.type = CONFIG_PROBE_TCP,
		.interval_ms = policy->interval_ms,
		.timeout_ms = policy->timeout_ms,
		.rise = policy->rise,
		.fall = policy->fall,
		.flap_limit = policy->flap_limit,
		.flap_window_ms = policy->flap_window_ms,
		.flap_hold_ms = policy->flap_hold_ms,
		.via = policy->via};
}

bool config_same_probe(const struct config_probe *a, const struct config_probe *b)
{
	return a->port == b->port && a->connects == b->connects &&
	       memcmp(a->policy, b->policy, sizeof(*a->policy)) == 0;
}
