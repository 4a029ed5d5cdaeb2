// SPDX-License-Identifier: BSD-3-Clause
#ifndef RUNNING_BACKEND_H
#define RUNNING_BACKEND_H

#include <channel/message.h>
#include <config/config.h>
#include <health/health.h>
#include <kernel/kernel.h>
#include <running/configuration.h>
#include <running/fail_open.h>
#include <snapshot/snapshot.h>

// What the loop knows of a backend. What a job reads of it is a copy.

// What is known of a backend beside its configuration; by the backend's index.
struct running_backend {
	struct kernel_next_hop hop;
	enum health_status health;
	enum health_status recalled; // from before a restart; stands in while 'health' is unknown
	struct fail_open_mark fail_open;
	uint8_t port; // the pipeline's number of the port that its next hop is behind
	bool resolved; // the hop has a MAC and is behind one of our ports
	bool is_probed; // the health room speaks of this backend when it names the index
	// Likewise of the probes beside its pool's own, a bit for each number.
	uint16_t probes_put;
	uint16_t probes_up;
	uint16_t probes_down;
	uint16_t recalled_up;
	uint16_t recalled_down;
	uint16_t probes_kept; // in service by max_down_percent, though they are down
	struct fail_open_mark *probe_marks; // by number; the control thread's alone; NULL: none
	uint64_t probes_since_s; // wall clock: when one of them last changed
	uint64_t since_s; // wall clock: when 'health' began
	uint16_t path_mtu; // what routers said that its path takes; 0: nothing
	uint64_t path_until_ns; // when that is forgotten
	uint64_t
		unreachable_ns; // when a router said last that it cannot hand its packets on; 0: never
	uint64_t path_errors; // so many
	struct addr path_from; // who said so last
	uint64_t drain_until_ns; // the deadline; 0: none
	enum message_then drain_then;
	bool drain_is_over;
	uint64_t ramp_from_ns; // the start of its slow start; 0: there is none
	uint8_t slow_start_tenths; // tenths of its weight that its slow start withholds
	uint32_t
		half_open_next; // of its pool's services: whose turn it is to be probed through the path
	bool is_leaving; // CONFIG_STATE_LEAVING
	int64_t leaving_ns; // since when; before the machine booted it is below zero
};

// Fits a state to the configuration where its backend stands at 'at'. True: that changed it.
bool running_backend_touch(struct running_backend *state, const struct configuration *configuration,
	uint32_t at, bool is_stranger, uint64_t now_s);
// What the tables go by: the probe's word, or what stands in for it.
enum health_status running_backend_health(const struct running_backend *state, uint32_t probe);
// What the probe of that number says.
enum health_status running_backend_probe_health(
	const struct running_backend *state, uint32_t probe);
// The operator's intent and the health, neither over the other, as one word for the workers.
// Unknown health takes no flow.
enum backend_status running_backend_status(
	const struct config_backend *backend, const struct running_backend *state, uint32_t probe);
// What the packets on the way to a backend may have in bytes, from the outer IP header on.
// 'port_mtu' is that of the port that its next hop is behind.
uint16_t running_backend_path_mtu(const struct running_backend *state, uint16_t port_mtu);

#endif
