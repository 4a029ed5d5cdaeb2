// SPDX-License-Identifier: BSD-3-Clause
#include <control/control_private.h>
#include <control/resolve_private.h>

#include <event2/event.h>
#include <metrics/step.h>

// Neighbours that the kernel does not know are asked for again and again, and those that it knows
// are asked whether they are still there: what the workers send keeps no entry fresh, and not every
// backend is probed by packets of the kernel's. Backends looked at in one step, and neighbours
// asked, which takes the kernel some microseconds each.
#define SOLICIT_LOOKS 4096
#define SOLICIT_STEP  32

// A backend that fails may have moved to another MAC.
static bool is_doubted(const struct running_backend *state)
{
	return state->health == HEALTH_DOWN || state->probes_down != 0;
}

// Returns how many requests it took.
static uint32_t solicit_look_at(struct control *control, const struct running_backend *state)
{
	if (state->port == BACKEND_PORT_NONE)
		return 0;
	if (state->resolved)
		return kernel_confirm(control->kernel, state->hop.ifindex, &state->hop.gateway,
			       is_doubted(state)) == 1;
	kernel_solicit(control->kernel, state->hop.ifindex, &state->hop.gateway);
	return 1;
}

// Backends that stand together are often behind one gateway.
static bool is_same_neighbour(const struct running_backend *a, const struct running_backend *b)
{
	return a != NULL && a->hop.ifindex == b->hop.ifindex &&
	       addr_equal(&a->hop.gateway, &b->hop.gateway);
}

void control_solicit_neighbours_step(int fd, short what, void *context)
{
	STEP_TIMED(SOLICIT);
	static const struct timeval now = {0};
	struct control *control = context;
	uint32_t count = control->running.now->config->backend_count;
	const struct running_backend *last = NULL;
	uint32_t asked = 0;

	for (int i = 0; i < SOLICIT_LOOKS && asked < SOLICIT_STEP && control->solicit_next < count;
		i++) {
		uint32_t index = configuration_index(control->running.now, control->solicit_next++);
		const struct running_backend *state = &control->running.states[index];

		if (!is_same_neighbour(last, state))
			asked += solicit_look_at(control, state);
		last = state;
	}
	if (control->solicit_next < count)
		event_add(control->solicit_event, &now);
}

void control_solicit_neighbours(int fd, short what, void *context)
{
	STEP_TIMED(SOLICIT);
	struct control *control = context;

	control->solicit_next = 0;
	control_solicit_neighbours_step(fd, what, context);
}
