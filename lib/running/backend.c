// SPDX-License-Identifier: BSD-3-Clause
#include <running/backend.h>

static enum health_status backend_health_by_bits(uint32_t up, uint32_t down, uint32_t probe)
{
	if ((up >> probe & 1) != 0)
		return HEALTH_UP;
	return (down >> probe & 1) != 0 ? HEALTH_DOWN : HEALTH_UNKNOWN;
}

enum health_status running_backend_probe_health(const struct running_backend *state, uint32_t probe)
{
	return probe == 0 ? state->health
			  : backend_health_by_bits(state->probes_up, state->probes_down, probe);
}

enum health_status running_backend_health(const struct running_backend *state, uint32_t probe)
{
	enum health_status health = running_backend_probe_health(state, probe);
	bool is_kept =
		probe == 0 ? state->fail_open.is_kept : (state->probes_kept >> probe & 1) != 0;

	if (health == HEALTH_UNKNOWN)
		return probe == 0 ? state->recalled
				  : backend_health_by_bits(
					    state->recalled_up, state->recalled_down, probe);
	return is_kept ? HEALTH_UP : health;
}

// Forgets what is known of probes that are gone. True: there was something to forget.
static bool backend_forget_probes(
	struct running_backend *state, const struct configuration *configuration, uint32_t at)
{
	uint32_t known = state->probes_put | state->probes_up | state->probes_down;
	uint32_t gone = 0;

	for (uint32_t p = 1; p < CONFIG_PROBES_MAX && known != 0; p++)
		gone |= configuration_is_probed(configuration, at, p) ? 0 : known & 1u << p;
	state->probes_put &= (uint16_t)~gone;
	state->probes_up &= (uint16_t)~gone;
	state->probes_down &= (uint16_t)~gone;
	state->probes_kept &= (uint16_t)~gone;
	state->recalled_up &= (uint16_t)~gone;
	state->recalled_down &= (uint16_t)~gone;
	return gone != 0;
}

// A service that now has a probe of its own goes by the pool's probe until its own has given a
// result.
static bool backend_inherit_probes(
	struct running_backend *state, const struct configuration *configuration, uint32_t at)
{
	const struct configuration_probes *probes = configuration_probes(configuration, at);
	uint16_t heirs = 0;

	if (probes != NULL)
		heirs = (uint16_t)(probes->heirs &
				   ~(state->probes_put | state->probes_up | state->probes_down));
	if (state->health == HEALTH_UP)
		state->recalled_up |= heirs;
	else if (state->health == HEALTH_DOWN)
		state->recalled_down |= heirs;
	return heirs != 0;
}

bool running_backend_touch(struct running_backend *state, const struct configuration *configuration,
	uint32_t at, bool is_stranger, uint64_t now_s)
{
	enum health_status health;
	bool is_touched = is_stranger;

	if (is_stranger)
		*state = (struct running_backend){.port = BACKEND_PORT_NONE, .since_s = now_s};
	is_touched |= backend_forget_probes(state, configuration, at);
	is_touched |= backend_inherit_probes(state, configuration, at);
	if (configuration_is_probed(configuration, at, 0))
		return is_touched;
	health = configuration_is_unprobed(configuration, at) ? HEALTH_UP : HEALTH_UNKNOWN;
	if (state->health == health && !state->is_probed)
		return is_touched;
	state->is_probed = false;
	state->fail_open = (struct fail_open_mark){0};
	state->health = health;
	state->since_s = now_s;
	return true;
}

enum backend_status running_backend_status(
	const struct config_backend *backend, const struct running_backend *state, uint32_t probe)
{
	enum health_status health = running_backend_health(state, probe);
	bool drains =
		backend->state == CONFIG_STATE_DRAINING || backend->state == CONFIG_STATE_LEAVING;

	if (backend->state == CONFIG_STATE_DISABLED)
		return BACKEND_DISABLED;
	if (drains && state->drain_is_over && state->drain_then != MESSAGE_THEN_KEEP)
		return state->drain_then == MESSAGE_THEN_RESET ? BACKEND_RESET : BACKEND_DISABLED;
	if (health == HEALTH_DOWN)
		return BACKEND_DOWN;
	if (drains || health == HEALTH_UNKNOWN)
		return BACKEND_DRAINING;
	return BACKEND_UP;
}

// What every host takes, RFC 791 3.1: below it nothing would be left under an outer header.
#define PATH_MTU_MIN 576

// The kernel's route may promise more than the port carries, or than a router on the way hands on.
uint16_t running_backend_path_mtu(const struct running_backend *state, uint16_t port_mtu)
{
	uint32_t mtu = state->hop.mtu > port_mtu ? port_mtu : state->hop.mtu;

	if (state->path_mtu != 0 && state->path_mtu < mtu)
		mtu = state->path_mtu;
	return mtu < PATH_MTU_MIN ? PATH_MTU_MIN : (uint16_t)mtu;
}
