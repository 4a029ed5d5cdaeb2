// SPDX-License-Identifier: BSD-3-Clause
#include <config/endpoint.h>
#include <snapshot/snapshot_private.h>

#include <errno.h>
#include <stdlib.h>

#define PORT_PAGES (65536 / PORT_PAGE_SIZE)

static uint32_t log2_above(uint32_t n)
{
	uint32_t bits = 1;

	while ((1u << bits) < n)
		bits++;
	return bits;
}

static uint32_t *map_of(struct snapshot_vip *vip, uint8_t protocol)
{
	return protocol == CONFIG_TCP ? &vip->tcp : &vip->udp;
}

// The VIP's place, taken for it if it is new.
static struct snapshot_vip *place_vip(struct snapshot_vips *vips, const struct addr *address)
{
	for (uint32_t at = snapshot_vip_place(vips, address);; at++) {
		struct snapshot_vip *vip = &vips->table[at & vips->mask];

		if (vip->address.family == ADDR_NONE)
			vip->address = *address;
		if (addr_equal(&vip->address, address))
			return vip;
	}
}

// A page of its own for the ports around 'port', so that one of them can be set.
static struct snapshot_port_page *own_page(struct snapshot_vips *vips, uint32_t map, uint32_t page)
{
	uint16_t *number = &vips->ports[map].page[page];

	if (*number == 0) {
		*number = (uint16_t)vips->page_count++;
		vips->pages[*number] = vips->pages[0];
	}
	return &vips->pages[*number];
}

static void set_ports(struct snapshot_vips *vips, uint32_t map,
	const struct config_endpoint *endpoint, uint16_t index)
{
	for (uint32_t port = endpoint->first; port <= endpoint->last; port++)
		own_page(vips, map, port / PORT_PAGE_SIZE)->service[port % PORT_PAGE_SIZE] = index;
}

// Every port of a protocol: one page serves the whole directory.
static void set_any_port(struct snapshot_vips *vips, uint32_t map, uint16_t index)
{
	uint32_t page = vips->page_count++;

	for (uint32_t i = 0; i < PORT_PAGE_SIZE; i++)
		vips->pages[page].service[i] = index;
	for (uint32_t i = 0; i < PORT_PAGES; i++)
		vips->ports[map].page[i] = (uint16_t)page;
}

static bool is_any_port(const struct config_endpoint *endpoint)
{
	return endpoint->first == 0 && endpoint->last == 65535;
}

// An upper bound, so that all pages are allocated at once.
static uint32_t pages_needed(const struct config *config)
{
	uint32_t pages = 1;

	for (uint32_t i = 0; i < config->service_count; i++) {
		const struct config_service *service = &config->services[i];

		for (uint32_t k = 0; k < config_endpoint_count(service); k++) {
			struct config_endpoint endpoint = config_endpoint(service, k);

			pages += is_any_port(&endpoint)
					 ? 1
					 : endpoint.last / PORT_PAGE_SIZE -
						   endpoint.first / PORT_PAGE_SIZE + 1u;
		}
	}
	return pages;
}

static int vips_allocate(const struct config *config, struct snapshot_vips *vips)
{
	uint32_t bits = log2_above(2 * config->service_count + 2);
	uint32_t pages = pages_needed(config);

	if (pages > UINT16_MAX)
		return -E2BIG;
	vips->shift = 64 - bits;
	vips->mask = (1u << bits) - 1;
	vips->table = calloc(1u << bits, sizeof(*vips->table));
	vips->ports = calloc(
		CONFIG_PROTOCOLS_MAX * (size_t)config->service_count + 1, sizeof(*vips->ports));
	vips->pages = calloc(pages, sizeof(*vips->pages));
	if (vips->table == NULL || vips->ports == NULL || vips->pages == NULL)
		return -ENOMEM;
	vips->port_count = 1;
	vips->page_count = 1;
	for (uint32_t i = 0; i < PORT_PAGE_SIZE; i++)
		vips->pages[0].service[i] = SERVICE_NONE;
	return 0;
}

static void set_endpoint(struct snapshot_vips *vips, const struct addr *vip,
	const struct config_endpoint *endpoint, uint16_t index)
{
	uint32_t *map = map_of(place_vip(vips, vip), endpoint->protocol);

	if (*map == 0)
		*map = vips->port_count++;
	if (is_any_port(endpoint))
		set_any_port(vips, *map, index);
	else
		set_ports(vips, *map, endpoint, index);
}

int vips_build(const struct snapshot_input *input, struct snapshot_vips *vips)
{
	const struct config *config = input->config;
	int rc = vips_allocate(config, vips);

	if (rc != 0)
		return rc;
	for (uint32_t i = 0; i < config->service_count; i++) {
		const struct config_service *service = &config->services[i];

		for (uint32_t k = 0; k < config_endpoint_count(service); k++) {
			struct config_endpoint endpoint = config_endpoint(service, k);

			set_endpoint(vips, &service->vip, &endpoint, input->services[i]);
		}
	}
	return 0;
}

void vips_free(struct snapshot_vips *vips)
{
	free(vips->table);
	free(vips->ports);
	free(vips->pages);
}
