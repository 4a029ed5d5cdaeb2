// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <control/control_private.h>

#include <inttypes.h>
#include <rte_ethdev.h>
#include <rte_version.h>
#include <string.h>
#include <unistd.h>

// Each writes row number 'row' into the zeroed 'out'. False: there is no such row.

static void subtract(struct metrics_traffic *traffic, const struct metrics_traffic *baseline)
{
	traffic->packets -= baseline->packets;
	traffic->bytes -= baseline->bytes;
	traffic->new_flows -= baseline->new_flows;
}

static void backend_traffic(
	const struct control *control, uint32_t index, struct metrics_traffic *out)
{
	metrics_backend(control->config.metrics, control->config.worker_count, index, out);
	subtract(out, &control->backend_baselines[index]);
}

static void service_traffic(
	const struct control *control, uint32_t index, struct metrics_traffic *out)
{
	metrics_service(control->config.metrics, control->config.worker_count, index, out);
	subtract(out, &control->service_baselines[index]);
}

static uint32_t count_usable(const struct control *control, const struct config_pool *pool)
{
	const struct edition *running = control->running;
	uint32_t usable = 0;

	for (uint32_t i = 0; i < pool->backend_count; i++) {
		uint32_t at = pool->first_backend + i;
		const struct control_backend *state = &control->states[edition_index(running, at)];

		usable += state->resolved && control_backend_status(&running->config->backends[at],
						     state) == BACKEND_UP;
	}
	return usable;
}

static bool row_service(
	const struct control *control, uint32_t row, struct message_row_service *out)
{
	const struct config *config = control->running->config;
	const struct config_service *service;
	const struct config_pool *pool;
	struct metrics_traffic traffic;

	if (row >= config->service_count)
		return false;
	service = &config->services[row];
	pool = &config->pools[service->pool_index];
	service_traffic(control, control->running->services[row], &traffic);
	memcpy(out->name, service->name, sizeof(out->name));
	memcpy(out->pool, service->pool, sizeof(out->pool));
	out->vip = service->vip;
	out->port_first = service->port_first;
	out->port_last = service->port_last;
	out->target_port = service->target_port;
	out->protocol = service->protocol;
	out->forwarding = service->forwarding;
	out->backends = pool->backend_count;
	out->backends_usable = count_usable(control, pool);
	out->packets = traffic.packets;
	out->bytes = traffic.bytes;
	out->new_flows = traffic.new_flows;
	return true;
}

static bool row_pool(const struct control *control, uint32_t row, struct message_row_pool *out)
{
	const struct snapshot *snapshot = control->config.publisher->current;
	const struct config *config = control->running->config;
	const struct snapshot_pool *built;
	const struct config_pool *pool;
	struct metrics_traffic traffic;

	if (row >= control->running->written->pool_count) // those that leave stand behind
		return false;
	pool = &config->pools[row];
	built = snapshot_find_pool_from(snapshot, pool->name, row);
	memcpy(out->name, pool->name, sizeof(out->name));
	out->backends = pool->backend_count;
	out->backends_usable = count_usable(control, pool);
	out->table_size = pool->table_size;
	out->table_generation = built != NULL ? built->tables_built : 0;
	for (uint32_t i = 0; i < pool->backend_count; i++) {
		backend_traffic(control, edition_index(control->running, pool->first_backend + i),
			&traffic);
		out->packets += traffic.packets;
		out->bytes += traffic.bytes;
	}
	return true;
}

static void add_shares(const struct snapshot_view *view, uint64_t *shares)
{
	uint32_t services = view->service_count > 0 ? view->service_count : 1;

	for (uint32_t slot = 0; view->current != NULL && slot < view->current->table->size;
		slot++) {
		uint16_t member = view->current->table->slots[slot];

		shares[view->current->members[member].backend & BACKEND_INDEX_MASK] += services;
	}
}

// How many slots each backend of the pool has, counted once for all its rows. Every service's table counts alike.
static void count_shares(struct control *control, uint32_t pool)
{
	const struct config_pool *config = &control->running->config->pools[pool];
	const struct snapshot *snapshot = control->config.publisher->current;
	const struct snapshot_pool *built = snapshot_find_pool_from(snapshot, config->name, pool);
	struct reply *reply = &control->reply;

	reply->pool = pool;
	reply->share_whole = 0;
	for (uint32_t i = 0; i < config->backend_count; i++)
		reply->shares[edition_index(control->running, config->first_backend + i)] = 0;
	for (uint32_t at = built != NULL ? built->first_view : VIEW_NONE; at != VIEW_NONE;
		at = snapshot->views[at].next) {
		const struct snapshot_view *view = &snapshot->views[at];

		add_shares(view, reply->shares);
		reply->share_whole += (uint64_t)config->table_size *
				      (view->service_count > 0 ? view->service_count : 1);
	}
}

// Not a reason yet, but the one to come.
static void explain_certificate(uint64_t end_s, char *out, size_t size)
{
	uint64_t now_s = clock_wall_s();

	snprintf(out, size, "its certificate ends in %" PRIu64 " days",
		end_s > now_s ? (end_s - now_s) / 86400 : 0);
}

static void explain_health(const struct control *control, uint32_t index, char *out, size_t size)
{
	struct health_view view;

	if (!control->states[index].is_probed || !health_view(control->health, index, &view))
		return;
	if (view.reason[0] == '\0' && view.certificate_end_s != 0)
		explain_certificate(view.certificate_end_s, out, size);
	else
		snprintf(out, size, "%s", view.reason);
}

void control_backend_reason(const struct control *control, uint32_t at, char *out, size_t size)
{
	const struct config_backend *backend = &control->running->config->backends[at];
	uint32_t index = edition_index(control->running, at);
	const struct control_backend *state = &control->states[index];

	if (backend->state == CONFIG_STATE_DISABLED)
		snprintf(out, size, "disabled by the operator");
	else if (backend->state == CONFIG_STATE_LEAVING)
		snprintf(out, size, "taken out; it finishes the flows that it has");
	else if (!state->is_probed && !edition_is_unprobed(control->running, at))
		snprintf(out, size, "no service uses the pool, so there is no port to probe");
	else if (state->port == BACKEND_PORT_NONE && !state->hop.reachable)
		snprintf(out, size, "the kernel has no route to it");
	else if (state->port == BACKEND_PORT_NONE)
		snprintf(out, size, "its route does not leave by a port of ours");
	else if (control->link_is_down[state->port])
		snprintf(out, size, "port %s, which it is behind, has no link",
			control->config.ports[state->port].name);
	else if (!state->resolved)
		snprintf(out, size, "its next hop does not answer ARP or NDP");
	else
		explain_health(control, index, out, size);
}

static bool row_backend(struct control *control, uint32_t row, struct message_row_backend *out)
{
	const struct config *config = control->running->config;
	const struct config_backend *backend;
	const struct control_backend *state;
	struct metrics_traffic traffic;
	uint32_t index;

	if (row >= config->backend_count)
		return false;
	backend = &config->backends[row];
	if (control->reply.pool != backend->pool_index)
		count_shares(control, backend->pool_index);
	index = edition_index(control->running, row);
	state = &control->states[index];
	backend_traffic(control, index, &traffic);
	memcpy(out->name, backend->name, sizeof(out->name));
	memcpy(out->pool, backend->pool, sizeof(out->pool));
	memcpy(out->zone, backend->zone, sizeof(out->zone));
	out->address = backend->address;
	out->weight = backend->weight;
	out->state = backend->state;
	out->health = (uint8_t)state->health;
	if (control->reply.share_whole > 0)
		out->share_ppm = (uint32_t)(control->reply.shares[index] * 1000000 /
					    control->reply.share_whole);
	out->flows = control->reply.flows[index];
	out->oldest_s = control->reply.oldest_s[index];
	if (state->drain_until_s > clock_wall_s())
		out->drain_left_s = (uint32_t)(state->drain_until_s - clock_wall_s());
	out->since_s = state->since_s;
	out->packets = traffic.packets;
	out->bytes = traffic.bytes;
	out->new_flows = traffic.new_flows;
	control_backend_reason(control, row, out->reason, sizeof(out->reason));
	return true;
}

static bool row_drop(const struct control *control, uint32_t row, struct message_row_drop *out)
{
	if (row >= DROP_REASON_COUNT)
		return false;
	snprintf(out->name, sizeof(out->name), "%s", drop_label((enum drop_reason)row));
	snprintf(out->text, sizeof(out->text), "%s", drop_text((enum drop_reason)row));
	out->packets = metrics_dropped(
		control->config.metrics, control->config.worker_count, (enum drop_reason)row);
	return true;
}

static bool row_worker(const struct control *control, uint32_t row, struct message_row_worker *out)
{
	const struct metrics_worker *metrics;
	uint64_t loops;

	if (row >= control->config.worker_count)
		return false;
	metrics = control->config.metrics[row];
	loops = metrics_read(&metrics->loops);
	out->index = row;
	out->core = control->config.daemon->worker_cores[row];
	out->rx_packets = metrics_read(&metrics->received);
	out->from_kernel = metrics_read(&metrics->from_kernel);
	out->made = metrics_read(&metrics->made);
	out->forwarded = metrics_read(&metrics->forwarded);
	out->punted = metrics_read(&metrics->to_kernel);
	out->injected = metrics_read(&metrics->injected);
	out->answered = metrics_read(&metrics->answered);
	out->dropped = metrics_dropped_total(metrics);
	out->queued = metrics_read(&metrics->held);
	out->flow_hits = metrics_read(&metrics->flow_hits);
	out->flow_misses = metrics_read(&metrics->flow_misses);
	out->flow_evictions = metrics_read(&metrics->flow_evictions);
	out->flow_skipped = metrics_read(&metrics->flow_skipped);
	out->previous_table = metrics_read(&metrics->previous_table);
	out->resets = metrics_read(&metrics->resets);
	out->flows = metrics_read(&metrics->flows_live);
	out->flow_capacity = flow_table_capacity(control->config.flows[row]);
	out->busy_ppm = loops == 0 ? 0 : metrics_read(&metrics->loops_busy) * 1000000 / loops;
	return true;
}

static bool row_port(const struct control *control, uint32_t row, struct message_row_port *out)
{
	const struct control_port *port;
	struct rte_eth_stats stats = {0};
	struct rte_eth_link link = {0};

	if (row >= control->config.port_count)
		return false;
	port = &control->config.ports[row];
	rte_eth_stats_get(port->id, &stats);
	rte_eth_link_get_nowait(port->id, &link);
	memcpy(out->name, port->name, sizeof(out->name));
	memcpy(out->device, port->device, sizeof(out->device));
	memcpy(out->kernel_interface, port->kernel_interface, sizeof(out->kernel_interface));
	mac_format(&port->mac, out->mac, sizeof(out->mac));
	memcpy(out->rss, port->rss, sizeof(out->rss));
	out->mtu = port->mtu;
	out->queues = port->queues;
	out->link_up = link.link_status == RTE_ETH_LINK_UP;
	out->link_mbps = link.link_speed;
	out->rx_packets = stats.ipackets;
	out->rx_bytes = stats.ibytes;
	out->tx_packets = stats.opackets;
	out->tx_bytes = stats.obytes;
	out->rx_missed = stats.imissed;
	out->tx_full = metrics_dropped(
		control->config.metrics, control->config.worker_count, DROP_TX_FULL);
	return true;
}

static bool row_daemon(const struct control *control, uint32_t row, struct message_row_daemon *out)
{
	if (row > 0)
		return false;
	snprintf(out->version, sizeof(out->version), "%s", FULCRUM_VERSION);
	snprintf(out->dpdk, sizeof(out->dpdk), "%s", rte_version());
	out->pid = (uint32_t)getpid();
	out->workers = control->config.worker_count;
	out->started_s = control->started_s;
	out->config_version = control->version;
	out->applied_s = control->applied_s;
	out->apply_us = control->apply_us;
	out->hash_key_secret = control->running->config->hash_key_set;
	return true;
}

static bool row_capture(
	const struct control *control, uint32_t row, struct message_row_capture *out)
{
	*out = control->recording.told;
	return row == 0;
}

static bool row_history(
	const struct control *control, uint32_t row, struct message_row_history *out)
{
	struct history_entry entries[HISTORY_MAX];

	if (row >= history_list(control->config.daemon->state, entries))
		return false;
	out->version = entries[row].version;
	out->applied_s = entries[row].applied_s;
	out->uid = entries[row].uid;
	out->pid = entries[row].pid;
	out->running = out->version == control->version;
	return true;
}

bool control_row(struct control *control, enum message_show_what what, uint32_t row)
{
	struct channel_message *m = &control->message;

#define ROW(WHAT, TYPE, kind, call)                          \
	case WHAT:                                           \
		m->type = TYPE;                              \
		m->size = sizeof(struct message_row_##kind); \
		return call(control, row, (void *)m->body)

	memset(m, 0, sizeof(*m));
	switch (what) {
		ROW(MESSAGE_SHOW_SERVICES, MESSAGE_ROW_SERVICE, service, row_service);
		ROW(MESSAGE_SHOW_POOLS, MESSAGE_ROW_POOL, pool, row_pool);
		ROW(MESSAGE_SHOW_BACKENDS, MESSAGE_ROW_BACKEND, backend, row_backend);
		ROW(MESSAGE_SHOW_DROPS, MESSAGE_ROW_DROP, drop, row_drop);
		ROW(MESSAGE_SHOW_WORKERS, MESSAGE_ROW_WORKER, worker, row_worker);
		ROW(MESSAGE_SHOW_PORTS, MESSAGE_ROW_PORT, port, row_port);
		ROW(MESSAGE_SHOW_VERSION, MESSAGE_ROW_DAEMON, daemon, row_daemon);
		ROW(MESSAGE_SHOW_HISTORY, MESSAGE_ROW_HISTORY, history, row_history);
		ROW(MESSAGE_SHOW_CAPTURE, MESSAGE_ROW_CAPTURE, capture, row_capture);
		ROW(MESSAGE_SHOW_ZONES, MESSAGE_ROW_ZONE, zone, control_zone_row);
	case MESSAGE_SHOW_CONFIG:
		break;
	}
#undef ROW
	return false;
}
