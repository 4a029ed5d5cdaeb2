// SPDX-License-Identifier: BSD-3-Clause
#include "cluster_private.h"
#include "ports.h"

#include <base/parse.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define KEY_SIZE 40

struct member {
	enum cluster_role role;
	uint32_t index;
};

static const struct cluster_pool *pool_of(const struct cluster_reader *reader, int role)
{
	return &reader->cluster->pools[role];
}

// The place of a key of a pool ("" is the pool), or of an entry in its list; what is left out has
// that of the pool.
static struct place pool_place(
	const struct cluster_reader *reader, int role, const char *key, uint32_t index)
{
	char path[KEY_SIZE];
	uint32_t node;

	snprintf(path, sizeof(path), "%s%s%s", cluster_role_name(role), key[0] == '\0' ? "" : ".",
		key);
	node = tree_find(reader->tree, TREE_ROOT, path);
	if (node == 0)
		return tree_place(
			reader->tree, tree_find(reader->tree, TREE_ROOT, cluster_role_name(role)));
	if (tree_node(reader->tree, node)->kind == TREE_LIST) {
		uint32_t entry = tree_first(reader->tree, node);

		while (index-- > 0 && entry != 0)
			entry = tree_next(reader->tree, entry);
		node = entry != 0 ? entry : node;
	}
	return tree_place(reader->tree, node);
}

static struct place file_place(const struct cluster_reader *reader, const char *key)
{
	uint32_t node = tree_find(reader->tree, TREE_ROOT, key);

	return tree_place(reader->tree, node != 0 ? node : TREE_ROOT);
}

static struct place instance_place(
	const struct cluster_reader *reader, struct member member, const char *key)
{
	uint32_t record = reader->nodes[member.role][member.index];
	uint32_t node = tree_find(reader->tree, record, key);

	return tree_place(reader->tree, node != 0 ? node : record);
}

#define POOL_FAULT(reader, role, key, index, format, ...)                                     \
	findings_add((reader)->findings, pool_place(reader, role, key, index), "%s: " format, \
		cluster_role_name(role), __VA_ARGS__)
#define INSTANCE_FAULT(reader, member, key, format, ...)                        \
	findings_add((reader)->findings, instance_place(reader, member, key),   \
		"%s: instance '%s': " format, cluster_role_name((member).role), \
		pool_of(reader, (member).role)->instances[(member).index].name, __VA_ARGS__)

// --- Names ---

static bool is_label(const char *text, size_t size)
{
	if (size == 0 || size > 63 || text[0] == '-' || text[size - 1] == '-')
		return false;
	for (size_t i = 0; i < size; i++)
		if (!isalnum((unsigned char)text[i]) && text[i] != '-')
			return false;
	return true;
}

// Whether it is a name that the DNS can have, of two labels or more. RFC 1123 2.1: labels of
// letters, digits and hyphens; the last one is not all digits, or it would be an address.
static bool is_domain(const char *text)
{
	size_t labels = 0, size;

	for (;; text += size + 1) {
		size = strcspn(text, ".");
		if (!is_label(text, size))
			return false;
		labels++;
		if (text[size] == '\0')
			break;
	}
	return labels >= 2 && strspn(text, "0123456789") < size;
}

// Whether 'name' is 'domain' or stands below it.
static bool is_within(const char *name, const char *domain)
{
	size_t size = strlen(name), tail = strlen(domain);

	return size >= tail && strcasecmp(name + size - tail, domain) == 0 &&
	       (size == tail || name[size - tail - 1] == '.');
}

static void check_names(const struct cluster_reader *reader)
{
	const struct cluster *cluster = reader->cluster;

	if (!is_domain(cluster->domain))
		findings_add(reader->findings, file_place(reader, "domain"),
			"domain must be a DNS name of two labels or more, such as teleport.example.com, not '%s'",
			cluster->domain);
	else if (strlen(cluster->domain) > CLUSTER_DOMAIN_SIZE - 64)
		findings_add(reader->findings, file_place(reader, "domain"),
			"domain must leave room for a label in front of it: %d characters at most",
			CLUSTER_DOMAIN_SIZE - 64);
}

static void check_dns(const struct cluster_reader *reader)
{
	const struct cluster *cluster = reader->cluster;
	const char *target = cluster->dns_target;

	if (cluster->dns_form == CLUSTER_DNS_ADDRESS) {
		if (target[0] != '\0')
			findings_add(reader->findings, file_place(reader, "dns.target"),
				"dns: a target is for 'form: cname' alone: the form is address");
	} else if (target[0] == '\0') {
		findings_add(reader->findings, file_place(reader, "dns.form"),
			"dns: 'form: cname' needs a target: the domain name of the load balancer");
	} else if (!is_domain(target)) {
		findings_add(reader->findings, file_place(reader, "dns.target"),
			"dns: target must be a DNS name such as lb.example.net, not '%s'", target);
	} else if (is_within(target, cluster->domain)) {
		findings_add(reader->findings, file_place(reader, "dns.target"),
			"dns: target must not be '%s' or a name below it: its records would point at themselves",
			cluster->domain);
	}
}

// --- Addresses ---

static void check_vips(const struct cluster_reader *reader, int role)
{
	const struct cluster_pool *pool = pool_of(reader, role);
	char text[ADDR_TEXT_SIZE];

	for (uint32_t i = 0; i < pool->vip_count; i++) {
		addr_format(&pool->vips[i], text, sizeof(text));
		for (uint32_t j = 0; j < i; j++)
			if (addr_equal(&pool->vips[i], &pool->vips[j]))
				POOL_FAULT(reader, role, "vips", i, "VIP %s is given twice", text);
		for (uint32_t j = 0; role == CLUSTER_AUTH && j < pool_of(reader, 0)->vip_count; j++)
			if (addr_equal(&pool->vips[i], &pool_of(reader, 0)->vips[j]))
				POOL_FAULT(reader, role, "vips", i,
					"VIP %s is the public balancer's: the private one needs its own",
					text);
	}
}

static bool is_vip(const struct cluster_reader *reader, const struct addr *address)
{
	for (int role = 0; role < CLUSTER_ROLES; role++)
		for (uint32_t i = 0; i < pool_of(reader, role)->vip_count; i++)
			if (addr_equal(address, &pool_of(reader, role)->vips[i]))
				return true;
	return false;
}

static void check_balancers(const struct cluster_reader *reader, int role)
{
	const struct cluster_pool *pool = pool_of(reader, role);
	char text[ADDR_TEXT_SIZE];

	for (uint32_t i = 0; i < pool->balancer_count; i++) {
		addr_format(&pool->balancers[i], text, sizeof(text));
		if (is_vip(reader, &pool->balancers[i]))
			POOL_FAULT(reader, role, "balancers", i,
				"%s is a VIP: give the balancer's own address", text);
		for (uint32_t j = 0; j < i; j++)
			if (addr_equal(&pool->balancers[i], &pool->balancers[j]))
				POOL_FAULT(reader, role, "balancers", i,
					"balancer %s is given twice", text);
	}
}

// --- Instances ---

static void check_pair(
	const struct cluster_reader *reader, struct member first, struct member second)
{
	const struct cluster_instance *a = &pool_of(reader, first.role)->instances[first.index];
	const struct cluster_instance *b = &pool_of(reader, second.role)->instances[second.index];
	char text[ADDR_TEXT_SIZE];

	if (strcmp(a->name, b->name) == 0)
		INSTANCE_FAULT(reader, second, "name", "is named twice (first at line %u)",
			instance_place(reader, first, "name").line);
	if (addr_equal(&a->address, &b->address))
		INSTANCE_FAULT(reader, second, "address",
			"address %s is that of instance '%s' (line %u)",
			addr_format(&b->address, text, sizeof(text)), a->name,
			instance_place(reader, first, "address").line);
}

static void check_address(const struct cluster_reader *reader, struct member member)
{
	const struct cluster_pool *pool = pool_of(reader, member.role);
	const struct cluster_instance *instance = &pool->instances[member.index];
	char text[ADDR_TEXT_SIZE];

	addr_format(&instance->address, text, sizeof(text));
	if (is_vip(reader, &instance->address))
		INSTANCE_FAULT(reader, member, "address",
			"address %s is a VIP: give the instance's own address", text);
	for (uint32_t i = 0; i < pool->balancer_count; i++)
		if (addr_equal(&pool->balancers[i], &instance->address))
			INSTANCE_FAULT(reader, member, "address",
				"address %s is a balancer's: give the instance's own address",
				text);
	for (uint32_t i = 0; pool->forwarding == CONFIG_DSR && i < pool->vip_count; i++)
		if (pool->vips[i].family != instance->address.family) {
			INSTANCE_FAULT(reader, member, "address",
				"'forwarding: dsr' needs an address of the VIPs' family, which %s is not",
				text);
			break;
		}
}

static void check_instances(const struct cluster_reader *reader, int role)
{
	for (uint32_t i = 0; i < pool_of(reader, role)->instance_count; i++) {
		struct member member = {role, i};

		check_address(reader, member);
		for (int other = 0; other <= role; other++) {
			uint32_t end = other == role ? i : pool_of(reader, other)->instance_count;

			for (uint32_t j = 0; j < end; j++)
				check_pair(reader, (struct member){other, j}, member);
		}
	}
}

// --- Ports and probes ---

static void check_ports(const struct cluster_reader *reader, int role)
{
	const struct cluster_pool *pool = pool_of(reader, role);
	const struct port_kind *kinds[PORTS_MAX];
	size_t count;

	for (uint32_t i = 0; i < pool->optional_count; i++)
		for (uint32_t j = 0; j < i; j++)
			if (pool->optional[i] == pool->optional[j])
				POOL_FAULT(reader, role, "ports", i, "%s is named twice",
					ports_optional(pool->optional[i])->name);
	count = ports_of(reader->cluster, role, kinds);
	for (size_t i = 0; i < count; i++)
		if (kinds[i]->target_port == pool->diagnostics_port)
			POOL_FAULT(reader, role, "diagnostics_port", 0,
				"diagnostics_port %u is the port of %s", pool->diagnostics_port,
				kinds[i]->name);
}

static void check_announce(const struct cluster_reader *reader, int role)
{
	const struct cluster_pool *pool = pool_of(reader, role);

	if (pool->announce.quorum > pool->instance_count)
		POOL_FAULT(reader, role, "announce.quorum", 0,
			"announce: quorum %u is more than the pool's %u instances: the VIP would never be announced",
			pool->announce.quorum, pool->instance_count);
}

static void check_health(const struct cluster_reader *reader, int role)
{
	const struct cluster_pool *pool = pool_of(reader, role);
	char timeout[32], interval[32];

	if (pool->health.timeout_ms > pool->health.interval_ms)
		POOL_FAULT(reader, role, "health.timeout", 0,
			"health: timeout %s is longer than interval %s: probes would overlap",
			format_duration_ms(pool->health.timeout_ms, timeout, sizeof(timeout)),
			format_duration_ms(pool->health.interval_ms, interval, sizeof(interval)));
	if (pool->health.ca[0] != '\0' && pool->diagnostics_port != 0)
		POOL_FAULT(reader, role, "health.ca", 0,
			"health: a ca has no use where the diagnostics_port %u is asked: that is plain HTTP",
			pool->diagnostics_port);
}

static void check_file(const struct cluster_reader *reader, const char *key, const char *path)
{
	if (path[0] != '/' || strpbrk(path, "\"\\ ") != NULL)
		POOL_FAULT(reader, CLUSTER_PROXY, key, 0,
			"%s must be a whole path without blanks and quotes, such as /etc/teleport-tls/tls.key, not '%s'",
			key, path);
}

void cluster_check(const struct cluster_reader *reader)
{
	const struct cluster_pool *proxy = pool_of(reader, CLUSTER_PROXY);

	check_names(reader);
	check_dns(reader);
	for (int role = 0; role < CLUSTER_ROLES; role++) {
		check_vips(reader, role);
		check_balancers(reader, role);
		check_instances(reader, role);
		check_ports(reader, role);
		check_announce(reader, role);
		check_health(reader, role);
	}
	check_file(reader, "key_file", proxy->key_file);
	check_file(reader, "cert_file", proxy->cert_file);
}
