// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONTROL_CONTROL_H
#define CONTROL_CONTROL_H

#include <base/addr.h>
#include <base/error.h>
#include <config/daemon.h>
#include <flow/flow.h>
#include <metrics/metrics.h>
#include <running/running.h>
#include <snapshot/publish.h>
#include <stdbool.h>
#include <stdint.h>

// The control lcore's work: requests from the channel, health and the kernel's view go in,
// snapshots come out. Everything runs on one event loop (libevent) and one thread; nothing blocks
// for more than about a millisecond, and what is longer is cut into steps.

struct event_base;
struct control;
struct relay;
struct rte_mempool;

// All of it is borrowed until control_free().
struct control_config {
	const struct daemon_config *daemon;
	struct publisher *publisher;
	struct metrics_worker *const *metrics; // one a worker
	struct flow_table *const *flows; // one a worker
	uint32_t worker_count;
	const struct rte_mempool *buffers; // of the ports; NULL: there are none to tell of
	struct relay *relay; // of half-open probes; NULL: there are no such probes
	const struct running_port *ports;
	uint32_t port_count;
};

// Opens the channel, loads the last committed configuration, publishes the first snapshot and
// restores the flows of the last daemon. Before any worker runs. 0, or a negative errno with the
// sentence.
int control_new(struct event_base *base, const struct control_config *config, struct control **out,
	struct error *err);
// Withdraws every VIP that is announced, for good, and tells how many there were: packets for them
// may go on to come until the network has learnt of it, and are still forwarded.
uint32_t control_withdraw(struct control *control);
// Reads the file or folder that 'pools' in the daemon's file names, and puts it in force if it is
// right. Returns before that.
void control_reload(struct control *control);
// When no worker runs any more, but for one that stands still: keeps the flow tables for the next
// daemon, in the state folder, and what waited to be written.
// False: a disk hangs. Then threads that wait for it stay behind, and the process is to end by
// _exit().
bool control_save_flows(struct control *control);
void control_free(struct control *control); // NULL is fine

#endif
