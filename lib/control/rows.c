// SPDX-License-Identifier: BSD-3-Clause
#include <config/endpoint.h>
#include <control/health_private.h>
#include <control/reply_private.h>
#include <control/rows.h>
#include <running/fail_open.h>

#include <string.h>

// Services and pools, and which row answers what.

static bool row_service(
	const struct control *control, uint32_t row, struct message_row_service *out)
{
	const struct config *config = control->running.now->config;
	const struct config_service *service;
	struct metrics_traffic traffic;

	if (row >= config->service_count)
		return false;
	service = &config->services[row];
	stats_service_traffic(&control->stats, control->running.now->services[row], &traffic);
	memcpy(out->name, service->name, sizeof(out->name));
	memcpy(out->pool, service->pool, sizeof(out->pool));
	out->vip = service->vip;
	out->port_first = service->ports[0][0];
	out->port_last = service->ports[0][1];
	config_ports_format(service, out->ports);
	config_protocols_format(service, out->protocols);
	out->target_port = service->target_port;
	out->forwarding = service->forwarding;
	out->backends = stats_pool_backends(&control->stats, service->pool_index);
	out->backends_usable = stats_service_account(&control->stats, row)->usable;
	out->packets = traffic.packets;
	out->bytes = traffic.bytes;
	out->new_flows = traffic.new_flows;
	return true;
}

static bool row_pool(const struct control *control, uint32_t row, struct message_row_pool *out)
{
	const struct snapshot *snapshot = control->config.publisher->current;
	const struct config *config = control->running.now->config;
	const struct snapshot_pool *built;
	const struct config_pool *pool;
	struct metrics_traffic traffic;

	if (row >= control->running.now->written->pool_count) // those that leave stand behind
		return false;
	pool = &config->pools[row];
	built = snapshot_find_pool_from(snapshot, pool->name, row);
	memcpy(out->name, pool->name, sizeof(out->name));
	out->backends = stats_pool_backends(&control->stats, row);
	out->backends_usable = built != NULL ? built->usable : 0;
	out->backends_kept = fail_open_kept(&control->running, pool);
	out->max_down_percent = pool->max_down_percent;
	out->table_size = pool->table_size;
	out->table_generation = built != NULL ? built->tables_built : 0;
	for (uint32_t i = 0; i < pool->backend_count; i++) {
		stats_backend_traffic(&control->stats,
			configuration_index(control->running.now, pool->first_backend + i),
			&traffic);
		out->packets += traffic.packets;
		out->bytes += traffic.bytes;
	}
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
		ROW(MESSAGE_SHOW_VIPS, MESSAGE_ROW_VIP, vip, row_vip);
		ROW(MESSAGE_SHOW_CAPTURE, MESSAGE_ROW_CAPTURE, capture, row_capture);
		ROW(MESSAGE_SHOW_ZONES, MESSAGE_ROW_ZONE, zone, control_zone_row);
		ROW(MESSAGE_SHOW_MEMORY, MESSAGE_ROW_MEMORY, memory, row_memory);
	case MESSAGE_SHOW_CONFIG:
	case MESSAGE_SHOW_SECRETS:
	case MESSAGE_SHOW_DIGEST:
		break;
	}
#undef ROW
	return false;
}
