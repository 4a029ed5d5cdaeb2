// SPDX-License-Identifier: BSD-3-Clause
#include "ports.h"

// clang-format off
// An HTTP server waits for a request, and says nothing of a probe that makes none; an SSH server
// behind TLS would log each.
static const struct port_kind https_routing = {"proxy-https", 443, 3080, PORT_TLS, "http/1.1", "web_listen_addr", NULL,
	"all of Teleport's protocols, by ALPN"};
static const struct port_kind https = {"proxy-https", 443, 3080, PORT_TLS, "http/1.1", "web_listen_addr", NULL,
	"the Web UI and the logins of tsh"};
static const struct port_kind ssh = {"proxy-ssh", 3023, 3023, PORT_SSH, NULL, "listen_addr", "ssh_public_addr",
	"SSH clients"};
static const struct port_kind tunnel = {"proxy-tunnel", 3024, 3024, PORT_SSH, NULL, "tunnel_listen_addr", "tunnel_public_addr",
	"reverse tunnels of agents"};
static const struct port_kind auth_grpc = {"auth-grpc", 3025, 3025, PORT_TLS, "h2", NULL, NULL,
	"the Auth Service's gRPC"};
static const struct port_kind optionals[] = {
	[CLUSTER_KUBERNETES] = {"proxy-kubernetes", 3026, 3026, PORT_TLS, NULL, "kube_listen_addr", "kube_public_addr",
		"Kubernetes clients"},
	[CLUSTER_MYSQL] = {"proxy-mysql", 3036, 3036, PORT_MYSQL, NULL, "mysql_listen_addr", "mysql_public_addr",
		"MySQL clients"},
	[CLUSTER_POSTGRES] = {"proxy-postgres", 5432, 5432, PORT_POSTGRES, NULL, "postgres_listen_addr", "postgres_public_addr",
		"PostgreSQL clients"},
	[CLUSTER_MONGO] = {"proxy-mongo", 27017, 27017, PORT_TLS, NULL, "mongo_listen_addr", "mongo_public_addr",
		"MongoDB clients"},
};
// clang-format on

const struct port_kind *ports_optional(enum cluster_optional optional)
{
	return &optionals[optional];
}

static bool is_used(const struct cluster_pool *pool, enum cluster_optional optional)
{
	for (uint32_t i = 0; i < pool->optional_count; i++)
		if (pool->optional[i] == optional)
			return true;
	return false;
}

size_t ports_of(const struct cluster *cluster, enum cluster_role role,
	const struct port_kind *out[PORTS_MAX])
{
	size_t count = 0;

	if (role == CLUSTER_AUTH) {
		out[0] = &auth_grpc;
		return 1;
	}
	out[count++] = cluster->tls_routing ? &https_routing : &https;
	if (!cluster->tls_routing) {
		out[count++] = &ssh;
		out[count++] = &tunnel;
	}
	for (uint32_t i = 0; i < CLUSTER_OPTIONAL_MAX; i++)
		if (is_used(&cluster->pools[role], i))
			out[count++] = &optionals[i];
	return count;
}
