// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <control/control_private.h>
#include <control/path.h>
#include <control/rebuild_private.h>
#include <encap/tunnel_error.h>
#include <errno.h>
#include <halfopen/halfopen.h>

#include <stdio.h>

// The soft state of the tunnels' paths (RFC 2003 5.1, RFC 2473 8.1): what routers on the way to a backend said of them, for
// as long as it holds.

#define LEARNED_NS     (600 * CLOCK_NS_PER_S) // RFC 1191 6.3
#define UNREACHABLE_NS (60 * CLOCK_NS_PER_S)

// Whether it quotes a packet of ours to that backend: from the address that its packets have, or one that is drawn for it.
static bool is_ours(const struct control *control, uint32_t at, const struct tunnel_error *error)
{
	const struct config *config = control->running.now->config;
	const struct config_backend *backend = &config->backends[at];
	const struct prefix *drawn =
		config_outer_source(&config->pools[backend->pool_index], error->source.family);
	const struct running_backend *state =
		&control->running.states[configuration_index(control->running.now, at)];

	if (!state->resolved || !addr_equal(&backend->address, &error->destination))
		return false;
	return addr_equal(&state->hop.source, &error->source) ||
	       (drawn != NULL && prefix_holds(drawn, &error->source));
}

static void learn(struct control *control, uint32_t at, const struct tunnel_error *error)
{
	const struct config_backend *backend = &control->running.now->config->backends[at];
	struct running_backend *state =
		&control->running.states[configuration_index(control->running.now, at)];
	uint64_t now_ns = clock_monotonic_ns();
	char from[ADDR_TEXT_SIZE];
	uint16_t mtu;

	state->path_errors++;
	addr_format(&error->from, from, sizeof(from));
	if (error->kind == TUNNEL_UNREACHABLE) {
		if (now_ns - state->unreachable_ns >= UNREACHABLE_NS || state->unreachable_ns == 0)
			log_warning("path: backend %s/%s: %s cannot hand on its tunnel's packets "
				    "(ICMP type %u code %u)",
				backend->pool, backend->name, from, error->type, error->code);
		state->unreachable_ns = now_ns;
		state->path_from = error->from;
		return;
	}
	mtu = tunnel_error_mtu(
		error, running_backend_path_mtu(state, control->config.ports[state->port].mtu));
	if (mtu == 0)
		return;
	state->path_mtu = mtu;
	state->path_until_ns = now_ns + LEARNED_NS;
	state->path_from = error->from;
	log_info("path: backend %s/%s: its path takes %u bytes, as %s says", backend->pool,
		backend->name, mtu, from);
	control_rebuild_later(control);
}

bool control_path_take(struct control *control, const uint8_t *bytes, size_t size)
{
	struct tunnel_error error;

	if (!tunnel_error_read(bytes, size, &error))
		return false;
	for (uint32_t i = 0; i < control->running.now->config->backend_count; i++)
		if (is_ours(control, i, &error))
			learn(control, i, &error);
	return true;
}

// --- The room of the probes through the path ---

static uint32_t path_choose_worker(void *context, uint32_t worker)
{
	const struct control *control = context;
	uint32_t chosen = stuck_instead(control->stuck, worker, control->config.worker_count);

	return chosen == STUCK_ALL ? HALFOPEN_NO_WORKER : chosen;
}

static bool path_is_doubtful(void *context, uint64_t since_ns)
{
	char why[64];

	return control_doubts(context, since_ns, 1, why, sizeof(why)) != 0;
}

static bool path_take(void *context, const uint8_t *bytes, size_t size)
{
	return control_path_take(context, bytes, size);
}

int control_path_start(struct control *control)
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
		.choose_worker = path_choose_worker,
		.is_doubtful = path_is_doubtful,
		.take_tunnel_error = path_take,
		.context = control,
	};

	control->halfopen = halfopen_new(&needs);
	if (control->halfopen == NULL)
		return -ENOMEM;
	health_set_path(control->health, &halfopen_probe_kind, control->halfopen);
	return 0;
}

bool control_path_age(struct running_backend *state, uint64_t now_ns)
{
	if (state->path_until_ns == 0 || now_ns < state->path_until_ns)
		return false;
	state->path_until_ns = 0;
	state->path_mtu = 0;
	return true;
}

void control_path_remark(const struct running_backend *state, char *out, size_t size)
{
	char from[ADDR_TEXT_SIZE];

	addr_format(&state->path_from, from, sizeof(from));
	if (state->unreachable_ns != 0 &&
		clock_monotonic_ns() - state->unreachable_ns < UNREACHABLE_NS)
		snprintf(out, size, "%s cannot hand on its tunnel's packets", from);
	else if (state->path_mtu != 0)
		snprintf(out, size, "its path takes %u bytes, as %s says", state->path_mtu, from);
}
