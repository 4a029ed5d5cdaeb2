// SPDX-License-Identifier: BSD-3-Clause
#include "render.h"

// The document asks for a record of the domain and one of the wildcard below it, where the
// applications are.
static void put_addresses(const struct cluster *cluster, const char *before, FILE *out)
{
	const struct cluster_pool *pool = &cluster->pools[CLUSTER_PROXY];
	char text[ADDR_TEXT_SIZE];

	for (uint32_t i = 0; i < pool->vip_count; i++)
		fprintf(out, "%s%s. %u IN %s %s\n", before, cluster->domain, cluster->dns_ttl_s,
			pool->vips[i].family == ADDR_IPV6 ? "AAAA" : "A",
			addr_format(&pool->vips[i], text, sizeof(text)));
}

void render_dns(const struct cluster *cluster, FILE *out)
{
	fprintf(out,
		"; Records for the zone that %s stands in. In a zone's file:\n"
		";   $INCLUDE dns.zone\n",
		cluster->domain);
	if (cluster->dns_form == CLUSTER_DNS_ADDRESS) {
		put_addresses(cluster, "", out);
		put_addresses(cluster, "*.", out);
		return;
	}
	fprintf(out, "; %s. itself is to have the balancer's addresses, in its own zone.\n",
		cluster->dns_target);
	fprintf(out, "%s. %u IN CNAME %s.\n", cluster->domain, cluster->dns_ttl_s,
		cluster->dns_target);
	fprintf(out, "*.%s. %u IN CNAME %s.\n", cluster->domain, cluster->dns_ttl_s,
		cluster->dns_target);
}
