// SPDX-License-Identifier: BSD-3-Clause
#include <base/log.h>
#include <control/control_private.h>
#include <control/interfaces.h>
#include <control/resolve_private.h>
#include <control/rows.h>
#include <control/saving_private.h>
#include <exporter/exporter.h>

// What the page of metrics has from here.

static void exporter_host_refresh(void *context)
{
	struct control *control = context;

	control->counts.applies = control->commits.applied;
	control->counts.apply_failures = control->commits.failed;
	control->counts.confirm_left_s = commits_confirm_left_s(&control->commits);
	control->counts.state_late_s = control_saving_late_ns(control) / CLOCK_NS_PER_S;
}

static bool exporter_host_tell_late(void *context, char *out, size_t size)
{
	return control_saving_tell(context, out, size);
}

static uint64_t exporter_host_stuck_ms(void *context, uint32_t worker)
{
	const struct control *control = context;

	return stuck_for_ms(control->stuck, worker);
}

static const char *exporter_host_kernel_side_name(void *context, uint32_t port)
{
	return control_kernel_side_name(context, port);
}

static bool exporter_host_has_link(void *context, uint32_t port)
{
	return control_port_has_link(context, port);
}

// A balancer without its metrics balances; whoever scrapes it will miss them.
void control_exporter_start(struct control *control)
{
	const struct exporter_source source = {
		.base = control->base,
		.daemon = control->config.daemon,
		.running = &control->running,
		.stats = &control->stats,
		.publisher = control->config.publisher,
		.events = control->events,
		.health = control->health,
		.announce = control->announce,
		.halfopen = control->halfopen,
		.recording = control->recording,
		.ports = control->config.ports,
		.port_count = control->config.port_count,
		.counts = &control->counts,
		.context = control,
		.refresh = exporter_host_refresh,
		.tell_late = exporter_host_tell_late,
		.stuck_ms = exporter_host_stuck_ms,
		.kernel_side_name = exporter_host_kernel_side_name,
		.has_link = exporter_host_has_link,
	};
	struct error err;

	if (control->config.daemon->metrics.port != 0 &&
		exporter_new(&source, &control->exporter, &err) != 0)
		log_error("metrics: there will be none: %s", err.text);
}
