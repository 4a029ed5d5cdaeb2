// SPDX-License-Identifier: BSD-3-Clause
#ifndef METRICS_FAMILY_H
#define METRICS_FAMILY_H

#include <packet/counter.h>

// The registry: every family of metrics that the daemon's page has, once. The list feeds the page,
// its reference (docs/reference/metrics.md) and the tests. Constant data, any thread.

enum metrics_type {
	METRICS_COUNTER, // its samples end in _total
	METRICS_GAUGE,
	METRICS_INFO, // its samples end in _info and are 1: what they say stands in the labels
	METRICS_HISTOGRAM, // of seconds, see metrics/histogram.h
	METRICS_SUMMARY, // of seconds: _sum and _count alone
};

// What a family has samples of. Each has the labels of its scope, and those of its own after them.
enum metrics_scope {
	METRICS_OF_DAEMON,
	METRICS_OF_WORKERS,
	METRICS_OF_REASONS,
	METRICS_OF_PORTS,
	METRICS_OF_VIPS,
	METRICS_OF_SERVICES,
	METRICS_OF_ZONES,
	METRICS_OF_POOLS,
	METRICS_OF_BACKENDS,
	METRICS_SCOPES
};

// What the daemon counts of itself: ROW(X, identifier, member of struct metrics_daemon, how it is
// shown, type, name, unit, sentence). A row is all that a number needs: the member, the family on
// the page and its reference are made from it. It is shown as a NUMBER; UNLESS_ZERO, where 0 means
// that there is none; or as MICROSECONDS, which the page has in seconds.
// clang-format off
#define METRICS_DAEMON_COUNTS(ROW, X) \
	ROW(X, START_TIME, started_s, NUMBER, GAUGE, "fulcrum_start_time_seconds", "seconds", "When the daemon started, in seconds since 1970") \
	ROW(X, CONFIG_DURATION, apply_us, MICROSECONDS, GAUGE, "fulcrum_config_apply_duration_seconds", "seconds", "How long the last apply took, from its commit until every worker went by it") \
	ROW(X, CONFIG_CONFIRM, confirm_left_s, UNLESS_ZERO, GAUGE, "fulcrum_config_confirm_left_seconds", "seconds", "When the running configuration is taken back unless somebody confirms it; absent where nothing waits for that") \
	ROW(X, STATE_LATE, state_late_s, NUMBER, GAUGE, "fulcrum_state_late_seconds", "seconds", "For how long the oldest change that waits to be written to the state folder has waited; 0 where none does, and for the first three seconds") \
	ROW(X, APPLIES, applies, NUMBER, COUNTER, "fulcrum_config_applies", "", "Changes of the configuration that came into force, by apply, rollback or backend") \
	ROW(X, APPLY_FAILURES, apply_failures, NUMBER, COUNTER, "fulcrum_config_apply_failures", "", "Changes of the configuration that the daemon refused") \
	ROW(X, SNAPSHOTS, snapshots, NUMBER, COUNTER, "fulcrum_snapshots", "", "Sets of tables that were published to the workers, after applies and changes of health") \
	ROW(X, CHANNEL_REQUESTS, requests, NUMBER, COUNTER, "fulcrum_channel_requests", "", "Requests that came over the channel")

#define METRICS_FAMILY_OF_COUNT(X, identifier, member, shown, type, name, unit, help) \
	X(identifier, DAEMON, type, name, unit, "", help)
// clang-format on

// X(identifier, scope, type, name, unit, its own labels, sentence). A name ends with its unit
// where it has one.
// clang-format off
// By the X of whoever lists the families.
#define METRICS_FAMILY_OF_COUNTER(member, identifier, type, name, unit, help, ...) \
	X(identifier, WORKERS, type, name, unit, "", help)
#define METRICS_FAMILIES(X) \
	X(BUILD, DAEMON, INFO, "fulcrum_build", "", "version,dpdk", "What runs") \
	METRICS_DAEMON_COUNTS(METRICS_FAMILY_OF_COUNT, X) \
	X(CONFIG_VERSION, DAEMON, GAUGE, "fulcrum_config_version", "", "", "Version of the running configuration; 0 before the first apply") \
	X(CONFIG_APPLIED, DAEMON, GAUGE, "fulcrum_config_applied_timestamp_seconds", "seconds", "", "When the running configuration was applied, in seconds since 1970; absent before the first apply") \
	X(CONFIG_SAVED, DAEMON, GAUGE, "fulcrum_config_saved", "", "", "1 where a restart would find the running configuration in the state folder") \
	X(EVENTS, DAEMON, COUNTER, "fulcrum_events", "", "kind", "What happened: changes of health, announcement and links, applies and drains; fulcrumctl events lists them") \
	X(HASH_KEY, DAEMON, GAUGE, "fulcrum_hash_key_secret", "", "", "1 where the pool file has a hash_key of its own, 0 with the built-in one, which is no secret") \
	X(SNAPSHOTS_KEPT, DAEMON, GAUGE, "fulcrum_snapshots_kept", "", "", "Snapshots in memory: the latest, and for a worker that stands still two more at most") \
	X(CHANNEL_VERSION, DAEMON, GAUGE, "fulcrum_channel_version", "", "", "Version of the shared-memory channel that fulcrumctl must speak") \
	X(CONTROL_LAG, DAEMON, HISTOGRAM, "fulcrum_control_loop_lag_seconds", "seconds", "", "How late a timer of the control thread was, ten times a second; its clock ticks in milliseconds") \
	X(LOOP_STEPS, DAEMON, HISTOGRAM, "fulcrum_loop_step_seconds", "seconds", "", "How long the callbacks of the control thread took, during which it does nothing else") \
	X(LOOP_LONGEST, DAEMON, GAUGE, "fulcrum_loop_step_longest_seconds", "seconds", "step", "The longest callback of each kind so far, by the clock") \
	X(LOOP_LONGEST_CPU, DAEMON, GAUGE, "fulcrum_loop_step_longest_cpu_seconds", "seconds", "step", "The most of the processor's time that a callback of each kind took so far: without what other programs took of the core, and without what it waited for") \
	X(LOG_LOST, DAEMON, COUNTER, "fulcrum_log_lost_lines", "", "", "Lines of the log that were lost because whoever reads it did not take them in time") \
	X(PROBES, DAEMON, COUNTER, "fulcrum_probes", "", "", "Probes that were started") \
	X(PROBE_FAILURES, DAEMON, COUNTER, "fulcrum_probe_failures", "", "", "Probes that failed by their backend's fault") \
	X(PROBE_LOCAL, DAEMON, COUNTER, "fulcrum_probe_local_failures", "", "", "Probes that could not be made for want of a descriptor, port, memory or route on this machine, or judged while a worker stood still") \
	X(PROBES_LATE, DAEMON, COUNTER, "fulcrum_probes_late", "", "", "Probes that started more than 10 ms after they were due") \
	X(PROBE_LATENESS, DAEMON, HISTOGRAM, "fulcrum_probe_lateness_seconds", "seconds", "", "How long after they were due probes started") \
	X(CAPTURE_RUNNING, DAEMON, GAUGE, "fulcrum_capture_running", "", "", "1 while packets are captured into a file") \
	X(CAPTURE_MISSED, DAEMON, GAUGE, "fulcrum_capture_missed_packets", "packets", "", "Packets that the present capture, or else the last, missed because they came too fast") \
	X(WORKER, WORKERS, INFO, "fulcrum_worker", "", "core", "Which core a worker has") \
	X(WORKER_ROUNDS, WORKERS, COUNTER, "fulcrum_worker_rounds", "", "", "Rounds of the worker's loop") \
	X(WORKER_BUSY, WORKERS, COUNTER, "fulcrum_worker_busy_rounds", "", "", "Those of its rounds in which it had packets; over all rounds, this is its busy share") \
	X(WORKER_STUCK, WORKERS, GAUGE, "fulcrum_worker_stuck_seconds", "seconds", "", "For how long the worker has stood still; 0 while it runs") \
	PACKET_COUNTERS(METRICS_FAMILY_OF_COUNTER) \
	X(WORKER_DROPPED, WORKERS, COUNTER, "fulcrum_worker_dropped_packets", "packets", "", "Packets that were dropped, for whatever reason") \
	X(FLOWS, WORKERS, GAUGE, "fulcrum_flows", "", "", "Flows in the worker's table, as counted no more than five seconds ago") \
	X(FLOW_CAPACITY, WORKERS, GAUGE, "fulcrum_flow_capacity", "", "", "Flows that there is room for in it") \
	X(DROPPED, REASONS, COUNTER, "fulcrum_dropped_packets", "packets", "", "Dropped packets of all workers; docs/reference/drops.md explains each reason") \
	X(PORT, PORTS, INFO, "fulcrum_port", "", "device,kernel_interface,mac", "What a port is") \
	X(PORT_UP, PORTS, GAUGE, "fulcrum_port_up", "", "", "1 while the port has a link") \
	X(PORT_SPEED, PORTS, GAUGE, "fulcrum_port_speed_bytes", "bytes", "", "What its link carries in a second; absent where the driver does not know") \
	X(PORT_MTU, PORTS, GAUGE, "fulcrum_port_mtu_bytes", "bytes", "", "Its largest IP packet") \
	X(PORT_RX_PACKETS, PORTS, COUNTER, "fulcrum_port_receive_packets", "packets", "", "Packets that it received") \
	X(PORT_RX_BYTES, PORTS, COUNTER, "fulcrum_port_receive_bytes", "bytes", "", "Bytes that it received") \
	X(PORT_TX_PACKETS, PORTS, COUNTER, "fulcrum_port_transmit_packets", "packets", "", "Packets that it sent") \
	X(PORT_TX_BYTES, PORTS, COUNTER, "fulcrum_port_transmit_bytes", "bytes", "", "Bytes that it sent") \
	X(PORT_MISSED, PORTS, COUNTER, "fulcrum_port_missed_packets", "packets", "", "Packets that were lost because no worker took them in time") \
	X(PORT_CHECKSUM_PARTIAL, PORTS, COUNTER, "fulcrum_port_rx_checksum_partial_packets", "packets", "", "Packets that came with a partial checksum, as guests of one host hand them over, and were given a whole one") \
	X(VIP_ANNOUNCED, VIPS, GAUGE, "fulcrum_vip_announced", "", "mode", "1 while the VIP is announced, 0 while it is suppressed or waits for its hold; absent with announce: none") \
	X(VIP_FAILED, VIPS, GAUGE, "fulcrum_vip_failed", "", "", "1 while the VIP is to be announced and the kernel does not take it; absent with announce: none") \
	X(VIP_OWN, VIPS, GAUGE, "fulcrum_vip_own_address", "", "", "1 while the VIP is an address of the balancer's own as well, which nothing reaches there") \
	X(VIP_SINCE, VIPS, GAUGE, "fulcrum_vip_since_timestamp_seconds", "seconds", "", "Since when that is so, in seconds since 1970") \
	X(SERVICE, SERVICES, INFO, "fulcrum_service", "", "pool,vip,protocol,port,forwarding", "What a service is") \
	X(SERVICE_BACKENDS, SERVICES, GAUGE, "fulcrum_service_backends", "", "", "Backends of its pool, without those that are leaving it") \
	X(SERVICE_USABLE, SERVICES, GAUGE, "fulcrum_service_usable_backends", "", "", "Those of them that take new flows: active, up, and their next hop known") \
	X(SERVICE_PACKETS, SERVICES, COUNTER, "fulcrum_service_packets", "packets", "", "Packets of clients that went to its backends") \
	X(SERVICE_BYTES, SERVICES, COUNTER, "fulcrum_service_bytes", "bytes", "", "Their bytes, as the clients sent them") \
	X(SERVICE_FLOWS, SERVICES, COUNTER, "fulcrum_service_new_flows", "", "", "New flows") \
	X(SERVICE_SPREAD, SERVICES, GAUGE, "fulcrum_service_spread", "", "", "1 while nobody of its pool is usable and on_all_down spreads its flows over all") \
	X(SERVICE_SPILLED, SERVICES, GAUGE, "fulcrum_service_spilled_ratio", "ratio", "", "What other zones than the first that it prefers get of its new flows; absent without prefer") \
	X(ZONE_RANK, ZONES, GAUGE, "fulcrum_zone_preference", "", "", "Which place the zone has in the service's prefer, from 1; absent where it has none") \
	X(ZONE_BACKENDS, ZONES, GAUGE, "fulcrum_zone_backends", "", "", "Backends of the service's pool in the zone; of those without one the label is empty") \
	X(ZONE_USABLE, ZONES, GAUGE, "fulcrum_zone_usable_backends", "", "", "Those of them that take new flows of the service") \
	X(ZONE_WEIGHT, ZONES, GAUGE, "fulcrum_zone_weight", "", "", "Weight of its backends") \
	X(ZONE_ABLE, ZONES, GAUGE, "fulcrum_zone_usable_weight", "", "", "Weight of those that take new flows, as much as their slow start gives: what can serve of the zone") \
	X(ZONE_SHARE, ZONES, GAUGE, "fulcrum_zone_share_ratio", "ratio", "", "What the zone gets of the service's new flows") \
	X(POOL_BACKENDS, POOLS, GAUGE, "fulcrum_pool_backends", "", "", "Its backends, without those that are leaving it") \
	X(POOL_USABLE, POOLS, GAUGE, "fulcrum_pool_usable_backends", "", "", "Those of them that take new flows") \
	X(POOL_KEPT, POOLS, GAUGE, "fulcrum_pool_kept_backends", "", "", "Those that are down and kept in service, because more than max_down_percent were lost at once") \
	X(POOL_SLOTS, POOLS, GAUGE, "fulcrum_pool_table_slots", "", "", "Slots of its hash table") \
	X(POOL_TABLES, POOLS, COUNTER, "fulcrum_pool_tables", "", "", "Hash tables that were built for it") \
	X(POOL_PROBES, POOLS, HISTOGRAM, "fulcrum_pool_probe_duration_seconds", "seconds", "", "How long its successful probes took; absent where nothing is probed") \
	X(BACKEND, BACKENDS, INFO, "fulcrum_backend", "", "address,zone,state", "What a backend is, and its state as the operator wants it") \
	X(BACKEND_HEALTH, BACKENDS, GAUGE, "fulcrum_backend_health", "", "", "1 is up, 0 is down, -1 is not known yet") \
	X(BACKEND_KEPT, BACKENDS, GAUGE, "fulcrum_backend_kept", "", "", "1 where it fails its probes, and max_down_percent keeps it in service") \
	X(BACKEND_PORT, BACKENDS, GAUGE, "fulcrum_backend_port_health", "", "port", "Health of each port, where its pool is asked on several: 1 is up, 0 is down, -1 is not known yet") \
	X(BACKEND_USABLE, BACKENDS, GAUGE, "fulcrum_backend_usable", "", "", "1 where it takes new flows: active, up, and its next hop known") \
	X(BACKEND_SINCE, BACKENDS, GAUGE, "fulcrum_backend_health_since_timestamp_seconds", "seconds", "", "When its health last changed, in seconds since 1970") \
	X(BACKEND_CHANGES, BACKENDS, COUNTER, "fulcrum_backend_health_changes", "", "", "How often its health changed") \
	X(BACKEND_DOWNS, BACKENDS, COUNTER, "fulcrum_backend_downs", "", "", "How often it went down") \
	X(BACKEND_WEIGHT, BACKENDS, GAUGE, "fulcrum_backend_weight", "", "", "Its weight in the pool file") \
	X(BACKEND_SHARE, BACKENDS, GAUGE, "fulcrum_backend_share_ratio", "ratio", "", "Its share of the slots of its pool's hash table, which is its share of new flows") \
	X(BACKEND_FLOWS, BACKENDS, GAUGE, "fulcrum_backend_flows", "", "", "Its flows, as counted no more than five seconds ago") \
	X(BACKEND_OLDEST, BACKENDS, GAUGE, "fulcrum_backend_oldest_flow_seconds", "seconds", "", "The age of its oldest flow; it stops counting at 16 hours") \
	X(BACKEND_PACKETS, BACKENDS, COUNTER, "fulcrum_backend_packets", "packets", "", "Packets of clients that went to it") \
	X(BACKEND_BYTES, BACKENDS, COUNTER, "fulcrum_backend_bytes", "bytes", "", "Their bytes, as the clients sent them") \
	X(BACKEND_NEW_FLOWS, BACKENDS, COUNTER, "fulcrum_backend_new_flows", "", "", "New flows that it was chosen for") \
	X(BACKEND_REPEATS, BACKENDS, COUNTER, "fulcrum_backend_syn_repeats", "", "", "SYNs that clients sent it again: it did not answer, or its answer was lost") \
	X(BACKEND_RESETS, BACKENDS, COUNTER, "fulcrum_backend_syn_resets", "", "", "Resets of clients right after their SYN") \
	X(BACKEND_PROBES, BACKENDS, SUMMARY, "fulcrum_backend_probe_duration_seconds", "seconds", "", "How long its successful probes took") \
	X(BACKEND_FAILURES, BACKENDS, COUNTER, "fulcrum_backend_probe_failures", "", "", "Probes of it that failed by its own fault") \
	X(PATH_UP, BACKENDS, GAUGE, "fulcrum_backend_path_up", "", "", "1 where its last probe through the path (via: forwarding) was answered, 0 where it was not; absent without such probes") \
	X(PATH_DURATION, BACKENDS, SUMMARY, "fulcrum_backend_path_duration_seconds", "seconds", "", "How long its successful probes through the path took") \
	X(PATH_FAILURES, BACKENDS, COUNTER, "fulcrum_backend_path_failures", "", "", "Probes of it through the path that failed") \
	X(PATH_MSS, BACKENDS, GAUGE, "fulcrum_backend_path_mss_bytes", "bytes", "", "The MSS that it advertises to clients of its tunnels; of several, the one that is nearest to too much") \
	X(PATH_MSS_MOST, BACKENDS, GAUGE, "fulcrum_backend_path_mss_limit_bytes", "bytes", "", "What that MSS may be at most, to fit into the tunnel") \
	X(BACKEND_CERTIFICATE, BACKENDS, GAUGE, "fulcrum_backend_certificate_expiry_timestamp_seconds", "seconds", "", "When the certificate ends that its last TLS probe saw, in seconds since 1970") \
	X(BACKEND_PATH_MTU, BACKENDS, GAUGE, "fulcrum_backend_path_mtu_bytes", "bytes", "", "What its path takes of a packet with its outer header: the port's, the route's, or less, by what routers said in the last ten minutes") \
	X(BACKEND_PATH_ERRORS, BACKENDS, COUNTER, "fulcrum_backend_path_errors", "", "", "ICMP errors of routers about its tunnel's packets") \
	X(BACKEND_DRAIN, BACKENDS, GAUGE, "fulcrum_backend_drain_deadline_timestamp_seconds", "seconds", "", "When its drain ends by the clock, in seconds since 1970; absent without a deadline")
// clang-format on

enum metrics_id {
#define X(identifier, ...) METRICS_##identifier,
	METRICS_FAMILIES(X)
#undef X
		METRICS_ID_COUNT
};

struct metrics_family {
	const char *name;
	enum metrics_scope scope;
	enum metrics_type type;
	const char *unit; // ""
	const char *labels; // "a,b"; ""
	const char *help;
};

extern const struct metrics_family metrics_families[METRICS_ID_COUNT];

const char *metrics_type_name(enum metrics_type type);
// The labels that every sample of the scope has: "pool,backend"; "".
const char *metrics_scope_labels(enum metrics_scope scope);

#endif
