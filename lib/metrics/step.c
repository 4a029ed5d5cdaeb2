// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <metrics/step.h>

#include <stdbool.h>
#include <string.h>
#include <time.h>

// One loop a process, as there is one log.
static struct {
	struct histogram durations;
	uint64_t longest_us[STEP_KINDS];
	uint64_t longest_cpu_us[STEP_KINDS];
	bool is_inside;
} steps;

struct step step_begin(enum step_kind kind)
{
	struct step step = {.kind = kind};

	if (steps.is_inside)
		return step;
	steps.is_inside = true;
	step.begin_ns = clock_monotonic_ns();
	step.begin_cpu_ns = clock_cpu_ns();
	return step;
}

static void step_raise(uint64_t *longest, uint64_t value)
{
	if (value > *longest)
		*longest = value;
}

void step_end(const struct step *step)
{
	uint64_t took_us;

	if (step->begin_ns == 0)
		return;
	took_us = (clock_monotonic_ns() - step->begin_ns) / 1000;
	histogram_observe(&steps.durations, took_us);
	step_raise(&steps.longest_us[step->kind], took_us);
	step_raise(&steps.longest_cpu_us[step->kind], (clock_cpu_ns() - step->begin_cpu_ns) / 1000);
	steps.is_inside = false;
}

const char *step_label(enum step_kind kind)
{
	static const char *const labels[] = {
#define X(identifier, label) label,
		STEPS(X)
#undef X
	};

	return labels[kind];
}

const struct histogram *step_durations(void)
{
	return &steps.durations;
}

uint64_t step_longest_us(enum step_kind kind)
{
	return steps.longest_us[kind];
}

uint64_t step_longest_cpu_us(enum step_kind kind)
{
	return steps.longest_cpu_us[kind];
}

void step_forget(void)
{
	memset(&steps, 0, sizeof(steps));
}
