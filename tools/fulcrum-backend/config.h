// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUM_BACKEND_CONFIG_H
#define FULCRUM_BACKEND_CONFIG_H

#include <base/addr.h>
#include <base/endpoint.h>
#include <base/error.h>

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "layout.h"

#define CONFIG_PIN_DEFAULT "/sys/fs/bpf/fulcrum-backend"
#define CONFIG_PIN_SIZE    200
#define CONFIG_MSS_AUTO    (-1) // what the interface's MTU leaves under the tunnel
#define CONFIG_MSS_OFF     0

// All addresses that begin with the first 'length' bits of 'address'; its others are zero.
struct config_prefix {
	struct addr address;
	unsigned int length;
};

// One line under 'vips:'. Port 0: every port of the protocol; protocol 0: everything.
struct config_vip {
	struct addr address;
	uint8_t protocol; // IPPROTO_TCP, IPPROTO_UDP or 0
	uint16_t port;
	uint16_t
		target_port; // the port that the server listens on; equal to 'port' when not mapped
	int mss;
	unsigned int line; // in the file, 0 when from the command line
};

// The agent's configuration, a plain value that owns nothing.
struct config {
	char interfaces[FB_LINKS_MAX][IF_NAMESIZE];
	size_t interface_count;
	char pin[CONFIG_PIN_SIZE];
	struct endpoint metrics; // where its page is; port 0: nowhere
	bool manage_addresses;
	bool tunnels_given; // else: every address of the interfaces
	struct addr tunnels[FB_TUNNELS_MAX];
	size_t tunnel_count;
	struct config_prefix balancers[FB_BALANCERS_MAX];
	size_t balancer_count;
	bool any_source; // whoever sends us tunnel packets, on purpose
	struct config_prefix allowed[FB_ALLOWED_MAX]; // own networks whose hosts may be clients
	size_t allowed_count;
	uint32_t ahead[FB_AHEAD_MAX]; // as in struct fb_state
	uint32_t ahead_count;
	struct config_vip vips[FB_VIPS_MAX];
	size_t vip_count;
};

void config_init(struct config *config);

// Reads a YAML file into an initialised 'config'. 0; -EINVAL with "file:line:column: sentence" in
// 'err' when it is not right; another negative errno when the file cannot be read.
int config_read(struct config *config, const char *path, struct error *err);

// The same of a stream, which 'name' stands for in sentences; 'err' must be given.
int config_read_stream(struct config *config, FILE *file, const char *name, struct error *err);

// What both the file and the command line add. -EINVAL with a sentence without position.
int config_add_interface(struct config *config, const char *name, struct error *err);
int config_add_tunnel(struct config *config, const struct addr *tunnel, struct error *err);
int config_add_vip(struct config *config, const struct config_vip *vip, struct error *err);
// "10.0.0.0/24", or an address alone; bits behind the prefix must be zero.
int config_parse_prefix(const char *text, struct config_prefix *out, struct error *err);
int config_add_balancer(struct config *config, const char *text, struct error *err);
int config_set_pin(struct config *config, const char *path, struct error *err);
int config_set_metrics(struct config *config, const char *text, struct error *err);

// Whether there is an interface, a VIP, and who may send tunnel packets. -EINVAL with a sentence
// without position.
int config_check_complete(const struct config *config, struct error *err);

// "tcp", "udp" or "*".
const char *config_protocol_name(uint8_t protocol);

#endif
