// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUMCTL_TELEPORT_CLUSTER_H
#define FULCRUMCTL_TELEPORT_CLUSTER_H

#include <base/addr.h>
#include <base/error.h>
#include <config/config.h>
#include <config/schema.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A Teleport cluster behind two balancers, as cluster.yaml describes it: what 'fulcrumctl teleport'
// renders and verifies. Its keys are in schema.c, in the way of the pool file's. A value that does
// not change once it is read.

#define CLUSTER_VIPS_MAX      8u
#define CLUSTER_BALANCERS_MAX 64u
#define CLUSTER_INSTANCES_MAX 1000u
#define CLUSTER_DOMAIN_SIZE   254
#define CLUSTER_PATH_SIZE     256
#define CLUSTER_INTERFACE     16

enum cluster_role { CLUSTER_PROXY, CLUSTER_AUTH, CLUSTER_ROLES };
enum cluster_edition { CLUSTER_COMMUNITY, CLUSTER_ENTERPRISE };
enum cluster_dns_form { CLUSTER_DNS_ADDRESS, CLUSTER_DNS_CNAME };

// Ports of the Proxy Service that are open when somebody uses them.
enum cluster_optional { CLUSTER_KUBERNETES, CLUSTER_MYSQL, CLUSTER_POSTGRES, CLUSTER_MONGO };
#define CLUSTER_OPTIONAL_MAX 4u

struct cluster_instance {
	char name[CONFIG_NAME_SIZE];
	char zone[CONFIG_NAME_SIZE];
	char interface[CLUSTER_INTERFACE];
	struct addr address;
	uint16_t weight;
	uint8_t state; // enum config_backend_state
};

// Of every probe of a pool; what a probe asks follows from its port.
struct cluster_health {
	uint32_t interval_ms;
	uint32_t timeout_ms;
	uint16_t rise;
	uint16_t fall;
	uint8_t via; // enum config_via
	char ca[128]; // as config_health has it
};

struct cluster_pool {
	struct addr vips[CLUSTER_VIPS_MAX];
	uint32_t vip_count;
	struct addr balancers[CLUSTER_BALANCERS_MAX];
	uint32_t balancer_count;
	uint8_t forwarding; // enum config_forwarding
	uint8_t on_down; // enum config_on_down
	uint8_t optional[CLUSTER_OPTIONAL_MAX]; // enum cluster_optional; proxies alone
	uint32_t optional_count;
	uint16_t diagnostics_port; // 0: none
	uint32_t flow_lifetime_s;
	char interface[CLUSTER_INTERFACE];
	struct config_announce announce; // of every VIP
	struct cluster_health health;
	char key_file[CLUSTER_PATH_SIZE]; // proxies alone
	char cert_file[CLUSTER_PATH_SIZE];
	char storage_file[CLUSTER_PATH_SIZE]; // auth servers alone; "": none
	struct cluster_instance *instances; // in the order of their names
	uint32_t instance_count;
};

struct cluster {
	char domain[CLUSTER_DOMAIN_SIZE];
	char name[CLUSTER_DOMAIN_SIZE];
	uint8_t edition; // enum cluster_edition
	bool tls_routing;
	bool ssh_service;
	uint8_t hash_key[16];
	bool hash_key_set;
	uint8_t dns_form; // enum cluster_dns_form
	char dns_target[CLUSTER_DOMAIN_SIZE];
	uint32_t dns_ttl_s;
	struct cluster_pool pools[CLUSTER_ROLES];
	char *storage; // what storage_file holds; NULL: nothing
};

extern const struct schema schema_cluster;
extern const struct schema schema_cluster_instance;

// Reads and checks a file. 0 and '*out', which cluster_free() takes back, or a negative errno with
// the first sentence in 'err'; 'report' hears them all, in the order of the lines.
int cluster_load(const char *path, struct cluster **out, config_report_fn *report, void *context,
	struct error *err);
void cluster_free(struct cluster *cluster); // NULL is fine

// "proxy" or "auth", as the file's key is called.
const char *cluster_role_name(enum cluster_role role);

#endif
