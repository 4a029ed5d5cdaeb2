// SPDX-License-Identifier: BSD-3-Clause
#ifndef APP_FULCRUMD_H
#define APP_FULCRUMD_H

#include <base/error.h>
#include <config/daemon.h>
#include <control/control.h>
#include <pipeline/pipeline.h>

// The daemon's parts in their order of start; they stop in the reverse one. All on the main lcore.

struct rte_mempool;

struct ports {
	struct running_port control[DAEMON_PORTS_MAX];
	struct pipeline_port pipeline[DAEMON_PORTS_MAX];
	uint32_t count;
	uint32_t queues; // of every port each way: as many workers can work
	struct rte_mempool *buffers;
};

struct workers {
	struct worker *worker[DAEMON_CORES_MAX];
	struct metrics_worker *metrics[DAEMON_CORES_MAX];
	struct flow_table *flows[DAEMON_CORES_MAX];
	struct relay *relay;
	uint32_t count;
	bool stop; // atomically
	bool has_ended
		[DAEMON_CORES_MAX]; // likewise: it has left its loop, and what it wrote is there
	bool is_left; // one stands still, and may go on at any time: what it uses stays
};

// From now on what DPDK has to say is in the log. Before eal_start().
void dpdk_log_begin(void);

// DPDK's environment for these cores, devices and pages. 0, or a negative errno with the sentence.
int eal_start(const struct daemon_config *config, struct error *err);
void eal_stop(void);

// Every port and its kernel-side interface, started.
int ports_start(const struct daemon_config *config, struct ports *ports, struct error *err);
void ports_stop(struct ports *ports);

// Makes the workers (workers_launch() sets them going, once there is a snapshot).
int workers_make(const struct daemon_config *config, const struct ports *ports,
	struct publisher *publisher, struct workers *workers, struct error *err);
void workers_launch(struct workers *workers);
// Waits until every worker has left its loop, for some seconds. False: one has not.
bool workers_stop(struct workers *workers);
void workers_free(struct workers *workers);

struct event_base;

// Launches the workers and runs the loop until SIGTERM or SIGINT, and for 'grace_ms' after it if
// there were VIPs to withdraw. 0, or -1 where the loop failed.
int serve(struct event_base *base, struct control *control, struct workers *workers,
	uint32_t grace_ms);

#endif
