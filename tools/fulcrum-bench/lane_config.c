// SPDX-License-Identifier: BSD-3-Clause
#include "lane_config.h"

#include "publish.h"
#include "stage.h"

#include <stdlib.h>

static void write_services(const struct lane_options *options, FILE *out)
{
	char vip[ADDR_TEXT_SIZE];

	fprintf(out, "services:\n");
	for (uint32_t i = 0; i < options->traffic.services; i++) {
		struct addr addr = generator_vip(options->traffic.family, i);

		fprintf(out,
			"  - {name: s%u, vip: '%s', protocol: tcp, port: %u, forwarding: %s, pool: "
			"p%u}\n",
			i, addr_format(&addr, vip, sizeof(vip)), GENERATOR_PORT,
			options->forwarding == CONFIG_DSR ? "dsr" : "ipip", i % options->pools);
	}
}

static void write_pool(
	const struct lane_options *options, uint32_t pool, uint32_t change, FILE *out)
{
	uint32_t number = pool * options->backends; // of the machine

	fprintf(out, "  - name: p%u\n    backends:\n", pool);
	for (uint32_t i = 0; i < options->backends; i++, number++) {
		fprintf(out, "      - {name: b%u, weight: %u, address: ", number,
			i == 0 ? 100 + change : 100);
		if (options->traffic.family == ADDR_IPV4)
			fprintf(out, "10.%u.%u.%u}\n", number >> 16, number >> 8 & 0xff,
				number & 0xff);
		else
			fprintf(out, "'fd00::%x:%x'}\n", 1 + (number >> 16), number & 0xffff);
	}
}

uint32_t lane_names(const struct lane_options *options)
{
	return RTE_MAX(options->pools * options->backends, options->traffic.services) + 1;
}

struct config *lane_config(const struct lane_options *options, uint32_t change)
{
	struct config *config = NULL;
	struct error err = {0};
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);

	need(stream != NULL, "out of memory");
	write_services(options, stream);
	fprintf(stream, "pools:\n");
	for (uint32_t pool = 0; pool < options->pools; pool++)
		write_pool(options, pool, change, stream);
	fclose(stream);
	if (config_load_text("the bench's pools", text, size, &config, NULL, NULL, &err) != 0)
		need(false, err.text);
	free(text);
	return config;
}

void lanes_apply(
	struct lanes *lanes, const struct lane_options *options, const struct config *config)
{
	static const struct snapshot_backend_input hop = {
		.mtu = 9000, // whatever the size, it fits with its outer header
		.vlan_tci = ENCAP_VLAN_NONE,
		.source_mac = {{2, 0, 0, 0, 0, 1}},
		.next_hop_mac = {{2, 0, 0, 0, 0, 2}},
	};
	struct addr sources[2];
	struct error err = {0};

	addr_parse("192.0.2.1", &sources[0]);
	addr_parse("2001:db8::1", &sources[1]);
	if (publish_config(&lanes->publisher, config, &hop, sources, lane_names(options), &err) !=
		0)
		need(false, err.text);
}
