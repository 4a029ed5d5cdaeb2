// SPDX-License-Identifier: BSD-3-Clause
#include <health/health_private.h>

#include <base/clock.h>
#include <base/log.h>
#include <base/parse.h>
#include <stdio.h>
#include <string.h>

// What the results of a target's probes add up to.

#define LOCAL_LOG_NS (10 * CLOCK_NS_PER_S)

static bool take_local_failure(struct target *target, const char *reason)
{
	struct health *health = target->health;
	uint64_t now_ns = clock_monotonic_ns();

	health->stats.local_failures++;
	health->local_unlogged++;
	if (health->local_logged_ns == 0 || now_ns - health->local_logged_ns >= LOCAL_LOG_NS) {
		log_warning(
			"health: %llu probe(s) could not be made or judged on this machine, which says "
			"nothing about their backends; the last one: %s",
			(unsigned long long)health->local_unlogged, reason);
		health->local_logged_ns = now_ns;
		health->local_unlogged = 0;
	}
	if (machine_status(&target->machine) == HEALTH_UNKNOWN)
		snprintf(target->view.reason, sizeof(target->view.reason), "%s", reason);
	else
		snprintf(target->view.remark, sizeof(target->view.remark), "%s", reason);
	return machine_local(&target->machine);
}

// What costs no packet, or brings no answer, says nothing about how long one takes.
static void count_answer(struct target *target, const struct probe_result *result, uint64_t took_us)
{
	if (target->kind->constant || result->unanswered)
		return;
	target->view.latency_us = took_us < UINT32_MAX ? (uint32_t)took_us : UINT32_MAX;
	target->view.successes++;
	target->view.successes_us += took_us;
	histogram_observe(&target->group->latency, took_us);
}

// True: the machine's status is another.
static bool step(struct target *target, const struct probe_result *result)
{
	struct health_view *view = &target->view;
	uint64_t took_us = (clock_monotonic_ns() - target->start_ns) / 1000;

	if (result->certificate_end_s != 0)
		view->certificate_end_s = result->certificate_end_s;
	memcpy(view->remark, result->remark, sizeof(view->remark));
	switch (result->outcome) {
	case PROBE_SUCCEEDED:
		view->reason[0] = '\0';
		count_answer(target, result, took_us);
		return machine_success(
			&target->machine, target->kind->constant ? 1 : target->spec.policy.rise);
	case PROBE_FAILED:
		target->health->stats.failures++;
		view->failures++;
		target->failed_ns = clock_monotonic_ns();
		snprintf(view->reason, sizeof(view->reason), "%s", result->reason);
		return machine_failure(
			&target->machine, target->silences > 0 ? 1 : target->spec.policy.fall);
	case PROBE_UNDECIDED:
		return false;
	default:
		return take_local_failure(target, result->reason);
	}
}

static void explain_hold(struct target *target, uint64_t now_ns)
{
	const struct damping *damping = &target->damping;
	uint64_t flaps_s = (now_ns - damping->flaps_from_ns) / CLOCK_NS_PER_S;
	char span[32];
	char until[32];

	target->view.held_until_s =
		clock_wall_s() + (damping->held_until_ns - now_ns) / CLOCK_NS_PER_S;
	snprintf(target->hold_reason, sizeof(target->hold_reason),
		"flapping: went down %u times in %s, held until %s", damping->flaps,
		format_duration_ms((flaps_s + 1) * 1000, span, sizeof(span)),
		clock_format_utc(target->view.held_until_s, until, sizeof(until)));
}

// A target that is up by its probes but held is down.
static enum health_status judge(struct target *target, uint64_t now_ns)
{
	enum health_status status = machine_status(&target->machine);

	if (!damping_holds(&target->damping, now_ns)) {
		target->view.held_until_s = 0;
		return status;
	}
	if (status == HEALTH_UP)
		snprintf(target->view.reason, sizeof(target->view.reason), "%s",
			target->hold_reason);
	return HEALTH_DOWN;
}

bool target_take(struct target *target, const struct probe_result *result)
{
	uint64_t now_ns = clock_monotonic_ns();
	struct health_view *view = &target->view;
	bool was_up = machine_status(&target->machine) == HEALTH_UP;
	enum health_status status;

	if (step(target, result) && was_up &&
		damping_down(&target->damping, &target->spec.policy, now_ns))
		explain_hold(target, now_ns);
	status = judge(target, now_ns);
	if (status == view->status)
		return false;
	view->status = status;
	view->since_s = clock_wall_s();
	view->changes++;
	view->downs += status == HEALTH_DOWN;
	return true;
}
