// SPDX-License-Identifier: BSD-3-Clause
#include <halfopen/halfopen_private.h>
#include <metrics/step.h>

#include <event2/event.h>

// How often answers are looked for while any are awaited, and else, and how many are taken of a
// worker at once.
#define POLL_US      2000
#define POLL_LATE_US 100000
#define TAKE_MAX     256
#define PATHS_MAX    4

// A host that maps the VIP's port quotes the one that it maps to.
static struct halfopen_attempt *answers_find(
	const struct halfopen *halfopen, const struct halfopen_answer *answer)
{
	const struct halfopen_connection *connection = &answer->connection;
	struct map_node *node = map_find(&halfopen->attempts, halfopen_hash(connection));

	for (; node != NULL; node = map_find_next(node)) {
		struct halfopen_attempt *attempt = MAP_ENTRY(node, struct halfopen_attempt, node);
		const struct halfopen_connection *known = &attempt->connection;

		if (known->sequence == connection->sequence &&
			known->own_port == connection->own_port &&
			(known->vip_port == connection->vip_port ||
				answer->kind == HALFOPEN_ERROR) &&
			addr_equal(&known->own, &connection->own) &&
			addr_equal(&known->vip, &connection->vip))
			return attempt;
	}
	return NULL;
}

// The callback comes last, as it may start another probe or end this one's target.
static void answers_finish(struct halfopen_probe *probe)
{
	struct running_backend *states = probe->halfopen->needs.running->states;
	struct probe_request request = probe->request;
	struct probe_result result = probe->result;

	if (result.outcome == PROBE_SUCCEEDED)
		states[request.id].half_open_next += probe->count;
	halfopen_record(probe, result.outcome);
	halfopen_probe_free(probe);
	request.done(request.context, &result);
}

static void answers_take(struct halfopen *halfopen, const struct halfopen_answer *answer)
{
	struct halfopen_attempt *attempt = answers_find(halfopen, answer);
	struct halfopen_probe *probe;

	if (attempt == NULL) {
		if (answer->kind == HALFOPEN_ACCEPTED)
			halfopen_reset_late(halfopen, &answer->connection);
		return;
	}
	probe = attempt->probe;
	switch (answer->kind) {
	case HALFOPEN_ACCEPTED:
		if (attempt->tunnels) {
			halfopen_note_mss(probe, answer->mss, attempt->most_mss);
			halfopen_remark_mss(&probe->result, answer->mss, attempt->most_mss);
		}
		halfopen_give_up(attempt);
		if (probe->left > 0)
			return;
		break;
	case HALFOPEN_REFUSED:
		halfopen_settle(attempt);
		halfopen_say(&probe->result, PROBE_FAILED, &attempt->connection,
			"refused (RST): does a server listen there, or is the port to be mapped?");
		break;
	case HALFOPEN_ERROR:
		halfopen_say_error(&probe->result, &attempt->connection, answer);
		break;
	}
	answers_finish(probe);
}

static void answers_take_some(struct halfopen *halfopen, uint32_t worker)
{
	const struct halfopen_needs *needs = &halfopen->needs;
	struct halfopen_answer answer;
	struct relay_answer raw;
	uint32_t paths = 0;

	for (int i = 0; i < TAKE_MAX && relay_take(needs->relay, worker, &raw); i++) {
		if (halfopen_read(raw.bytes, raw.size, &answer))
			answers_take(halfopen, &answer);
		// Each asks every backend whether it is about it: the errors of a flood wait, and
		// say nothing new.
		if (paths < PATHS_MAX)
			paths += needs->take_tunnel_error(needs->context, raw.bytes, raw.size);
	}
}

void halfopen_poll(int fd, short what, void *context)
{
	STEP_TIMED(HALF_OPEN);
	struct halfopen *halfopen = context;
	for (uint32_t w = 0; w < halfopen->needs.worker_count; w++)
		answers_take_some(halfopen, w);
	halfopen_poll_later(halfopen);
}

void halfopen_poll_later(struct halfopen *halfopen)
{
	static const struct timeval soon = {.tv_usec = POLL_US};
	static const struct timeval late = {.tv_usec = POLL_LATE_US};
	bool awaits = halfopen->attempts.count > 0;

	if (event_pending(halfopen->poll, EV_TIMEOUT, NULL) && !(awaits && halfopen->polls_late))
		return;
	halfopen->polls_late = !awaits;
	event_add(halfopen->poll, awaits ? &soon : &late);
}
