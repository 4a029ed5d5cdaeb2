// SPDX-License-Identifier: BSD-3-Clause
#include <config/endpoint.h>
#include <control/health_private.h>
#include <control/reply_private.h>
#include <control/rows.h>
#include <running/fail_open.h>

#include <string.h>

// Services and pools, and what all rows share.

static void subtract(struct metrics_traffic *traffic, const struct metrics_traffic *baseline)
{
	traffic->packets -= baseline->packets;
	traffic->bytes -= baseline->bytes;
	traffic->new_flows -= baseline->new_flows;
	traffic->syn_repeats -= baseline->syn_repeats;
	traffic->syn_resets -= baseline->syn_resets;
}

void rows_backend_traffic(
	const struct control *control, uint32_t index, struct metrics_traffic *out)
{
	metrics_backend(control->config.metrics, control->config.worker_count, index, out);
	subtract(out, &control->running.backend_baselines[index]);
}

void rows_service_traffic(
	const struct control *control, uint32_t index, struct metrics_traffic *out)
{
	metrics_service(control->config.metrics, control->config.worker_count, index, out);
	subtract(out, &control->running.service_baselines[index]);
}

// Whether a service that goes by that probe gives it new flows.
static bool is_usable(const struct control *control, uint32_t at, uint32_t probe)
{
	const struct running_backend *state =
		&control->running.states[configuration_index(control->running.now, at)];
	const struct config_backend *backend = &control->running.now->config->backends[at];

	return snapshot_is_usable(
		running_backend_status(backend, state, probe), state->resolved, backend);
}

// For some service of its pool at least.
bool rows_is_usable(const struct control *control, uint32_t at)
{
	const struct configuration_probes *probes = configuration_probes(control->running.now, at);
	bool is_one = probes == NULL && is_usable(control, at, 0);

	for (uint32_t p = 0; probes != NULL && p < CONFIG_PROBES_MAX && !is_one; p++)
		is_one = probes->service[p] != CONFIGURATION_NONE && is_usable(control, at, p);
	return is_one;
}

bool rows_is_usable_for(const struct control *control, uint32_t at, uint32_t service)
{
	return is_usable(control, at, control->running.now->service_probes[service]);
}

uint32_t rows_pool_backends(const struct control *control, uint32_t pool)
{
	const struct config *written = control->running.now->written;

	return pool < written->pool_count ? written->pools[pool].backend_count : 0;
}

const struct snapshot_account *rows_account(const struct control *control, uint32_t service)
{
	return snapshot_service_account(
		control->config.publisher->current, control->running.now->services[service]);
}

static bool row_service(
	const struct control *control, uint32_t row, struct message_row_service *out)
{
	const struct config *config = control->running.now->config;
	const struct config_service *service;
	struct metrics_traffic traffic;

	if (row >= config->service_count)
		return false;
	service = &config->services[row];
	rows_service_traffic(control, control->running.now->services[row], &traffic);
	memcpy(out->name, service->name, sizeof(out->name));
	memcpy(out->pool, service->pool, sizeof(out->pool));
	out->vip = service->vip;
	out->port_first = service->ports[0][0];
	out->port_last = service->ports[0][1];
	config_ports_format(service, out->ports);
	config_protocols_format(service, out->protocols);
	out->target_port = service->target_port;
	out->forwarding = service->forwarding;
	out->backends = rows_pool_backends(control, service->pool_index);
	out->backends_usable = rows_account(control, row)->usable;
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
	out->backends = rows_pool_backends(control, row);
	out->backends_usable = built != NULL ? built->usable : 0;
	out->backends_kept = fail_open_kept(&control->running, pool);
	out->max_down_percent = pool->max_down_percent;
	out->table_size = pool->table_size;
	out->table_generation = built != NULL ? built->tables_built : 0;
	for (uint32_t i = 0; i < pool->backend_count; i++) {
		rows_backend_traffic(control,
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
