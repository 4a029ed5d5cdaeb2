// SPDX-License-Identifier: BSD-3-Clause
#include <control/control_private.h>
#include <control/rebuild_private.h>
#include <halfopen/halfopen.h>
#include <running/path.h>

#include <errno.h>

// What the probes through the path ask of the loop (halfopen.h). By their rings routers' words
// about tunnels come too.

static uint32_t halfopen_host_choose_worker(void *context, uint32_t worker)
{
	const struct control *control = context;
	uint32_t chosen = stuck_instead(control->stuck, worker, control->config.worker_count);

	return chosen == STUCK_ALL ? HALFOPEN_NO_WORKER : chosen;
}

static bool halfopen_host_is_doubtful(void *context, uint64_t since_ns)
{
	char why[64];

	return control_doubts(context, since_ns, 1, why, sizeof(why)) != 0;
}

static bool halfopen_host_take(void *context, const uint8_t *bytes, size_t size)
{
	struct control *control = context;
	bool is_changed = false;
	bool is_taken = running_path_take(
		&control->running, control->config.ports, bytes, size, &is_changed);

	if (is_changed)
		control_rebuild_later(control);
	return is_taken;
}

int control_halfopen_start(struct control *control)
{
	const struct halfopen_needs needs = {
		.base = control->base,
		.kernel = control->kernel,
		.running = &control->running,
		.publisher = control->config.publisher,
		.relay = control->config.relay,
		.ports = control->config.ports,
		.worker_count = control->config.worker_count,
		.backends_max = control->config.daemon->backends_max,
		.choose_worker = halfopen_host_choose_worker,
		.is_doubtful = halfopen_host_is_doubtful,
		.take_tunnel_error = halfopen_host_take,
		.context = control,
	};

	control->halfopen = halfopen_new(&needs);
	if (control->halfopen == NULL)
		return -ENOMEM;
	health_set_path(control->health, &halfopen_probe_kind, control->halfopen);
	return 0;
}
