// SPDX-License-Identifier: BSD-3-Clause
#ifndef STATS_STATS_H
#define STATS_STATS_H

#include <metrics/metrics.h>
#include <running/running.h>
#include <snapshot/publish.h>
#include <stats/flow_counts.h>

// What a service, a pool, a backend and a port count, and who takes new flows. The channel's rows,
// the page of metrics and the announcement of VIPs read the same functions, so that they tell the
// same. All of them run on the control lcore, which owns the struct; workers go on counting
// meanwhile. Bytes are those of IP packets as clients sent them.
//
// A service and a backend are named by their index or by where they stand in the configuration in
// force ('at'); each function says which.

// All of it is borrowed, and outlives the struct.
struct stats_source {
	const struct running *running;
	const struct publisher *publisher;
	struct metrics_worker *const *metrics; // one a worker
	struct flow_table *const *tables; // one a worker
	uint32_t worker_count;
};

struct stats {
	struct stats_source from;
	struct flow_counts flow_counts; // of all flows, for everybody who is told of them
};

// With room for 'backends_max' indexes. 0 or -ENOMEM; then it is for stats_free() as well.
int stats_init(struct stats *stats, const struct stats_source *from, uint32_t backends_max);
void stats_free(struct stats *stats); // a zeroed one is fine

// Goes on with the count of flows that somebody asked 'flow_counts' for: about a tenth of a
// millisecond.
void stats_count_flows(struct stats *stats);

// --- What was counted, by the index, since its present owner has it ---

void stats_backend_traffic(const struct stats *stats, uint32_t index, struct metrics_traffic *out);
void stats_service_traffic(const struct stats *stats, uint32_t index, struct metrics_traffic *out);

// --- Who takes new flows: active, up, and with a next hop; by where they stand ---

bool stats_is_usable(const struct stats *stats, uint32_t at); // for some service at least
bool stats_is_usable_for(const struct stats *stats, uint32_t at, uint32_t service_at);
// The backends of a pool, without those that are removed and draining.
uint32_t stats_pool_backends(const struct stats *stats, uint32_t pool_at);
// What the workers' tables have for a service.
const struct snapshot_account *stats_service_account(
	const struct stats *stats, uint32_t service_at);

// How many services share a view, and its table's slots; one that none uses counts once.
static inline uint32_t stats_view_services(const struct snapshot_view *view)
{
	return view->service_count > 0 ? view->service_count : 1;
}

// Adds the slots of a view's table to those of its members, as often as services share it.
void stats_add_shares(const struct snapshot_view *view, uint64_t *shares);

// --- Ports, by their number ---

struct stats_port {
	uint64_t rx_packets;
	uint64_t rx_bytes;
	uint64_t tx_packets;
	uint64_t tx_bytes;
	uint64_t rx_missed;
	uint64_t rx_checksum_partial;
	uint32_t link_mbps; // 0: nobody knows
};

// As the driver and the workers have counted.
void stats_port(const struct stats *stats, const struct running_port *ports, uint32_t port,
	struct stats_port *out);

#endif
