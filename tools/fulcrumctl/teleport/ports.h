// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUMCTL_TELEPORT_PORTS_H
#define FULCRUMCTL_TELEPORT_PORTS_H

#include "cluster.h"

// Teleport's ports, once: what a balancer listens on, what an instance listens on, who speaks
// there. Constant data.

#define PORTS_MAX 8u

// Who speaks first on a connection, and how it becomes one that tells who answered.
enum port_speech {
	PORT_TLS, // TLS from the first byte
	PORT_SSH, // an SSH server, with a banner
	PORT_MYSQL, // the server greets, and TLS follows on request
	PORT_POSTGRES, // TLS on request
};

struct port_kind {
	const char *name; // of its service and its pool, and in the table
	uint16_t port; // on the balancer
	uint16_t target_port; // on an instance
	enum port_speech speech;
	const char *alpn; // what its probe asks for; NULL: nothing
	const char *listen_key; // in the proxy_service section; NULL: there is none
	const char *public_key; // that names the port to clients; NULL: public_addr does
	const char *doc;
};

// The pool's ports in the order of their numbers on the balancer. Returns how many of 'out' are
// set.
size_t ports_of(const struct cluster *cluster, enum cluster_role role,
	const struct port_kind *out[PORTS_MAX]);

const struct port_kind *ports_optional(enum cluster_optional optional);

#endif
