// SPDX-License-Identifier: BSD-3-Clause
#ifndef BENCH_REPLAY_H
#define BENCH_REPLAY_H

#include "stage.h"

#include <base/error.h>
#include <config/config.h>
#include <config/daemon.h>

// A daemon's configuration without the daemon: what the kernel and the probes would say is made up.
// Every backend is up, and behind one next hop on the first port.

struct replay_options {
	const char *config;
	const char *in;
	const char *out;
	const char *daemon; // NULL: an untagged port of 1500 bytes, and no limits
	struct mac next_hop;
	struct addr sources[2]; // of outer headers: IPv4, IPv6
};

struct replay {
	struct stage stage;
	struct daemon_config daemon;
	struct config *config;
};

// Loads the files, opens the stage and publishes the snapshot. 0, or a negative errno with the
// sentence.
int replay_open(struct replay *replay, const struct replay_options *options, struct error *err);
void replay_close(struct replay *replay);

#endif
