// SPDX-License-Identifier: BSD-3-Clause
#ifndef RUNNING_RUNNING_H
#define RUNNING_RUNNING_H

#include <base/addr.h>
#include <base/clock.h>
#include <metrics/metrics.h>
#include <running/backend.h>
#include <running/configuration.h>
#include <running/registry.h>
#include <running/rss.h>
#include <stdbool.h>
#include <stdint.h>
#include <store/history.h>

// What is in force: the running configuration, who put it there, what is known of each of its
// backends beside it, and what names have which index. The control lcore's; what other threads read
// is said at each member.

struct events;

// A port as the pipeline made it; nothing of it changes while the daemon runs.
struct running_port {
	char name[16];
	char device[128];
	char kernel_interface[16]; // "" is none
	uint16_t id; // DPDK's
	char rss[64]; // what spreads its packets over the queues, in words
	struct rss_indirection rss_indirection;
	bool tells_link; // else it is taken to have one
	bool is_bond;
	uint16_t queues;
	uint16_t mtu;
	uint16_t vlan_tci; // that all of its frames carry; ENCAP_VLAN_NONE
	struct mac mac;
};

struct running {
	struct events *events; // borrowed: where it is told what becomes of it
	struct configuration *now; // NULL before the first; itself any thread may read
	uint64_t version; // of it; 0: there was no apply yet
	struct history_entry author; // of it
	struct clock_stamp applied; // when it came into force
	bool is_saved; // the state folder has it
	bool may_fail_open; // somebody may be kept in service by max_down_percent
	struct registry backend_registry; // of a commit's job alone, but for the capacities
	struct registry service_registry; // likewise
	struct running_backend *states; // by the backend's index
	struct running_backend *states_copy; // as many, for a job
	// What workers had counted under an index before it had its present owner; by the index.
	struct metrics_traffic *backend_baselines;
	struct metrics_traffic *service_baselines;
};

// With room for so many; no configuration yet. 0 or -ENOMEM; then it is for running_free() as well.
int running_init(struct running *running, struct events *events, uint32_t backends_max,
	uint32_t services_max);
void running_free(struct running *running); // a zeroed one is fine

// The state of the backend that stands at 'at' of the configuration in force.
static inline struct running_backend *running_state(const struct running *running, uint32_t at)
{
	return &running->states[configuration_index(running->now, at)];
}

#endif
