// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONTROL_CONTROL_PRIVATE_H
#define CONTROL_CONTROL_PRIVATE_H

#include <base/clock.h>
#include <channel/channel.h>
#include <channel/message.h>
#include <commit/commits.h>
#include <control/apply_private.h>
#include <control/control.h>
#include <control/health_private.h>
#include <control/reply_private.h>
#include <control/saving_private.h>
#include <events/events.h>
#include <handover/handover.h>
#include <health/health.h>
#include <jobs/jobs.h>
#include <kernel/follow.h>
#include <kernel/kernel.h>
#include <metrics/daemon.h>
#include <running/identity.h>
#include <running/running.h>
#include <running/stuck.h>
#include <stats/stats.h>

// The loop's own state, all of it on the loop's thread but for what is said to be a job's.

struct announce;
struct event;
struct exporter;
struct halfopen;
struct recording;
struct taps;

struct control {
	struct event_base *base;
	struct control_config config;
	struct channel_server *server;
	struct kernel *kernel;
	struct events *events;
	struct announce *announce; // which VIPs are announced
	struct identity *identity;
	struct health *health;
	struct halfopen *halfopen; // probes through the path
	struct stuck *stuck; // workers that stand still
	struct jobs *jobs;
	struct taps *taps;
	struct event *poll_timer;
	struct event *rebuild_event;
	struct event *resolve_event;
	struct event *targets_event;
	struct event *solicit_timer;
	struct event *age_timer;
	struct event *link_timer;
	struct event *watchdog_timer; // NULL: no service manager waits for a sign of life
	struct event *solicit_event;
	struct event *save_timer; // the health, on disk
	struct exporter *exporter; // NULL: there is none
	struct event *forget_timer; // what was recalled
	struct channel_message message; // the request, and then the reply, at hand

	struct running running;
	struct stats stats;
	struct commits commits;
	struct metrics_daemon counts;
	struct target_changes targets;
	uint32_t resolve_next;
	uint32_t resolve_left;
	bool resolve_changed;
	uint64_t rounds; // of control_resolve_all(), so far
	uint32_t solicit_next;
	bool resolve_failed; // the kernel had no answer for one at least: it is asked again
	struct kernel_follow kernel_sides[DAEMON_PORTS_MAX]; // without a name where a port has none
	struct kernel_follow wires[DAEMON_PORTS_MAX]; // likewise
	bool link_is_down[DAEMON_PORTS_MAX];
	uint64_t bond_ports_down[DAEMON_PORTS_MAX]; // of a bond, a bit each by DPDK's number
	struct mac foreign_macs[DAEMON_PORTS_MAX]; // that somebody gave the kernel side last
	uint64_t watchdog_rounds; // of all workers, when a sign of life was given last
	bool watchdog_waits; // for a worker

	struct transaction transaction;
	struct selection selection; // of the session, for its next BACKEND_SET
	struct reply reply;
	struct recording *recording; // of packets, for a client
	uint64_t recording_number; // of the answer that waits for its file to be opened
	struct saving saving;
	struct handover handover; // of the flow tables to the next daemon
	struct checkpointer *checkpointer; // NULL: there is no folder for one, or nothing began yet

	// What the jobs are about. One runs at a time, in this order.
	bool rebuild_due;
	bool health_save_due;
	char *health_text; // a job's, that is to be saved
	size_t health_size;
	struct build build;
	int rebuild_rc; // the job's
	bool has_old_tables; // the last build failed
	struct error rebuild_error;
};

// --- server.c: the channel ---

void control_poll(int fd, short what, void *context);
void control_poll_now(struct control *control);

// --- exporter_host.c: the page of metrics ---

void control_exporter_start(struct control *control);

// --- standstill.c: what a worker that stands still means for the rest ---

// 0 or -ENOMEM.
int control_standstill_start(struct control *control);
// Answers to what began at 'since_ns' may be in the queue of a worker that stands still
// (health_set_doubt()).
uint32_t control_doubts(void *context, uint64_t since_ns, uint32_t queues, char *why, size_t size);

// --- capture.c: what clients ask of captures ---

// A recording_opened_fn.
bool control_capture_opened(void *context, int rc, const struct error *err);
// Both answer.
void control_capture_begin(struct control *control, const struct message_capture *request);
void control_capture_end(struct control *control, uint64_t id);

// --- restart.c: flows and hash tables over a restart ---

// What the last daemon saved, as it ended or before it died, into the workers' tables. Before they
// run.
void control_restore_flows(struct control *control);

// --- halfopen_host.c ---

// Makes the probes through the path. 0 or -ENOMEM.
int control_halfopen_start(struct control *control);

// --- watchdog.c ---

// 0 or -ENOMEM.
int control_watchdog_start(struct control *control);

#endif
