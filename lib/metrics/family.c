// SPDX-License-Identifier: BSD-3-Clause
#include <metrics/family.h>

const struct metrics_family metrics_families[METRICS_ID_COUNT] = {
#define X(identifier, scope, type, name, unit, labels, help) \
	{name, METRICS_OF_##scope, METRICS_##type, unit, labels, help},
	METRICS_FAMILIES(X)
#undef X
};

const char *metrics_type_name(enum metrics_type type)
{
	static const char *const names[] = {[METRICS_COUNTER] = "counter",
		[METRICS_GAUGE] = "gauge",
		[METRICS_INFO] = "info",
		[METRICS_HISTOGRAM] = "histogram",
		[METRICS_SUMMARY] = "summary"};

	return names[type];
}

const char *metrics_scope_labels(enum metrics_scope scope)
{
	static const char *const labels[METRICS_SCOPES] = {[METRICS_OF_DAEMON] = "",
		[METRICS_OF_WORKERS] = "worker",
		[METRICS_OF_REASONS] = "reason",
		[METRICS_OF_PORTS] = "port",
		[METRICS_OF_VIPS] = "vip",
		[METRICS_OF_SERVICES] = "service",
		[METRICS_OF_ZONES] = "service,zone",
		[METRICS_OF_POOLS] = "pool",
		[METRICS_OF_BACKENDS] = "pool,backend"};

	return labels[scope];
}
