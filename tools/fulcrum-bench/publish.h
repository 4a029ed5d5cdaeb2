// SPDX-License-Identifier: BSD-3-Clause
#ifndef BENCH_PUBLISH_H
#define BENCH_PUBLISH_H

#include <base/error.h>
#include <config/config.h>
#include <snapshot/publish.h>

// Stands in for the control lcore: every backend is as the operator wants it and behind one next
// hop.

// 'hop' says what is alike for all of them: next hop, port, MTU, VLAN; 'sources' are those of outer
// headers: IPv4, IPv6. 'capacity' is above the number of backends and of services. 0, or a negative
// errno with the sentence.
int publish_config(struct publisher *publisher, const struct config *config,
	const struct snapshot_backend_input *hop, const struct addr sources[2], uint32_t capacity,
	struct error *err);

#endif
