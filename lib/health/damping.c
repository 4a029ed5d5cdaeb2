// SPDX-License-Identifier: BSD-3-Clause
#include <health/damping.h>

#include <base/clock.h>

// 'count' downs before the last one.
static uint64_t *down_before(struct damping *damping, uint32_t count)
{
	return &damping->downs_ns[(damping->downs - 1 - count) % (DAMPING_LIMIT_MAX + 1)];
}

static bool is_over_limit(
	struct damping *damping, const struct config_health *policy, uint64_t now_ns)
{
	return damping->downs > policy->flap_limit &&
	       now_ns - *down_before(damping, policy->flap_limit) <=
		       policy->flap_window_ms * CLOCK_NS_PER_MS;
}

static void begin_to_flap(
	struct damping *damping, const struct config_health *policy, uint64_t now_ns)
{
	damping->flaps = policy->flap_limit + 1u;
	damping->flaps_from_ns = *down_before(damping, policy->flap_limit);
	damping->growth = 1;
}

bool damping_down(struct damping *damping, const struct config_health *policy, uint64_t now_ns)
{
	bool was_held = damping->held_until_ns != 0 &&
			now_ns < damping->held_until_ns + policy->flap_window_ms * CLOCK_NS_PER_MS;

	damping->downs++;
	*down_before(damping, 0) = now_ns;
	if (policy->flap_limit == 0 || (!was_held && !is_over_limit(damping, policy, now_ns)))
		return false;
	if (!was_held) {
		begin_to_flap(damping, policy, now_ns);
	} else {
		damping->flaps++;
		if (!damping_holds(damping, now_ns) && damping->growth < DAMPING_GROWTH_MAX)
			damping->growth *= 2;
	}
	damping->held_until_ns =
		now_ns + (uint64_t)damping->growth * policy->flap_hold_ms * CLOCK_NS_PER_MS;
	return true;
}
