// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <control/reply_private.h>
#include <control/rows.h>

#include <string.h>

// How many slots each backend of the pool has, counted once for all its rows. Every service's table
// counts alike.
static void count_shares(struct control *control, uint32_t pool)
{
	const struct config_pool *config = &control->running.now->config->pools[pool];
	const struct snapshot *snapshot = control->config.publisher->current;
	const struct snapshot_pool *built = snapshot_find_pool_from(snapshot, config->name, pool);
	struct reply *reply = &control->reply;

	reply->pool = pool;
	reply->share_whole = 0;
	for (uint32_t i = 0; i < config->backend_count; i++)
		reply->shares[configuration_index(
			control->running.now, config->first_backend + i)] = 0;
	for (uint32_t at = built != NULL ? built->first_view : VIEW_NONE; at != VIEW_NONE;
		at = snapshot->views[at].next) {
		const struct snapshot_view *view = &snapshot->views[at];

		stats_add_shares(view, reply->shares);
		reply->share_whole += (uint64_t)config->table_size * stats_view_services(view);
	}
}

struct reason_source control_reason_source(const struct control *control)
{
	return (struct reason_source){
		.running = &control->running,
		.health = control->health,
		.kernel = control->kernel,
		.ports = control->config.ports,
		.link_is_down = control->link_is_down,
		.port_count = control->config.port_count,
	};
}

bool row_backend(struct control *control, uint32_t row, struct message_row_backend *out)
{
	const struct reason_source source = control_reason_source(control);
	uint64_t now_ns = clock_monotonic_ns();
	const struct config *config = control->running.now->config;
	const struct config_backend *backend;
	const struct running_backend *state;
	struct health_view view = {0};
	struct metrics_traffic traffic;
	uint32_t index;

	if (row >= config->backend_count)
		return false;
	backend = &config->backends[row];
	if (control->reply.pool != backend->pool_index)
		count_shares(control, backend->pool_index);
	index = configuration_index(control->running.now, row);
	state = &control->running.states[index];
	stats_backend_traffic(&control->stats, index, &traffic);
	memcpy(out->name, backend->name, sizeof(out->name));
	memcpy(out->pool, backend->pool, sizeof(out->pool));
	memcpy(out->zone, backend->zone, sizeof(out->zone));
	out->address = backend->address;
	out->weight = backend->weight;
	out->state = backend->state;
	out->health = reason_backend_health(&source, row);
	if (control->reply.share_whole > 0)
		out->share_ppm = (uint32_t)(control->reply.shares[index] * 1000000 /
					    control->reply.share_whole);
	out->flows = control->stats.flow_counts.last.flows[index];
	out->oldest_s = control->stats.flow_counts.last.oldest_s[index];
	if (state->drain_until_ns > now_ns)
		out->drain_left_s =
			(uint32_t)((state->drain_until_ns - now_ns + CLOCK_NS_PER_S - 1) /
				   CLOCK_NS_PER_S);
	out->since_s =
		state->since_s > state->probes_since_s ? state->since_s : state->probes_since_s;
	health_view(control->health, index, &view);
	out->downs = view.downs;
	out->is_kept = fail_open_keeps(state);
	out->packets = traffic.packets;
	out->bytes = traffic.bytes;
	out->new_flows = traffic.new_flows;
	out->syn_repeats = traffic.syn_repeats;
	out->syn_resets = traffic.syn_resets;
	reason_backend(&source, row, out->reason, sizeof(out->reason));
	return true;
}
