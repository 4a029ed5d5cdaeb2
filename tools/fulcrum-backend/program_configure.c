// SPDX-License-Identifier: BSD-3-Clause
// From the configuration to the entries of the maps.
#include <bpf/bpf.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "program_private.h"

#define IPV4_HEADER 20
#define IPV6_HEADER 40
#define TCP_HEADER  20
#define MSS_LEAST   88 // what Linux takes as a server's smallest

static int is_tunnel(const struct host_view *view, const struct fb_address *address)
{
	for (uint32_t i = 0; i < view->tunnel_count; i++) {
		struct fb_address known = program_address(&view->tunnels[i]);

		if (memcmp(&known, address, sizeof(known)) == 0)
			return 1;
	}
	return 0;
}

static int configure_tunnels(int fd, const struct host_view *view, struct error *err)
{
	struct fb_address *previous = NULL;
	struct fb_address address;
	uint32_t one = 1;

	while (bpf_map_get_next_key(fd, previous, &address) == 0) {
		// After a deletion the walk starts anew: the key it went on from is gone.
		previous = is_tunnel(view, &address) ? &address : NULL;
		if (previous == NULL)
			bpf_map_delete_elem(fd, &address);
	}
	for (uint32_t i = 0; i < view->tunnel_count; i++) {
		address = program_address(&view->tunnels[i]);
		if (bpf_map_update_elem(fd, &address, &one, BPF_ANY) < 0)
			return error_set(
				err, errno, "a tunnel address is not taken: %s", strerror(errno));
	}
	return 0;
}

static int configure_balancers(int fd, const struct config *config, struct error *err)
{
	struct fb_prefix everybody = {0};
	uint32_t one = 1;

	for (size_t i = 0; i < config->balancer_count; i++) {
		struct fb_prefix prefix = program_prefix(&config->balancers[i]);

		if (bpf_map_update_elem(fd, &prefix, &one, BPF_ANY) < 0)
			return error_set(
				err, errno, "a balancer is not taken: %s", strerror(errno));
	}
	if (config->any_source && bpf_map_update_elem(fd, &everybody, &one, BPF_ANY) < 0)
		return error_set(err, errno, "a balancer is not taken: %s", strerror(errno));
	return 0;
}

// The largest outer header that can come.
static uint16_t most_overhead(const struct host_view *view)
{
	uint16_t most = 0;

	for (uint32_t i = 0; i < view->tunnel_count; i++) {
		if (view->tunnels[i].family == ADDR_IPV6)
			return IPV6_HEADER;
		most = IPV4_HEADER;
	}
	return most;
}

static void set_automatic_mss(
	struct fb_service *service, const struct host_view *view, const struct addr *vip)
{
	int header = TCP_HEADER + (vip->family == ADDR_IPV6 ? IPV6_HEADER : IPV4_HEADER);
	int least = MSS_LEAST + IPV6_HEADER;
	int mss = (int)view->mtu - header;

	service->mss = (uint16_t)(mss < least ? least : mss > UINT16_MAX ? UINT16_MAX : mss);
	service->automatic = 1;
	service->overhead = most_overhead(view);
}

static int put_service(struct program *program, const struct config_vip *vip, uint16_t row,
	bool is_rest, const struct host_view *view, struct error *err)
{
	struct fb_service service = {.row = row, .mss = vip->mss, .is_rest = is_rest};
	struct fb_key key = {.address = program_address(&vip->address), .protocol = vip->protocol};
	int result;

	if (vip->mss == CONFIG_MSS_AUTO)
		set_automatic_mss(&service, view, &vip->address);
	key.port = htons(vip->port);
	if (vip->target_port != vip->port)
		service.port = htons(vip->target_port);
	result = bpf_map_update_elem(program_map_fd(program, "services"), &key, &service, BPF_ANY);
	if (result == 0) {
		key.port = htons(vip->target_port);
		if (service.port != 0)
			service.port = htons(vip->port);
		result = bpf_map_update_elem(
			program_map_fd(program, "replies"), &key, &service, BPF_ANY);
	}
	return result == 0 ? 0 : error_set(err, errno, "a VIP is not taken: %s", strerror(errno));
}

// Whether an entry before 'index', or one for all ports anywhere, has that VIP's row for all else.
static int has_row(const struct config *config, size_t index)
{
	for (size_t i = 0; i < config->vip_count; i++) {
		if (addr_equal(&config->vips[i].address, &config->vips[index].address) &&
			(i < index || config->vips[i].protocol == 0))
			return 1;
	}
	return 0;
}

uint32_t program_row_count(const struct config *config)
{
	uint32_t count = (uint32_t)config->vip_count;

	for (size_t i = 0; i < config->vip_count; i++)
		count += !has_row(config, i);
	return count;
}

int program_configure(struct program *program, const struct config *config,
	const struct host_view *view, struct error *err)
{
	uint16_t row = 0;
	int result = configure_tunnels(program_map_fd(program, "tunnels"), view, err);

	if (result == 0)
		result = configure_balancers(program_map_fd(program, "balancers"), config, err);
	if (result == 0)
		result = program_configure_sources(
			program_map_fd(program, "sources"), config, view, err);
	for (size_t i = 0; result == 0 && i < config->vip_count; i++)
		result = put_service(program, &config->vips[i], row++, false, view, err);
	for (size_t i = 0; result == 0 && i < config->vip_count; i++) {
		struct config_vip rest = {
			.address = config->vips[i].address, .mss = CONFIG_MSS_AUTO};

		if (!has_row(config, i))
			result = put_service(program, &rest, row++, true, view, err);
	}
	return result;
}
