// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONTROL_EXPORTER_PRIVATE_H
#define CONTROL_EXPORTER_PRIVATE_H

#include <control/control_private.h>
#include <control/exporter.h>
#include <control/reply_private.h>
#include <control/rows.h>
#include <metrics/exposition.h>
#include <stats/cache.h>

// --- page.c: the text, family by family and row by row ---

// A page while it is sent. What changes meanwhile may be in some families and not in others; no row comes twice.
struct page {
	const struct control *control;
	struct stats_cache *cache;
	const struct histogram *lag;
	struct exposition text;
	uint32_t family; // that is written
	uint32_t row; // its next one
	bool is_begun; // the family's first lines are written
	uint64_t pools_version; // of the configuration that 'row' of a pool or a VIP counts in
};

// NULL without memory.
struct page *page_new(const struct control *control, struct stats_cache *cache,
	const struct histogram *lag, enum exposition_format format);
void page_free(void *page);
// A web_fill_fn.
bool page_fill(void *page, char *out, size_t *size);

// Writes the samples of one row of one family, or none.
struct page_family;
typedef void page_row_fn(struct page *page, const struct page_family *family, uint32_t row);

struct page_family {
	page_row_fn *write;
	uint16_t offset; // of what it writes, in the struct that it writes from
};

// A sample's name and the labels of a row.
void page_sample(struct page *page, uint32_t row, const char *suffix);
// A sample of 'row' without labels of its own.
void page_number(struct page *page, uint32_t row, uint64_t value);
void page_durations(struct page *page, uint32_t row, uint64_t sum_us,
	uint64_t count); // their sum, and how many
// The uint64_t of 'from' that the family is about.
uint64_t page_number_at(const void *from, const struct page_family *family);
void page_histogram(struct page *page, uint32_t row, const struct histogram *histogram);

// --- page_daemon.c: the daemon, workers, reasons and ports, by their number ---

page_row_fn page_build, page_control, page_applied, page_events, page_confirm, page_duration,
	page_saved, page_state_late, page_secret, page_channel, page_lag, page_steps, page_longest,
	page_longest_cpu, page_log_lost, page_probes, page_lateness, page_capture, page_worker,
	page_rounds, page_stuck, page_kept, page_worker_info, page_dropped, page_port_info,
	page_port, page_link, page_speed, page_mtu;

// --- page_services.c: a service by its index, which stays its own; a pool and a VIP by where they stand ---

page_row_fn page_vip_announced, page_vip_failed, page_vip_own, page_vip_since, page_service_info,
	page_service_backends, page_service_usable, page_service_traffic, page_pool_backends,
	page_pool_usable, page_pool_kept, page_pool_slots, page_pool_tables, page_pool_probes,
	page_service_spread;

// --- page_zones.c: 'row' counts the zones of all services ---

page_row_fn page_zone_rank, page_zone_count, page_zone_weight, page_zone_share;
page_row_fn page_service_spilled; // of a service by its index

// --- page_paths.c: of a backend by its index: its ports, and what its probes through the path say ---

page_row_fn page_backend_kept, page_backend_ports, page_path_up, page_path_duration,
	page_path_failures, page_path_mss;

// --- page_backends.c: 'row' is the backend's index, which stays its own ---

page_row_fn page_backend_info, page_backend_health, page_backend_usable, page_backend_since,
	page_backend_changes, page_backend_downs, page_backend_weight, page_backend_share,
	page_backend_flows, page_backend_oldest, page_backend_traffic, page_backend_repeats,
	page_backend_resets, page_backend_probes, page_backend_failures, page_backend_certificate,
	page_backend_drain, page_backend_path_mtu, page_backend_path_errors;

#endif
