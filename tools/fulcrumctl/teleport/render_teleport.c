// SPDX-License-Identifier: BSD-3-Clause
#include "ports.h"
#include "render.h"

#include <string.h>

// Packets come with the VIP as their destination, so a server has to listen on all addresses of its
// host: of both families where there is an IPv6 VIP.
static const char *any_address(const struct cluster_pool *pool)
{
	for (uint32_t i = 0; i < pool->vip_count; i++)
		if (pool->vips[i].family == ADDR_IPV6)
			return "[::]";
	return "0.0.0.0";
}

static void put_diagnostics(const struct cluster_pool *pool, FILE *out)
{
	if (pool->diagnostics_port != 0)
		fprintf(out,
			"  # The balancer asks /readyz there; let nobody else reach it.\n"
			"  diag_addr: \"%s:%u\"\n",
			any_address(pool), pool->diagnostics_port);
}

static void put_ssh_service(const struct cluster *cluster, FILE *out)
{
	fprintf(out, "\nssh_service:\n  enabled: %s\n", cluster->ssh_service ? "true" : "false");
}

static void put_protocol(FILE *out)
{
	fprintf(out,
		"  # The balancer adds no PROXY header: the client's own address is what a connection comes from.\n"
		"  proxy_protocol: \"off\"\n");
}

static void put_listeners(const struct cluster *cluster, FILE *out)
{
	const struct cluster_pool *pool = &cluster->pools[CLUSTER_PROXY];
	const struct port_kind *kinds[PORTS_MAX];
	size_t count = ports_of(cluster, CLUSTER_PROXY, kinds);

	for (size_t i = 0; i < count; i++) {
		fprintf(out, "  %s: \"%s:%u\"\n", kinds[i]->listen_key, any_address(pool),
			kinds[i]->target_port);
		if (kinds[i]->public_key != NULL)
			fprintf(out, "  %s: \"%s:%u\"\n", kinds[i]->public_key, cluster->domain,
				kinds[i]->port);
	}
}

void render_teleport_proxy(const struct cluster *cluster, FILE *out)
{
	const struct cluster_pool *proxy = &cluster->pools[CLUSTER_PROXY];
	char endpoint[RENDER_ENDPOINT_SIZE];

	fprintf(out,
		"# /etc/teleport.yaml of every Proxy Service instance.\n"
		"version: v3\n"
		"teleport:\n"
		"  # The private balancer.\n"
		"  auth_server: \"%s\"\n"
		"  join_params:\n"
		"    method: token\n"
		"    token_name: /var/lib/teleport/join-token\n",
		render_endpoint(
			&cluster->pools[CLUSTER_AUTH].vips[0], 3025, endpoint, sizeof(endpoint)));
	put_diagnostics(proxy, out);
	fprintf(out, "\nauth_service:\n  enabled: false\n");
	if (!cluster->tls_routing)
		fprintf(out, "  proxy_listener_mode: separate\n");
	fprintf(out, "\nproxy_service:\n  enabled: true\n  public_addr: \"%s:443\"\n",
		cluster->domain);
	put_listeners(cluster, out);
	put_protocol(out);
	fprintf(out, "  https_keypairs:\n  - key_file: %s\n    cert_file: %s\n", proxy->key_file,
		proxy->cert_file);
	put_ssh_service(cluster, out);
}

static void put_storage(const char *text, FILE *out)
{
	if (text == NULL) {
		fprintf(out,
			"  # The cluster state backend and the session recording storage belong here, under 'storage:'.\n"
			"  # Write them into a file and name it in cluster.yaml: auth.storage_file. See checklist.md.\n");
		return;
	}
	fprintf(out, "  storage:\n");
	while (*text != '\0') {
		int length = (int)strcspn(text, "\n");

		fprintf(out, "%s%.*s\n", length > 0 ? "    " : "", length, text);
		text += length + (text[length] == '\n');
	}
}

void render_teleport_auth(const struct cluster *cluster, FILE *out)
{
	const struct cluster_pool *auth = &cluster->pools[CLUSTER_AUTH];

	fprintf(out, "# /etc/teleport.yaml of every Auth Service instance.\n"
		     "version: v3\n"
		     "teleport:\n");
	put_storage(cluster->storage, out);
	put_diagnostics(auth, out);
	fprintf(out,
		"  data_dir: /var/lib/teleport\n"
		"\n"
		"auth_service:\n"
		"  enabled: true\n"
		"  cluster_name: \"%s\"\n"
		"  listen_addr: \"%s:3025\"\n",
		cluster->name, any_address(auth));
	if (cluster->edition == CLUSTER_ENTERPRISE)
		fprintf(out, "  license_file: \"/var/lib/teleport/license.pem\"\n");
	fprintf(out, "  proxy_listener_mode: %s\n",
		cluster->tls_routing ? "multiplex" : "separate");
	put_protocol(out);
	fprintf(out, "\nproxy_service:\n  enabled: false\n");
	put_ssh_service(cluster, out);
}
