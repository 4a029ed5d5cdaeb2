// SPDX-License-Identifier: BSD-3-Clause
#include "ports.h"
#include "render.h"

static void put_balancers(const struct cluster_pool *pool, FILE *out)
{
	char text[RENDER_ADDR_SIZE];

	if (pool->balancer_count == 0) {
		fprintf(out, "# The agent does not start without the balancers' own addresses:\n"
			     "# balancers: [10.0.0.2]\n");
		return;
	}
	fprintf(out, "balancers: [");
	for (uint32_t i = 0; i < pool->balancer_count; i++)
		fprintf(out, "%s%s", i > 0 ? ", " : "",
			render_addr(&pool->balancers[i], text, sizeof(text)));
	fprintf(out, "]\n");
}

// The proxies are clients of the Auth Service, and may be in a network of its instances.
static void put_clients(const struct cluster *cluster, enum cluster_role role, FILE *out)
{
	const struct cluster_pool *proxies = &cluster->pools[CLUSTER_PROXY];
	char text[RENDER_ADDR_SIZE];

	if (role != CLUSTER_AUTH)
		return;
	fprintf(out, "allow_sources: [");
	for (uint32_t i = 0; i < proxies->instance_count; i++)
		fprintf(out, "%s%s", i > 0 ? ", " : "",
			render_addr(&proxies->instances[i].address, text, sizeof(text)));
	fprintf(out, "] # the proxies\n");
}

static void put_vips(const struct cluster *cluster, enum cluster_role role, FILE *out)
{
	const struct cluster_pool *pool = &cluster->pools[role];
	const struct port_kind *kinds[PORTS_MAX];
	size_t count = ports_of(cluster, role, kinds);
	char text[RENDER_ADDR_SIZE];

	fprintf(out, "vips:\n");
	for (uint32_t vip = 0; vip < pool->vip_count; vip++)
		for (size_t i = 0; i < count; i++) {
			fprintf(out, "  - {address: %s, protocol: tcp, port: %u",
				render_addr(&pool->vips[vip], text, sizeof(text)), kinds[i]->port);
			if (kinds[i]->target_port != kinds[i]->port)
				fprintf(out, ", target_port: %u", kinds[i]->target_port);
			fprintf(out, "}\n");
		}
}

void render_backend(const struct cluster *cluster, enum cluster_role role,
	const struct cluster_instance *instance, FILE *out)
{
	const struct cluster_pool *pool = &cluster->pools[role];
	bool tunnel = pool->forwarding == CONFIG_IPIP;
	char text[RENDER_ADDR_SIZE];

	fprintf(out,
		"# /etc/fulcrum/backend.yaml of %s, zone %s:\n"
		"#   fulcrum-backend -c /etc/fulcrum/backend.yaml\n"
		"interfaces: [%s]\n",
		instance->name, instance->zone, instance->interface);
	if (tunnel) {
		fprintf(out, "tunnel_addresses: [%s]\n",
			render_addr(&instance->address, text, sizeof(text)));
		put_balancers(pool, out);
		put_clients(cluster, role, out);
	} else {
		fprintf(out, "tunnel_addresses: [] # packets come by direct server return\n");
	}
	put_vips(cluster, role, out);
}
