// SPDX-License-Identifier: BSD-3-Clause
#ifndef TESTS_PACKET_WORLD_H
#define TESTS_PACKET_WORLD_H

#include <base/error.h>
#include <snapshot/publish.h>

// Stands in for the control lcore: a pool file, and a file of what the kernel and the probes would
// say of each backend, compiled into a snapshot. Backends and services keep their indexes from one
// call to the next.

#define WORLD_NAMES_MAX 256
#define WORLD_MAC                        \
	{                                \
		{                        \
			2, 0, 0, 0, 0, 2 \
		}                        \
	} // of the ports: frames.py's BALANCER

struct world {
	struct publisher *publisher;
	struct snapshot *current;
	uint64_t version;
	char backends[WORLD_NAMES_MAX][2 * CONFIG_NAME_SIZE]; // "pool/backend", by index
	char services[WORLD_NAMES_MAX][2 * CONFIG_NAME_SIZE];
};

// A line of 'hops_path': pool/backend up|draining|down|disabled|unresolved port mtu vlan|- own-mac
// hop-mac own-address. 0, or a negative errno with the sentence.
int world_publish(
	struct world *world, const char *pool_path, const char *hops_path, struct error *err);

#endif
