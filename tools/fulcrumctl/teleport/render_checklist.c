// SPDX-License-Identifier: BSD-3-Clause
#include "ports.h"
#include "render.h"

#include <string.h>

// Markdown, a box for each thing that no program here can do, with the place of its setting.

static void put_storage(const struct cluster *cluster, FILE *out)
{
	bool given = cluster->storage != NULL;

	fprintf(out,
		"## Auth Service\n\n"
		"- [%s] **Cluster state backend**: a key-value store that every Auth Service instance reaches: DynamoDB, Firestore, PostgreSQL,\n"
		"      or etcd (cluster state alone; audit events then go elsewhere), with the right to read, write and create its tables.\n"
		"      Where: `teleport.storage` in `teleport-auth.yaml`; write it into a file that `auth.storage_file` in `cluster.yaml` names.%s\n"
		"- [%s] **Session recording storage**: S3 or what speaks like it, Google Cloud Storage, or Azure Blob Storage; a bucket, with the\n"
		"      right to get buckets and to create, get, list and update objects (Google: to delete them, too).\n"
		"      Where: `teleport.storage.audit_sessions_uri`, in the same file.%s\n",
		given ? "x" : " ", given ? "\n      It is given: see that it is all of it." : "",
		given && strstr(cluster->storage, "audit_sessions_uri") != NULL ? "x" : " ",
		given && strstr(cluster->storage, "audit_sessions_uri") == NULL
			? "\n      The file that is given has none."
			: "");
	if (cluster->edition == CLUSTER_ENTERPRISE)
		fprintf(out,
			"- [ ] **Licence file**: from the account's dashboard, on every Auth Service instance.\n"
			"      Where: `/var/lib/teleport/license.pem`, which `auth_service.license_file` names.\n");
	fprintf(out,
		"- [ ] **Join tokens**: `tctl tokens add --type=proxy` on an Auth Service instance makes one for the proxies.\n"
		"      Where: in `/var/lib/teleport/join-token` on every proxy, which `teleport.join_params.token_name` names.\n"
		"- [ ] `teleport-auth.yaml` is `/etc/teleport.yaml` on: ");
}

static void put_names(const struct cluster_pool *pool, FILE *out)
{
	for (uint32_t i = 0; i < pool->instance_count; i++)
		fprintf(out, "%s%s", i > 0 ? ", " : "", pool->instances[i].name);
	fprintf(out, ".\n");
}

static void put_credentials(const struct cluster *cluster, FILE *out)
{
	const struct cluster_pool *proxy = &cluster->pools[CLUSTER_PROXY];

	fprintf(out,
		"\n## Proxy Service\n\n"
		"- [ ] **TLS credentials** for `%s` and `*.%s`, from Let's Encrypt or a CA of your own, brought to every proxy\n"
		"      and renewed in time. Behind a balancer Let's Encrypt needs the ACME **DNS-01** challenge: the provisioner writes a TXT\n"
		"      record `_acme-challenge.%s`, so it needs the right to change that zone. (ALPN-01 would be answered by any proxy.)\n"
		"      Where: `%s` and `%s`, which `proxy_service.https_keypairs` names.\n"
		"- [ ] `teleport-proxy.yaml` is `/etc/teleport.yaml` on: ",
		cluster->domain, cluster->domain, cluster->domain, proxy->key_file,
		proxy->cert_file);
	put_names(proxy, out);
}

static void put_dns(const struct cluster *cluster, FILE *out)
{
	fprintf(out,
		"\n## DNS\n\n"
		"- [ ] The records of `dns.zone`, the wildcard for applications among them.\n"
		"      Where: in the zone that `%s` stands in.\n",
		cluster->domain);
	if (cluster->dns_form == CLUSTER_DNS_CNAME)
		fprintf(out,
			"- [ ] The addresses of `%s`: the VIPs of the public balancer.\n"
			"      Where: in that name's own zone.\n",
			cluster->dns_target);
}

static void put_ports(const struct cluster *cluster, enum cluster_role role, FILE *out)
{
	const struct cluster_pool *pool = &cluster->pools[role];
	const struct port_kind *kinds[PORTS_MAX];
	size_t count = ports_of(cluster, role, kinds);

	fprintf(out, "- [ ] Open on every %s Service instance: ",
		role == CLUSTER_PROXY ? "Proxy" : "Auth");
	for (size_t i = 0; i < count; i++)
		fprintf(out, "%s%u", i > 0 ? ", " : "", kinds[i]->target_port);
	fprintf(out, " from %s",
		role == CLUSTER_PROXY ? "everywhere (packets keep their client's address)"
				      : "the proxies");
	if (pool->diagnostics_port != 0)
		fprintf(out, "; %u from the balancers alone", pool->diagnostics_port);
	if (pool->forwarding == CONFIG_IPIP)
		fprintf(out, "; IP protocols 4 and 41 from the balancers");
	fprintf(out, ".\n");
}

static const char *announced(const struct cluster_pool *pool)
{
	return pool->announce.mode == CONFIG_ANNOUNCE_ARP
		       ? " (it answers ARP and NDP for them on its kernel-side interface)"
	       : pool->announce.mode == CONFIG_ANNOUNCE_ROUTE
		       ? " (BIRD exports the routes that it puts into its kernel's table)"
		       : "";
}

static void put_network(const struct cluster *cluster, FILE *out)
{
	char text[ADDR_TEXT_SIZE];

	fprintf(out, "\n## Network\n\n");
	for (int role = 0; role < CLUSTER_ROLES; role++) {
		const struct cluster_pool *pool = &cluster->pools[role];

		fprintf(out, "- [ ] The routers lead the VIPs of the %s balancer to it%s:",
			role == CLUSTER_PROXY ? "public" : "private", announced(pool));
		for (uint32_t i = 0; i < pool->vip_count; i++)
			fprintf(out, "%s %s", i > 0 ? "," : "",
				addr_format(&pool->vips[i], text, sizeof(text)));
		fprintf(out, ".\n");
		put_ports(cluster, role, out);
		if (pool->balancer_count == 0 && pool->forwarding == CONFIG_IPIP)
			fprintf(out,
				"- [ ] `%s.balancers` is not given: the agents do not start until they know who may send tunnel packets.\n"
				"      Where: `cluster.yaml`.\n",
				cluster_role_name(role));
	}
}

static void put_balancers(const struct cluster *cluster, FILE *out)
{
	fprintf(out,
		"\n## Balancers and hosts\n\n"
		"- [ ] `fulcrumctl apply -f proxy-lb.yaml` on the public balancers, `fulcrumctl apply -f auth-lb.yaml` on the private ones.\n"
		"- [ ] `backends/NAME.yaml` is `/etc/fulcrum/backend.yaml` on the host NAME, where `fulcrum-backend` runs.\n"
		"- [ ] Agents and users in a network of the instances' own: name it under `allow_sources` in `backends/NAME.yaml`, or they are\n"
		"      refused as forged (`own_source` in `fulcrum-backend --status`).\n"
		"- [ ] PROXY protocol stays off (`proxy_protocol: \"off\"`): no header is added, and the clients' addresses arrive without one.\n");
	if (!cluster->hash_key_set)
		fprintf(out,
			"- [ ] A `hash_key` of your own: `openssl rand -hex 16`. Where: `cluster.yaml`.\n");
	fprintf(out,
		"- [ ] From a client's place: `fulcrumctl teleport verify cluster.yaml`; from a proxy: `fulcrumctl teleport verify\n"
		"      cluster.yaml --pool auth`.\n");
}

void render_checklist(const struct cluster *cluster, FILE *out)
{
	fprintf(out,
		"# What is left to do for %s\n\n"
		"Rendering made the balancers' pools, the DNS records, Teleport's and the agents' files. This is the rest.\n\n",
		cluster->domain);
	put_storage(cluster, out);
	put_names(&cluster->pools[CLUSTER_AUTH], out);
	put_credentials(cluster, out);
	put_dns(cluster, out);
	put_network(cluster, out);
	put_balancers(cluster, out);
}
