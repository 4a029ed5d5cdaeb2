// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUMCTL_SETUP_HOST_H
#define FULCRUMCTL_SETUP_HOST_H

#include <config/endpoint.h>

// What one backend host has to serve, found in the pool file. One thread; points into the
// configuration that it was found in.

// A service whose packets come to one of the host's addresses: of one that is reached in several
// ways (config/endpoint.h) one of them, under its own name.
struct setup_use {
	const struct config_service *service; // with one protocol and one range of ports
	struct addr address; // the host's, in that service's pool
};

struct setup_host {
	const char *name; // as the operator gave it
	struct addr ipv4; // ADDR_NONE: the balancers do not know it by one
	struct addr ipv6;
	struct setup_use *uses; // in the order of the file
	uint32_t use_count;
	struct config_service *parts; // of services that are reached in several ways
	uint32_t part_count;
};

// NAME or pool/NAME. The host is its addresses: a pool that has one of them under another name
// counts, too. 0 and '*out'; -ENOENT, -EEXIST for two hosts of one name, -EINVAL where two services
// cannot be told apart in replies, -ENOMEM.
int setup_host_find(
	const struct config *config, const char *name, struct setup_host *out, struct error *err);
void setup_host_free(struct setup_host *host);

// True if packets of that service reach the host with another port than the server's.
static inline bool setup_is_mapped(const struct config_service *service)
{
	return service->target_port != 0 && service->target_port != service->ports[0][0];
}

#endif
