// SPDX-License-Identifier: BSD-3-Clause
#ifndef EXPORTER_EXPOSE_PRIVATE_H
#define EXPORTER_EXPOSE_PRIVATE_H

#include <exporter/sample_private.h>

// The functions that write a family's rows, which families.c has in its table. 'row' is the
// object's number or index.

// --- expose_daemon.c ---

scrape_row_fn expose_build, expose_count, expose_count_unless_zero, expose_count_of_microseconds,
	expose_version, expose_applied, expose_events, expose_saved, expose_secret, expose_channel,
	expose_lag, expose_steps, expose_longest, expose_longest_cpu, expose_log_lost,
	expose_probes, expose_lateness, expose_capture, expose_kept;

// --- expose_workers.c: workers, reasons and ports, by their number ---

scrape_row_fn expose_worker, expose_worker_dropped, expose_worker_flows, expose_worker_capacity,
	expose_stuck, expose_worker_info, expose_dropped, expose_port_info, expose_port,
	expose_link, expose_speed, expose_mtu;

// --- expose_vips.c: by where the VIP stands ---

scrape_row_fn expose_vip_announced, expose_vip_failed, expose_vip_own, expose_vip_since;

// --- expose_services.c: a service by its index, which stays its own; a pool by where it stands ---

scrape_row_fn expose_service_info, expose_service_backends, expose_service_usable,
	expose_service_traffic, expose_service_spread;
scrape_row_fn expose_pool_backends, expose_pool_usable, expose_pool_kept, expose_pool_slots,
	expose_pool_tables, expose_pool_probes;

// --- expose_zones.c: 'row' counts the zones of all services ---

scrape_row_fn expose_zone_rank, expose_zone_count, expose_zone_weight, expose_zone_share;
scrape_row_fn expose_service_spilled; // of a service by its index

// --- expose_paths.c: of a backend by its index: its ports, and what its path's probes say ---

scrape_row_fn expose_backend_kept, expose_backend_ports, expose_path_up, expose_path_duration,
	expose_path_failures, expose_path_mss;

// --- expose_backends.c: 'row' is the backend's index, which stays its own ---

scrape_row_fn expose_backend_info, expose_backend_health, expose_backend_usable,
	expose_backend_since, expose_backend_changes, expose_backend_downs, expose_backend_weight,
	expose_backend_share, expose_backend_flows, expose_backend_oldest, expose_backend_traffic,
	expose_backend_repeats, expose_backend_resets, expose_backend_probes,
	expose_backend_failures, expose_backend_certificate, expose_backend_drain,
	expose_backend_path_mtu, expose_backend_path_errors;

#endif
