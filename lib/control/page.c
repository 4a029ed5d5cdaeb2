// SPDX-License-Identifier: BSD-3-Clause
#include <announce/announce.h>
#include <base/clock.h>
#include <capture/recording.h>
#include <control/exporter_private.h>
#include <halfopen/halfopen.h>
#include <http/web.h>

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

// A piece is written within STEP_NS, and ends where the next row might not fit any more.
#define STEP_NS     (250 * 1000)
#define ROW_MAX     ((HISTOGRAM_BOUNDS + 3) * EXPOSITION_LINE_MAX / 4)
#define ROWS_A_LOOK 8 // at the clock
_Static_assert(ROW_MAX + 2 * EXPOSITION_LINE_MAX < WEB_PIECE_SIZE, "a row fits into a piece");

// --- What a row is called ---

static void label_worker(struct page *page, uint32_t worker)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", worker);
	exposition_label(&page->text, "worker", text);
}

static void label_backend(struct page *page, uint32_t index)
{
	const struct configuration *running = page->control->running.now;
	const struct config_backend *backend = &running->config->backends[running->places[index]];

	exposition_label(&page->text, "pool", backend->pool);
	exposition_label(&page->text, "backend", backend->name);
}

static void label_service(struct page *page, uint32_t index)
{
	const struct configuration *running = page->control->running.now;

	exposition_label(&page->text, "service",
		running->config->services[running->service_places[index]].name);
}

static void label_zone(struct page *page, uint32_t row)
{
	uint32_t index = 0;
	const struct snapshot_zone *zone =
		snapshot_find_zone(page->control->config.publisher->current, row, &index);

	label_service(page, index);
	exposition_label(&page->text, "zone", zone->name);
}

static void label_vip(struct page *page, uint32_t row)
{
	char vip[ADDR_TEXT_SIZE];

	exposition_label(&page->text, "vip",
		addr_format(announce_address(page->control->announce, row), vip, sizeof(vip)));
}

void page_sample(struct page *page, uint32_t row, const char *suffix)
{
	const struct control *control = page->control;
	struct exposition *text = &page->text;

	exposition_sample(text, suffix);
	switch (metrics_families[page->family].scope) {
	case METRICS_OF_WORKERS:
		label_worker(page, row);
		break;
	case METRICS_OF_REASONS:
		exposition_label(text, "reason", drop_label((enum drop_reason)row));
		break;
	case METRICS_OF_PORTS:
		exposition_label(text, "port", control->config.ports[row].name);
		break;
	case METRICS_OF_VIPS:
		label_vip(page, row);
		break;
	case METRICS_OF_SERVICES:
		label_service(page, row);
		break;
	case METRICS_OF_ZONES:
		label_zone(page, row);
		break;
	case METRICS_OF_POOLS:
		exposition_label(text, "pool", control->running.now->config->pools[row].name);
		break;
	case METRICS_OF_BACKENDS:
		label_backend(page, row);
		break;
	default:
		break;
	}
}

void page_number(struct page *page, uint32_t row, uint64_t value)
{
	page_sample(page, row, "");
	exposition_number(&page->text, value);
}

void page_durations(struct page *page, uint32_t row, uint64_t sum_us, uint64_t count)
{
	page_sample(page, row, "_sum");
	exposition_micro(&page->text, sum_us);
	page_sample(page, row, "_count");
	exposition_number(&page->text, count);
}

void page_histogram(struct page *page, uint32_t row, const struct histogram *histogram)
{
	uint64_t count = 0;

	for (uint32_t i = 0; i <= HISTOGRAM_BOUNDS; i++) {
		count += histogram->counts[i];
		page_sample(page, row, "_bucket");
		exposition_label(&page->text, "le",
			i < HISTOGRAM_BOUNDS ? histogram_bounds_text[i] : "+Inf");
		exposition_number(&page->text, count);
	}
	page_durations(page, row, histogram->sum_us, count);
}

uint64_t page_number_at(const void *from, const struct page_family *family)
{
	return *(const uint64_t *)((const uint8_t *)from + family->offset);
}

// --- The page ---

// clang-format off
#define FROM(type, member) offsetof(struct type, member)
static const struct page_family families[METRICS_ID_COUNT] = {
	[METRICS_BUILD] = {page_build, 0},
	[METRICS_START_TIME] = {page_control, FROM(control, started_s)},
	[METRICS_CONFIG_VERSION] = {page_control, FROM(control, running.version)},
	[METRICS_CONFIG_APPLIED] = {page_applied, 0},
	[METRICS_CONFIG_DURATION] = {page_duration, 0},
	[METRICS_CONFIG_CONFIRM] = {page_confirm, 0},
	[METRICS_CONFIG_SAVED] = {page_saved, 0},
	[METRICS_STATE_LATE] = {page_state_late, 0},
	[METRICS_APPLIES] = {page_control, FROM(control, commits.applied)},
	[METRICS_APPLY_FAILURES] = {page_control, FROM(control, commits.failed)},
	[METRICS_EVENTS] = {page_events, 0},
	[METRICS_HASH_KEY] = {page_secret, 0},
	[METRICS_SNAPSHOTS_KEPT] = {page_kept},
	[METRICS_SNAPSHOTS] = {page_control, FROM(control, snapshots)},
	[METRICS_CHANNEL_VERSION] = {page_channel, 0},
	[METRICS_CHANNEL_REQUESTS] = {page_control, FROM(control, requests)},
	[METRICS_CONTROL_LAG] = {page_lag, 0},
	[METRICS_LOOP_STEPS] = {page_steps, 0},
	[METRICS_LOOP_LONGEST] = {page_longest, 0},
	[METRICS_LOOP_LONGEST_CPU] = {page_longest_cpu, 0},
	[METRICS_LOG_LOST] = {page_log_lost, 0},
	[METRICS_PROBES] = {page_probes, FROM(health_stats, probes)},
	[METRICS_PROBE_FAILURES] = {page_probes, FROM(health_stats, failures)},
	[METRICS_PROBE_LOCAL] = {page_probes, FROM(health_stats, local_failures)},
	[METRICS_PROBES_LATE] = {page_probes, FROM(health_stats, late)},
	[METRICS_PROBE_LATENESS] = {page_lateness, 0},
	[METRICS_CAPTURE_RUNNING] = {page_capture, 0},
	[METRICS_CAPTURE_MISSED] = {page_capture, FROM(recording_status, missed)},
	[METRICS_WORKER] = {page_worker_info, 0},
	[METRICS_WORKER_ROUNDS] = {page_rounds, FROM(metrics_worker, loops)},
	[METRICS_WORKER_BUSY] = {page_rounds, FROM(metrics_worker, loops_busy)},
	[METRICS_WORKER_RECEIVED] = {page_worker, FROM(message_row_worker, rx_packets)},
	[METRICS_WORKER_FROM_KERNEL] = {page_worker, FROM(message_row_worker, from_kernel)},
	[METRICS_WORKER_MADE] = {page_worker, FROM(message_row_worker, made)},
	[METRICS_WORKER_FORWARDED] = {page_worker, FROM(message_row_worker, forwarded)},
	[METRICS_WORKER_TO_KERNEL] = {page_worker, FROM(message_row_worker, punted)},
	[METRICS_WORKER_INJECTED] = {page_worker, FROM(message_row_worker, injected)},
	[METRICS_WORKER_ANSWERED] = {page_worker, FROM(message_row_worker, answered)},
	[METRICS_WORKER_PROBE_ANSWERS] = {page_worker, FROM(message_row_worker, probe_answers)},
	[METRICS_WORKER_DROPPED] = {page_worker, FROM(message_row_worker, dropped)},
	[METRICS_WORKER_HELD] = {page_worker, FROM(message_row_worker, queued)},
	[METRICS_WORKER_STUCK] = {page_stuck},
	[METRICS_FLOW_HITS] = {page_worker, FROM(message_row_worker, flow_hits)},
	[METRICS_FLOW_MISSES] = {page_worker, FROM(message_row_worker, flow_misses)},
	[METRICS_FLOW_EVICTIONS] = {page_worker, FROM(message_row_worker, flow_evictions)},
	[METRICS_FLOW_SKIPPED] = {page_worker, FROM(message_row_worker, flow_skipped)},
	[METRICS_FLOW_PREVIOUS] = {page_worker, FROM(message_row_worker, previous_table)},
	[METRICS_FLOW_RESETS] = {page_worker, FROM(message_row_worker, resets)},
	[METRICS_FLOW_REJECTS] = {page_worker, FROM(message_row_worker, rejects)},
	[METRICS_FLOWS] = {page_worker, FROM(message_row_worker, flows)},
	[METRICS_FLOW_CAPACITY] = {page_worker, FROM(message_row_worker, flow_capacity)},
	[METRICS_DROPPED] = {page_dropped, 0},
	[METRICS_PORT] = {page_port_info, 0},
	[METRICS_PORT_UP] = {page_link, 0},
	[METRICS_PORT_SPEED] = {page_speed, 0},
	[METRICS_PORT_MTU] = {page_mtu, 0},
	[METRICS_PORT_RX_PACKETS] = {page_port, FROM(message_row_port, rx_packets)},
	[METRICS_PORT_RX_BYTES] = {page_port, FROM(message_row_port, rx_bytes)},
	[METRICS_PORT_TX_PACKETS] = {page_port, FROM(message_row_port, tx_packets)},
	[METRICS_PORT_TX_BYTES] = {page_port, FROM(message_row_port, tx_bytes)},
	[METRICS_PORT_MISSED] = {page_port, FROM(message_row_port, rx_missed)},
	[METRICS_PORT_CHECKSUM_PARTIAL] = {page_port, FROM(message_row_port, rx_checksum_partial)},
	[METRICS_VIP_ANNOUNCED] = {page_vip_announced, 0},
	[METRICS_VIP_FAILED] = {page_vip_failed, 0},
	[METRICS_VIP_OWN] = {page_vip_own, 0},
	[METRICS_VIP_SINCE] = {page_vip_since, 0},
	[METRICS_SERVICE] = {page_service_info, 0},
	[METRICS_SERVICE_BACKENDS] = {page_service_backends, 0},
	[METRICS_SERVICE_USABLE] = {page_service_usable, 0},
	[METRICS_SERVICE_PACKETS] = {page_service_traffic, FROM(metrics_traffic, packets)},
	[METRICS_SERVICE_BYTES] = {page_service_traffic, FROM(metrics_traffic, bytes)},
	[METRICS_SERVICE_FLOWS] = {page_service_traffic, FROM(metrics_traffic, new_flows)},
	[METRICS_SERVICE_SPREAD] = {page_service_spread, 0},
	[METRICS_SERVICE_SPILLED] = {page_service_spilled, 0},
	[METRICS_ZONE_RANK] = {page_zone_rank, 0},
	[METRICS_ZONE_BACKENDS] = {page_zone_count, FROM(snapshot_zone, backends)},
	[METRICS_ZONE_USABLE] = {page_zone_count, FROM(snapshot_zone, usable)},
	[METRICS_ZONE_WEIGHT] = {page_zone_weight, FROM(snapshot_zone, weight)},
	[METRICS_ZONE_ABLE] = {page_zone_weight, FROM(snapshot_zone, able)},
	[METRICS_ZONE_SHARE] = {page_zone_share, 0},
	[METRICS_POOL_BACKENDS] = {page_pool_backends, 0},
	[METRICS_POOL_USABLE] = {page_pool_usable, 0},
	[METRICS_POOL_KEPT] = {page_pool_kept, 0},
	[METRICS_POOL_SLOTS] = {page_pool_slots, 0},
	[METRICS_POOL_TABLES] = {page_pool_tables, 0},
	[METRICS_POOL_PROBES] = {page_pool_probes, 0},
	[METRICS_BACKEND] = {page_backend_info, 0},
	[METRICS_BACKEND_HEALTH] = {page_backend_health, 0},
	[METRICS_BACKEND_KEPT] = {page_backend_kept, 0},
	[METRICS_BACKEND_PORT] = {page_backend_ports, 0},
	[METRICS_BACKEND_USABLE] = {page_backend_usable, 0},
	[METRICS_BACKEND_SINCE] = {page_backend_since, 0},
	[METRICS_BACKEND_CHANGES] = {page_backend_changes, 0},
	[METRICS_BACKEND_DOWNS] = {page_backend_downs, 0},
	[METRICS_BACKEND_WEIGHT] = {page_backend_weight, 0},
	[METRICS_BACKEND_SHARE] = {page_backend_share, 0},
	[METRICS_BACKEND_FLOWS] = {page_backend_flows, 0},
	[METRICS_BACKEND_OLDEST] = {page_backend_oldest, 0},
	[METRICS_BACKEND_PACKETS] = {page_backend_traffic, FROM(metrics_traffic, packets)},
	[METRICS_BACKEND_BYTES] = {page_backend_traffic, FROM(metrics_traffic, bytes)},
	[METRICS_BACKEND_NEW_FLOWS] = {page_backend_traffic, FROM(metrics_traffic, new_flows)},
	[METRICS_BACKEND_REPEATS] = {page_backend_repeats, 0},
	[METRICS_BACKEND_RESETS] = {page_backend_resets, 0},
	[METRICS_BACKEND_PROBES] = {page_backend_probes, 0},
	[METRICS_BACKEND_FAILURES] = {page_backend_failures, 0},
	[METRICS_PATH_UP] = {page_path_up, 0},
	[METRICS_PATH_DURATION] = {page_path_duration, 0},
	[METRICS_PATH_FAILURES] = {page_path_failures, 0},
	[METRICS_PATH_MSS] = {page_path_mss, FROM(halfopen_view, mss)},
	[METRICS_PATH_MSS_MOST] = {page_path_mss, FROM(halfopen_view, mss_most)},
	[METRICS_BACKEND_CERTIFICATE] = {page_backend_certificate, 0},
	[METRICS_BACKEND_PATH_MTU] = {page_backend_path_mtu, 0},
	[METRICS_BACKEND_PATH_ERRORS] = {page_backend_path_errors, 0},
	[METRICS_BACKEND_DRAIN] = {page_backend_drain, 0},
};
// clang-format on

// Rows of the families of a scope, as many as there are now.
static uint32_t row_count(const struct page *page, enum metrics_scope scope)
{
	const struct control *control = page->control;

	switch (scope) {
	case METRICS_OF_WORKERS:
		return control->config.worker_count;
	case METRICS_OF_REASONS:
		return DROP_REASON_COUNT;
	case METRICS_OF_PORTS:
		return control->config.port_count;
	case METRICS_OF_VIPS:
		return announce_count(control->announce);
	case METRICS_OF_SERVICES:
		return control->running.now->service_end;
	case METRICS_OF_ZONES:
		return snapshot_zone_rows(control->config.publisher->current);
	case METRICS_OF_POOLS:
		return control->running.now->written->pool_count;
	case METRICS_OF_BACKENDS:
		return control->running.now->capacity;
	default:
		return 1;
	}
}

static void begin_family(struct page *page)
{
	exposition_begin(&page->text, (enum metrics_id)page->family);
	page->is_begun = true;
	page->row = 0;
	page->pools_version = page->control->running.version;
}

// Pools, VIPs and zones have no index: once they may stand elsewhere, what is left of the family is left out.
static bool is_over(const struct page *page)
{
	enum metrics_scope scope = metrics_families[page->family].scope;

	return page->row >= row_count(page, scope) ||
	       ((scope == METRICS_OF_POOLS || scope == METRICS_OF_VIPS ||
			scope == METRICS_OF_ZONES) &&
		       page->pools_version != page->control->running.version);
}

static void step(struct page *page)
{
	if (!page->is_begun)
		begin_family(page);
	for (uint32_t i = 0;
		i < ROWS_A_LOOK && !is_over(page) && page->text.size + ROW_MAX < page->text.room;
		i++) {
		families[page->family].write(page, &families[page->family], page->row);
		page->row++;
	}
	if (is_over(page)) {
		page->family++;
		page->is_begun = false;
	}
}

bool page_fill(void *context, char *out, size_t *size)
{
	uint64_t until_ns = clock_monotonic_ns() + STEP_NS;
	struct page *page = context;
	struct exposition *text = &page->text;

	text->text = out;
	text->size = 0;
	text->room = WEB_PIECE_SIZE;
	if (page->family == 0 && !page->is_begun && !stats_cache_run(page->cache, until_ns))
		return true;
	while (page->family < METRICS_ID_COUNT &&
		text->size + ROW_MAX + 2 * EXPOSITION_LINE_MAX < text->room &&
		clock_monotonic_ns() < until_ns)
		step(page);
	if (page->family == METRICS_ID_COUNT)
		exposition_end(text);
	*size = text->size;
	return page->family < METRICS_ID_COUNT;
}

struct page *page_new(const struct control *control, struct stats_cache *cache,
	const struct histogram *lag, enum exposition_format format)
{
	struct page *page = calloc(1, sizeof(*page));

	if (page == NULL)
		return NULL;
	page->control = control;
	page->cache = cache;
	page->lag = lag;
	page->text.format = format;
	return page;
}

void page_free(void *page)
{
	free(page);
}
