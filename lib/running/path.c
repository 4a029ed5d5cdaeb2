// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <encap/tunnel_error.h>
#include <running/path.h>
#include <running/running.h>

#include <stdio.h>

// The soft state of the tunnels' paths (RFC 2003 5.1, RFC 2473 8.1): what routers on the way to a
// backend said of them, for as long as it holds.

#define LEARNED_NS     (600 * CLOCK_NS_PER_S) // RFC 1191 6.3
#define UNREACHABLE_NS (60 * CLOCK_NS_PER_S)

// Whether it quotes a packet of ours to that backend: from the address that its packets have, or
// one that is drawn for it.
static bool path_is_ours(
	const struct running *running, uint32_t at, const struct tunnel_error *error)
{
	const struct config *config = running->now->config;
	const struct config_backend *backend = &config->backends[at];
	const struct prefix *drawn =
		config_outer_source(&config->pools[backend->pool_index], error->source.family);
	const struct running_backend *state = running_state(running, at);

	if (!state->resolved || !addr_equal(&backend->address, &error->destination))
		return false;
	return addr_equal(&state->hop.source, &error->source) ||
	       (drawn != NULL && prefix_holds(drawn, &error->source));
}

// True: the path gets narrower.
static bool path_learn(struct running *running, const struct running_port *ports, uint32_t at,
	const struct tunnel_error *error)
{
	const struct config_backend *backend = &running->now->config->backends[at];
	struct running_backend *state = running_state(running, at);
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
		return false;
	}
	mtu = tunnel_error_mtu(error, running_backend_path_mtu(state, ports[state->port].mtu));
	if (mtu == 0)
		return false;
	state->path_mtu = mtu;
	state->path_until_ns = now_ns + LEARNED_NS;
	state->path_from = error->from;
	log_info("path: backend %s/%s: its path takes %u bytes, as %s says", backend->pool,
		backend->name, mtu, from);
	return true;
}

bool running_path_take(struct running *running, const struct running_port *ports,
	const uint8_t *bytes, size_t size, bool *is_changed)
{
	struct tunnel_error error;

	if (!tunnel_error_read(bytes, size, &error))
		return false;
	for (uint32_t i = 0; i < running->now->config->backend_count; i++)
		if (path_is_ours(running, i, &error))
			*is_changed |= path_learn(running, ports, i, &error);
	return true;
}

bool running_path_age(struct running_backend *state, uint64_t now_ns)
{
	if (state->path_until_ns == 0 || now_ns < state->path_until_ns)
		return false;
	state->path_until_ns = 0;
	state->path_mtu = 0;
	return true;
}

void running_path_remark(const struct running_backend *state, char *out, size_t size)
{
	char from[ADDR_TEXT_SIZE];

	addr_format(&state->path_from, from, sizeof(from));
	if (state->unreachable_ns != 0 &&
		clock_monotonic_ns() - state->unreachable_ns < UNREACHABLE_NS)
		snprintf(out, size, "%s cannot hand on its tunnel's packets", from);
	else if (state->path_mtu != 0)
		snprintf(out, size, "its path takes %u bytes, as %s says", state->path_mtu, from);
}
