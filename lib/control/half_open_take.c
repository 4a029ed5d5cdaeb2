// SPDX-License-Identifier: BSD-3-Clause
#include <control/half_open_private.h>
#include <control/path.h>
#include <halfopen/relay.h>
#include <metrics/step.h>

#include <event2/event.h>

// How often answers are looked for while any are awaited, and else, and how many are taken of a worker at once.
#define POLL_US      2000
#define POLL_LATE_US 100000
#define TAKE_MAX     256
#define PATHS_MAX    4

// A host that maps the VIP's port quotes the one that it maps to.
static struct attempt *find(
	const struct half_opens *half_opens, const struct half_open_answer *answer)
{
	const struct half_open *connection = &answer->connection;
	struct map_node *node = map_find(&half_opens->attempts, half_open_hash(connection));

	for (; node != NULL; node = map_find_next(node)) {
		struct attempt *attempt = MAP_ENTRY(node, struct attempt, node);
		const struct half_open *known = &attempt->connection;

		if (known->sequence == connection->sequence &&
			known->own_port == connection->own_port &&
			(known->vip_port == connection->vip_port ||
				answer->kind == HALF_OPEN_ERROR) &&
			addr_equal(&known->own, &connection->own) &&
			addr_equal(&known->vip, &connection->vip))
			return attempt;
	}
	return NULL;
}

// The callback comes last, as it may start another probe or end this one's target.
static void finish(struct half_open_probe *probe)
{
	struct control *control = probe->half_opens->control;
	struct probe_request request = probe->request;
	struct probe_result result = probe->result;

	if (result.outcome == PROBE_SUCCEEDED)
		control->running.states[request.id].half_open_next += probe->count;
	half_open_record(probe, result.outcome);
	half_open_probe_free(probe);
	request.done(request.context, &result);
}

static void take(struct half_opens *half_opens, const struct half_open_answer *answer)
{
	struct attempt *attempt = find(half_opens, answer);
	struct half_open_probe *probe;

	if (attempt == NULL) {
		if (answer->kind == HALF_OPEN_ACCEPTED)
			half_open_reset_late(half_opens, &answer->connection);
		return;
	}
	probe = attempt->probe;
	switch (answer->kind) {
	case HALF_OPEN_ACCEPTED:
		if (attempt->tunnels) {
			half_open_note_mss(probe, answer->mss, attempt->most_mss);
			half_open_remark_mss(&probe->result, answer->mss, attempt->most_mss);
		}
		half_open_give_up(attempt);
		if (probe->left > 0)
			return;
		break;
	case HALF_OPEN_REFUSED:
		half_open_settle(attempt);
		half_open_say(&probe->result, PROBE_FAILED, &attempt->connection,
			"refused (RST): does a server listen there, or is the port to be mapped?");
		break;
	case HALF_OPEN_ERROR:
		half_open_say_error(&probe->result, &attempt->connection, answer);
		break;
	}
	finish(probe);
}

static void take_some(struct half_opens *half_opens, uint32_t worker)
{
	struct relay *relay = half_opens->control->config.relay;
	struct half_open_answer answer;
	struct relay_answer raw;
	uint32_t paths = 0;

	for (int i = 0; i < TAKE_MAX && relay_take(relay, worker, &raw); i++) {
		if (half_open_read(raw.bytes, raw.size, &answer))
			take(half_opens, &answer);
		// Each asks every backend whether it is about it: the errors of a flood wait, and say nothing new.
		if (paths < PATHS_MAX)
			paths += control_path_take(half_opens->control, raw.bytes, raw.size);
	}
}

void half_open_poll(int fd, short what, void *context)
{
	STEP_TIMED(HALF_OPEN);
	struct half_opens *half_opens = context;
	for (uint32_t w = 0; w < half_opens->control->config.worker_count; w++)
		take_some(half_opens, w);
	half_open_poll_later(half_opens);
}

void half_open_poll_later(struct half_opens *half_opens)
{
	static const struct timeval soon = {.tv_usec = POLL_US};
	static const struct timeval late = {.tv_usec = POLL_LATE_US};
	bool awaits = half_opens->attempts.count > 0;

	if (event_pending(half_opens->poll, EV_TIMEOUT, NULL) &&
		!(awaits && half_opens->polls_late))
		return;
	half_opens->polls_late = !awaits;
	event_add(half_opens->poll, awaits ? &soon : &late);
}
