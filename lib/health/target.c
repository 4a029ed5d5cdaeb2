// SPDX-License-Identifier: BSD-3-Clause
#include <health/health_private.h>

#include <base/clock.h>
#include <base/parse.h>
#include <event2/event.h>
#include <metrics/step.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_INTERVAL_MS  100
#define LATE_NS            (10 * CLOCK_NS_PER_MS)
#define SILENCE_DOUBTED_NS (3 * CLOCK_NS_PER_S)
#define FAR_NS             (3600 * CLOCK_NS_PER_S)

static void on_timer(evutil_socket_t fd, short what, void *context);

static int arm(struct target *target, uint64_t delay_ns)
{
	struct timeval delay = {
		.tv_sec = delay_ns / CLOCK_NS_PER_S, .tv_usec = delay_ns % CLOCK_NS_PER_S / 1000};

	return evtimer_add(target->timer, &delay);
}

struct target *target_new(struct health *health, const struct health_target *spec)
{
	struct target *target = calloc(1, sizeof(*target));

	if (target == NULL)
		return NULL;
	target->health = health;
	target->view.since_s = clock_wall_s();
	target_set(target, spec);
	target->group = group_hold(&health->groups, spec->group);
	target->timer = evtimer_new(health->base, on_timer, target);
	// Armed here for its place in libevent's heap: later calls need no memory.
	if (target->group == NULL || target->timer == NULL || arm(target, FAR_NS) != 0) {
		target_free(target);
		return NULL;
	}
	return target;
}

static void cancel(struct target *target)
{
	if (target->probe != NULL)
		target->kind->cancel(target->probe);
	target->probe = NULL;
}

void target_free(struct target *target)
{
	if (target == NULL)
		return;
	cancel(target);
	if (target->timer != NULL)
		event_free(target->timer);
	group_release(&target->health->groups, target->group);
	free(target);
}

void target_set(struct target *target, const struct health_target *spec)
{
	cancel(target);
	target->damping = (struct damping){0};
	target->silences = 0;
	target->spec = *spec;
	target->kind = spec->policy.via == CONFIG_VIA_FORWARDING ? &probe_beside
								 : probe_kind_of(spec->policy.type);
}

void target_start(struct target *target, uint64_t delay_us)
{
	cancel(target);
	target->due_ns = clock_monotonic_ns() + delay_us * 1000;
	arm(target, delay_us * 1000);
}

static uint32_t random_next(struct health *health)
{
	health->random ^= health->random << 13;
	health->random ^= health->random >> 17;
	health->random ^= health->random << 5;
	return health->random;
}

// Up to an eighth less than the interval, never more: the time to notice stays what was promised.
static uint64_t jittered_interval_ns(struct target *target)
{
	uint64_t interval_ms = target->spec.policy.interval_ms;
	uint64_t sooner_ms = interval_ms / 4;
	uint64_t ns;

	if (sooner_ms < LEAST_INTERVAL_MS)
		sooner_ms = LEAST_INTERVAL_MS;
	if ((machine_is_changing(&target->machine) || target->silences > 0) &&
		sooner_ms < interval_ms)
		interval_ms = sooner_ms;
	ns = interval_ms * CLOCK_NS_PER_MS;
	return ns - (ns / 8) * (random_next(target->health) >> 16) / 65536;
}

static void schedule(struct target *target)
{
	uint64_t now_ns = clock_monotonic_ns();

	if (target->kind->constant && machine_status(&target->machine) == HEALTH_UP)
		return;
	target->due_ns = target->start_ns + jittered_interval_ns(target);
	if (target->due_ns < now_ns)
		target->due_ns = now_ns;
	arm(target, target->due_ns - now_ns);
}

// Last act of every path: the callback may free the target.
static void finish(struct target *target, const struct probe_result *result)
{
	struct health *health = target->health;
	struct probe_result judged = *result;
	bool changed;

	target_doubt(target, &judged);
	changed = target_take(target, &judged);
	target->probe = NULL;
	schedule(target);
	if (changed)
		health->changed(
			health->context, target->spec.id, target->view.status, judged.reason);
}

static void on_done(void *context, const struct probe_result *result)
{
	finish(context, result);
}

static void start(struct target *target)
{
	struct health_stats *stats = &target->health->stats;
	struct probe_result result = {.outcome = PROBE_SUCCEEDED};
	struct probe_request request = {
		.base = target->health->base,
		.id = target->spec.id,
		.address = target->spec.address,
		.port = target->spec.port,
		.policy = &target->spec.policy,
		.tls = target->health->tls,
		.path = target->health->path,
		.path_context = target->health->path_context,
		.done = on_done,
		.context = target,
	};
	uint64_t late_ns;

	target->start_ns = clock_monotonic_ns();
	stats->probes++;
	late_ns = target->start_ns > target->due_ns ? target->start_ns - target->due_ns : 0;
	histogram_observe(&stats->lateness, late_ns / 1000);
	stats->late += late_ns > LATE_NS;
	target->probe = target->kind->start(&request, &result);
	if (target->probe == NULL)
		finish(target, &result);
	else
		arm(target, target->spec.policy.timeout_ms * CLOCK_NS_PER_MS);
}

static void expire(const struct target *target, struct probe_result *result)
{
	struct probe_request request = {.address = target->spec.address,
		.port = target->spec.port,
		.policy = &target->spec.policy};
	char timeout[32];

	format_duration_ms(target->spec.policy.timeout_ms, timeout, sizeof(timeout));
	probe_expire(target->kind, target->probe, &request, timeout, result);
}

// A host sends its peer one ICMP error a second (Linux: icmp_ratelimit), however many probes ask
// for one.
static enum probe_outcome judge_silence(const struct target *target)
{
	return target->failed_ns != 0 &&
			       clock_monotonic_ns() - target->failed_ns < SILENCE_DOUBTED_NS
		       ? PROBE_UNDECIDED
		       : PROBE_SUCCEEDED;
}

static void time_out(struct target *target)
{
	struct probe_result result;

	expire(target, &result);
	if (result.outcome == PROBE_SUCCEEDED)
		result.outcome = judge_silence(target);
	cancel(target);
	finish(target, &result);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
	STEP_TIMED(PROBE_START);
	struct target *target = context;

	if (target->probe != NULL)
		time_out(target);
	else
		start(target);
}
