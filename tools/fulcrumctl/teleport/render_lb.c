// SPDX-License-Identifier: BSD-3-Clause
#include "ports.h"
#include "render.h"

#include <base/parse.h>

#include <string.h>

#define DURATION_SIZE 32

// "established: 4h": more than the keep-alives of SSH leave in silence.
static void put_service(
	const struct cluster_pool *pool, const struct port_kind *kind, uint32_t vip, FILE *out)
{
	char address[RENDER_ADDR_SIZE], lifetime[DURATION_SIZE];

	fprintf(out, "  - name: %s", kind->name);
	if (vip > 0)
		fprintf(out, "-%u", vip + 1);
	fprintf(out, "\n    vip: %s\n    protocol: tcp\n    port: %u\n",
		render_addr(&pool->vips[vip], address, sizeof(address)), kind->port);
	if (kind->target_port != kind->port)
		fprintf(out, "    target_port: %u\n", kind->target_port);
	fprintf(out,
		"    forwarding: %s\n    pool: %s\n    affinity: five_tuple\n    flow_ttl: {established: %s}\n",
		pool->forwarding == CONFIG_DSR ? "dsr" : "ipip", kind->name,
		format_duration_ms(pool->flow_lifetime_s * 1000ull, lifetime, sizeof(lifetime)));
}

static void put_announce(const struct cluster_pool *pool, FILE *out)
{
	const struct config_announce *announce = &pool->announce;
	char hold[DURATION_SIZE];

	if (announce->mode == CONFIG_ANNOUNCE_NONE)
		return;
	fprintf(out, "    announce: {mode: %s, quorum: %u, hold: %s}\n",
		announce->mode == CONFIG_ANNOUNCE_ARP ? "arp" : "route", announce->quorum,
		format_duration_ms(announce->hold_ms, hold, sizeof(hold)));
}

static void put_services(const struct cluster *cluster, enum cluster_role role, FILE *out)
{
	const struct cluster_pool *pool = &cluster->pools[role];
	const struct port_kind *kinds[PORTS_MAX];
	size_t count = ports_of(cluster, role, kinds);

	fprintf(out, "services:\n");
	for (size_t i = 0; i < count; i++) {
		fprintf(out, "  # %u: %s.\n", kinds[i]->port, kinds[i]->doc);
		for (uint32_t vip = 0; vip < pool->vip_count; vip++) {
			put_service(pool, kinds[i], vip, out);
			put_announce(pool, out);
		}
	}
}

// What the port's own protocol can be asked, or /readyz for all of them.
static void put_probe(const struct cluster_pool *pool, const struct port_kind *kind, FILE *out)
{
	if (pool->diagnostics_port != 0) {
		fprintf(out,
			"      type: http\n      port: %u\n      path: /readyz\n      status: 200\n",
			pool->diagnostics_port);
		return;
	}
	fprintf(out, "      type: %s\n      port: %u\n", kind->speech == PORT_TLS ? "tls" : "tcp",
		kind->target_port);
	if (kind->speech == PORT_SSH)
		fprintf(out, "      expect: SSH-2.0-\n");
	if (kind->speech != PORT_TLS)
		return;
	if (kind->alpn != NULL)
		fprintf(out, "      alpn: %s\n", kind->alpn);
	if (pool->health.ca[0] != '\0')
		fprintf(out, "      ca: '%s'\n", pool->health.ca);
}

static void put_health(const struct cluster_pool *pool, const struct port_kind *kind, FILE *out)
{
	const struct cluster_health *health = &pool->health;
	char interval[DURATION_SIZE], timeout[DURATION_SIZE];

	fprintf(out, "    health:\n");
	put_probe(pool, kind, out);
	if (health->via == CONFIG_VIA_FORWARDING)
		fprintf(out, "      via: forwarding\n");
	fprintf(out, "      interval: %s\n      timeout: %s\n      rise: %u\n      fall: %u\n",
		format_duration_ms(health->interval_ms, interval, sizeof(interval)),
		format_duration_ms(health->timeout_ms, timeout, sizeof(timeout)), health->rise,
		health->fall);
}

static const char *state_text(uint8_t state)
{
	return state == CONFIG_STATE_UNSET ? NULL : config_state_name(state);
}

static void put_backends(const struct cluster_pool *pool, FILE *out)
{
	char address[RENDER_ADDR_SIZE];

	for (uint32_t i = 0; i < pool->instance_count; i++) {
		const struct cluster_instance *instance = &pool->instances[i];
		const char *state = state_text(instance->state);

		fprintf(out, "      - {name: %s, address: %s, zone: %s, weight: %u%s%s}\n",
			instance->name, render_addr(&instance->address, address, sizeof(address)),
			instance->zone, instance->weight, state != NULL ? ", state: " : "",
			state != NULL ? state : "");
	}
}

static const char *on_down_text(uint8_t on_down)
{
	return on_down == CONFIG_ON_DOWN_RESET    ? "reset"
	       : on_down == CONFIG_ON_DOWN_REHASH ? "rehash"
						  : "keep";
}

// A pool for each port, so that a port that fails takes its own connections away and no others. The
// hosts stand once.
static void put_pools(const struct cluster *cluster, enum cluster_role role, FILE *out)
{
	const struct cluster_pool *pool = &cluster->pools[role];
	const struct port_kind *kinds[PORTS_MAX];
	size_t count = ports_of(cluster, role, kinds);

	fprintf(out, "\npools:\n");
	for (size_t i = 0; i < count; i++) {
		fprintf(out, "  - name: %s\n", kinds[i]->name);
		put_health(pool, kinds[i], out);
		fprintf(out, "    on_down: %s\n", on_down_text(pool->on_down));
		if (i > 0) {
			fprintf(out, "    backends: *instances\n");
			continue;
		}
		fprintf(out, "    backends:%s\n", count > 1 ? " &instances" : "");
		put_backends(pool, out);
	}
}

void render_lb(const struct cluster *cluster, enum cluster_role role, FILE *out)
{
	fprintf(out,
		"# The %s balancer of %s, in front of its %s Service:\n"
		"#   fulcrumctl apply -f %s-lb.yaml\n",
		role == CLUSTER_PROXY ? "public" : "private", cluster->domain,
		role == CLUSTER_PROXY ? "Proxy" : "Auth", cluster_role_name(role));
	if (cluster->hash_key_set) {
		fprintf(out, "hash_key: ");
		for (size_t i = 0; i < sizeof(cluster->hash_key); i++)
			fprintf(out, "%02x", cluster->hash_key[i]);
		fprintf(out, "\n");
	}
	fprintf(out, "\n");
	put_services(cluster, role, out);
	put_pools(cluster, role, out);
}
