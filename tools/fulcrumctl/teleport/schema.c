// SPDX-License-Identifier: BSD-3-Clause
#include "cluster.h"

#include <stddef.h>

#define FIELD(type, member) \
	.offset = offsetof(struct type, member), .size = sizeof(((struct type *)0)->member)
#define LIST(type, member, limit, counter)                                                      \
	.offset = offsetof(struct type, member), .size = sizeof(((struct type *)0)->member[0]), \
	.list_max = limit, .count = offsetof(struct type, counter)

// Teleport's sample keeps an SSH connection alive every 5 minutes and gives up after 3 of them.
#define LIFETIME_MIN_S (16 * 60)

// clang-format off
static const struct schema_word switches[] = {{"on", true}, {"off", false}, {0}};
static const struct schema_word editions[] = {{"community", CLUSTER_COMMUNITY},
	{"enterprise", CLUSTER_ENTERPRISE}, {0}};
static const struct schema_word dns_forms[] = {{"address", CLUSTER_DNS_ADDRESS},
	{"cname", CLUSTER_DNS_CNAME}, {0}};
static const struct schema_word forwardings[] = {{"ipip", CONFIG_IPIP}, {"dsr", CONFIG_DSR}, {0}};
static const struct schema_word on_downs[] = {{"keep", CONFIG_ON_DOWN_KEEP},
	{"rehash", CONFIG_ON_DOWN_REHASH}, {"reset", CONFIG_ON_DOWN_RESET}, {0}};
static const struct schema_word announce_modes[] = {{"none", CONFIG_ANNOUNCE_NONE},
	{"arp", CONFIG_ANNOUNCE_ARP}, {"route", CONFIG_ANNOUNCE_ROUTE}, {0}};
static const struct schema_word vias[] = {{"kernel", CONFIG_VIA_KERNEL},
	{"forwarding", CONFIG_VIA_FORWARDING}, {0}};
static const struct schema_word states[] = {{"active", CONFIG_STATE_ACTIVE},
	{"draining", CONFIG_STATE_DRAINING}, {"disabled", CONFIG_STATE_DISABLED}, {0}};
static const struct schema_word optionals[] = {{"kubernetes", CLUSTER_KUBERNETES},
	{"mysql", CLUSTER_MYSQL}, {"postgres", CLUSTER_POSTGRES}, {"mongo", CLUSTER_MONGO}, {0}};

static const struct schema_key instance_keys[] = {
	{"name", SCHEMA_NAME, .required = true, FIELD(cluster_instance, name),
		.doc = "its name, which no other instance of either pool has; it decides its place in the hash table"},
	{"address", SCHEMA_ADDRESS, .required = true, FIELD(cluster_instance, address),
		.doc = "its own address, IPv4 or IPv6"},
	{"zone", SCHEMA_NAME, .required = true, FIELD(cluster_instance, zone),
		.doc = "the zone or data centre that it stands in"},
	{"interface", SCHEMA_NAME, FIELD(cluster_instance, interface), .absent = "the pool's `interface`",
		.doc = "the network interface that packets come in and replies leave by"},
	{"weight", SCHEMA_NUMBER, FIELD(cluster_instance, weight), .max = 65535, .fallback = "100",
		.doc = "its share of new connections against the others' weights; 0 takes none"},
	{"state", SCHEMA_WORD, FIELD(cluster_instance, state), .words = states, .absent = "as it was; active when it is new",
		.doc = "what the operator wants of it, on all of its ports: to serve, to finish what it has, or nothing"},
	{0},
};
const struct schema schema_cluster_instance = {"instance", "One host of a pool.",
	instance_keys, sizeof(struct cluster_instance)};

static const struct schema_key health_keys[] = {
	{"via", SCHEMA_WORD, FIELD(cluster_health, via), .words = vias, .fallback = "forwarding",
		.doc = "how probes travel: by the kernel's routes, or beside that one through the VIP as traffic does, which finds an instance whose agent does not run"},
	{"interval", SCHEMA_MS, FIELD(cluster_health, interval_ms), .min = 100, .max = 3600000, .fallback = "2s",
		.doc = "from one probe to the next"},
	{"timeout", SCHEMA_MS, FIELD(cluster_health, timeout_ms), .min = 10, .max = 60000, .fallback = "1s",
		.doc = "how long a probe may take; no longer than `interval`"},
	{"rise", SCHEMA_NUMBER, FIELD(cluster_health, rise), .min = 1, .max = 1000, .fallback = "2",
		.doc = "good probes in a row that bring an instance up"},
	{"fall", SCHEMA_NUMBER, FIELD(cluster_health, fall), .min = 1, .max = 1000, .fallback = "3",
		.doc = "failed probes in a row that take it down"},
	{"ca", SCHEMA_TEXT, FIELD(cluster_health, ca), .absent = "any certificate that is in its time will do",
		.doc = "a file of PEM certificates on the balancer, one of which must vouch for an instance's"},
	{0},
};
static const struct schema health = {"health", "How a pool's instances are probed.",
	health_keys, sizeof(struct cluster_health)};

static const struct schema_key announce_keys[] = {
	{"mode", SCHEMA_WORD, FIELD(config_announce, mode), .words = announce_modes, .fallback = "none",
		.doc = "not at all, by ARP and NDP, or as a route of the kernel's that a routing daemon exports"},
	{"quorum", SCHEMA_NUMBER, FIELD(config_announce, quorum), .min = 1, .max = 65535, .fallback = "1",
		.doc = "instances that every port must have up, or the VIP is withdrawn"},
	{"hold", SCHEMA_MS, FIELD(config_announce, hold_ms), .max = 3600000, .fallback = "3s",
		.doc = "how long they must be up before a VIP that was withdrawn comes back"},
	{0},
};
static const struct schema announce = {"announce", "How the network learns that a pool's VIPs are at a balancer.",
	announce_keys, sizeof(struct config_announce)};

// What both pools have.
#define POOL_KEYS(on_down_fallback) \
	{"vips", SCHEMA_ADDRESS, .required = true, LIST(cluster_pool, vips, CLUSTER_VIPS_MAX, vip_count), \
		.doc = "the addresses of the load balancer, IPv4 or IPv6"}, \
	{"balancers", SCHEMA_ADDRESS, LIST(cluster_pool, balancers, CLUSTER_BALANCERS_MAX, balancer_count), .absent = "the agents do not start, but for direct server return", \
		.doc = "the balancers' own addresses: who may send tunnel packets to an instance, and who probes it"}, \
	{"forwarding", SCHEMA_WORD, FIELD(cluster_pool, forwarding), .words = forwardings, .fallback = "ipip", \
		.doc = "how packets reach an instance: in a tunnel, or by its MAC address on a shared network"}, \
	{"interface", SCHEMA_NAME, FIELD(cluster_pool, interface), .fallback = "eth0", \
		.doc = "the network interface of an instance that gives none of its own"}, \
	{"diagnostics_port", SCHEMA_NUMBER, FIELD(cluster_pool, diagnostics_port), .min = 1, .max = 65535, .absent = "each port is probed by its own protocol", \
		.doc = "the port of `diag_addr`, whose /readyz is then asked instead of the ports"}, \
	{"flow_lifetime", SCHEMA_SECONDS, FIELD(cluster_pool, flow_lifetime_s), .min = LIFETIME_MIN_S, .max = 32400, .fallback = "4h", \
		.doc = "how long a silent connection is remembered; above three keep-alives of 5 minutes"}, \
	{"on_down", SCHEMA_WORD, FIELD(cluster_pool, on_down), .words = on_downs, .fallback = on_down_fallback, \
		.doc = "what becomes of the connections of an instance that is down: they stay, move to another one, or are reset"}, \
	{"announce", SCHEMA_MAPPING, FIELD(cluster_pool, announce), .child = &announce, \
		.doc = "how the network learns that the VIPs are at a balancer"}, \
	{"health", SCHEMA_MAPPING, FIELD(cluster_pool, health), .child = &health, \
		.doc = "how the instances are probed"}, \
	{"instances", SCHEMA_RECORDS, .required = true, .child = &schema_cluster_instance, \
		.doc = "its hosts"}

static const struct schema_key proxy_keys[] = {
	POOL_KEYS("keep"),
	{"ports", SCHEMA_WORD, LIST(cluster_pool, optional, CLUSTER_OPTIONAL_MAX, optional_count), .words = optionals, .absent = "none of them",
		.doc = "the further ports that are in use"},
	{"key_file", SCHEMA_TEXT, FIELD(cluster_pool, key_file), .fallback = "/etc/teleport-tls/tls.key",
		.doc = "where the TLS private key is on each instance"},
	{"cert_file", SCHEMA_TEXT, FIELD(cluster_pool, cert_file), .fallback = "/etc/teleport-tls/tls.crt",
		.doc = "where the TLS certificate is on each instance"},
	{0},
};
static const struct schema proxy = {"proxy", "The Proxy Service pool and its public load balancer.",
	proxy_keys, sizeof(struct cluster_pool)};

static const struct schema_key auth_keys[] = {
	POOL_KEYS("reset"),
	{"storage_file", SCHEMA_TEXT, FIELD(cluster_pool, storage_file), .absent = "left to the operator",
		.doc = "a YAML file beside this one: what is to stand under `teleport.storage`"},
	{0},
};
static const struct schema auth = {"auth", "The Auth Service pool and its private load balancer.",
	auth_keys, sizeof(struct cluster_pool)};

static const struct schema_key dns_keys[] = {
	{"form", SCHEMA_WORD, FIELD(cluster, dns_form), .words = dns_forms, .fallback = "address",
		.doc = "whether the records name the VIPs (A and AAAA) or the balancer's own name (CNAME)"},
	{"target", SCHEMA_NAME, FIELD(cluster, dns_target), .absent = "none; `form: cname` needs it",
		.doc = "the domain name of the load balancer"},
	{"ttl", SCHEMA_SECONDS, FIELD(cluster, dns_ttl_s), .min = 1, .max = 604800, .fallback = "5m",
		.doc = "how long others may remember the records"},
	{0},
};
static const struct schema dns = {"dns", "The records of the domain.", dns_keys, sizeof(struct cluster)};

static const struct schema_key cluster_keys[] = {
	{"domain", SCHEMA_NAME, .required = true, FIELD(cluster, domain),
		.doc = "the name that users and agents connect to, such as teleport.example.com"},
	{"cluster_name", SCHEMA_NAME, FIELD(cluster, name), .absent = "the domain",
		.doc = "the name of the cluster, which cannot be changed later"},
	{"edition", SCHEMA_WORD, FIELD(cluster, edition), .words = editions, .fallback = "community",
		.doc = "whether there is a licence file"},
	{"tls_routing", SCHEMA_WORD, FIELD(cluster, tls_routing), .words = switches, .fallback = "on",
		.doc = "on: every protocol by port 443; off: ports 3023 and 3024 besides"},
	{"ssh_service", SCHEMA_WORD, FIELD(cluster, ssh_service), .words = switches, .fallback = "off",
		.doc = "whether users may reach the instances themselves by Teleport's SSH Service"},
	{"hash_key", SCHEMA_HEX, FIELD(cluster, hash_key), .flag = offsetof(struct cluster, hash_key_set), .absent = "a built-in key, which is no secret",
		.doc = "128 bits in hexadecimal, the balancers' secret"},
	{"dns", SCHEMA_MAPPING, .child = &dns,
		.doc = "the records of the domain"},
	{"proxy", SCHEMA_MAPPING, .required = true, .offset = offsetof(struct cluster, pools[CLUSTER_PROXY]), .child = &proxy,
		.doc = "the Proxy Service pool"},
	{"auth", SCHEMA_MAPPING, .required = true, .offset = offsetof(struct cluster, pools[CLUSTER_AUTH]), .child = &auth,
		.doc = "the Auth Service pool"},
	{0},
};
const struct schema schema_cluster = {"file", "A Teleport cluster, which `fulcrumctl teleport` renders and verifies.",
	cluster_keys, sizeof(struct cluster)};
// clang-format on
