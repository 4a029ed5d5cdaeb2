// SPDX-License-Identifier: BSD-3-Clause
#include <needs/needs.h>

#include <flow/flow.h>
#include <metrics/metrics.h>
#include <stdio.h>
#include <string.h>

uint64_t needs_memory(const struct daemon_config *config)
{
	uint64_t buffers = 0;
	uint64_t worker = flow_table_footprint(config->flows) +
			  metrics_footprint(config->backends_max, config->services_max);

	if (config->memory != 0)
		return config->memory;
	for (uint32_t p = 0; p < config->port_count; p++)
		buffers +=
			2ull * config->worker_count *
			(config->ports[p].rx_descriptors + config->ports[p].tx_descriptors + 512) *
			(config->ports[p].mtu + 1024);
	return buffers + worker * config->worker_count + (96ull << 20);
}

static bool read_card(const char *text, char card[NEEDS_CARD_SIZE])
{
	unsigned int part[4];

	if (sscanf(text, "%4x:%2x:%2x.%1x", &part[0], &part[1], &part[2], &part[3]) != 4)
		return false;
	snprintf(card, NEEDS_CARD_SIZE, "%04x:%02x:%02x.%x", part[0] & 0xffff, part[1] & 0xff,
		part[2] & 0xff, part[3] & 0xf);
	return true;
}

bool needs_is_card(const char *device)
{
	char card[NEEDS_CARD_SIZE];

	return read_card(device, card);
}

uint32_t needs_cards(const struct daemon_port *port, char cards[NEEDS_CARDS_MAX][NEEDS_CARD_SIZE])
{
	const char *text = port->device;
	uint32_t count = 0;

	if (read_card(text, cards[0]))
		return 1;
	while (count < NEEDS_CARDS_MAX && (text = strchr(text, '=')) != NULL)
		count += read_card(++text, cards[count]);
	return count;
}
