// SPDX-License-Identifier: BSD-3-Clause
// Which inner sources are refused: what is no client's anywhere, the VIPs, and this host's own
// addresses and networks. Whoever forges a balancer's address could speak as a host inside, and
// have this host answer it.
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "program_private.h"

struct source {
	struct fb_prefix prefix;
	uint32_t value; // enum fb_source
};

struct sources {
	struct source *list;
	size_t count;
};

struct fb_prefix program_prefix(const struct config_prefix *prefix)
{
	return (struct fb_prefix){
		.length = prefix->length + (prefix->address.family == ADDR_IPV4 ? 96 : 0),
		.address = program_address(&prefix->address)};
}

static void add(struct sources *sources, const struct config_prefix *prefix, enum fb_source value)
{
	sources->list[sources->count++] =
		(struct source){.prefix = program_prefix(prefix), .value = value};
}

// RFC 6890: this network, loopback, link-local, multicast, reserved and broadcast.
static void add_nobody(struct sources *sources)
{
	static const char *const nobody[] = {"0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16",
		"224.0.0.0/4", "240.0.0.0/4", "::/128", "::1/128", "fe80::/10", "ff00::/8"};

	for (size_t i = 0; i < sizeof(nobody) / sizeof(nobody[0]); i++) {
		struct prefix prefix;

		if (prefix_parse(nobody[i], &prefix) == 0)
			add(sources,
				&(struct config_prefix){
					.address = prefix.address, .length = prefix.bits},
				FB_SOURCE_NOBODY);
	}
}

static bool is_within(const struct config_prefix *inner, const struct config_prefix *outer)
{
	if (inner->address.family != outer->address.family || inner->length < outer->length)
		return false;
	for (unsigned int bit = 0; bit < outer->length; bit++) {
		unsigned int mask = 0x80U >> bit % 8;

		if ((inner->address.bytes[bit / 8] & mask) !=
			(outer->address.bytes[bit / 8] & mask))
			return false;
	}
	return true;
}

static bool is_host(const struct config_prefix *prefix)
{
	return prefix->length == (prefix->address.family == ADDR_IPV4 ? 32U : 128U);
}

// A network inside one that is allowed is allowed; this host itself is nobody's client.
static bool is_allowed(const struct config *config, const struct config_prefix *network)
{
	for (size_t i = 0; i < config->allowed_count && !is_host(network); i++) {
		if (is_within(network, &config->allowed[i]))
			return true;
	}
	return false;
}

static void add_all(
	struct sources *sources, const struct config *config, const struct host_view *view)
{
	add_nobody(sources);
	for (size_t i = 0; i < config->allowed_count; i++)
		add(sources, &config->allowed[i], FB_SOURCE_ALLOWED);
	for (size_t i = 0; i < config->balancer_count; i++) // they probe through the tunnel
		if (config->balancers[i].length > 0)
			add(sources, &config->balancers[i], FB_SOURCE_ALLOWED);
	for (uint32_t i = 0; i < view->network_count; i++)
		if (!is_allowed(config, &view->networks[i]))
			add(sources, &view->networks[i],
				is_host(&view->networks[i]) ? FB_SOURCE_NOBODY : FB_SOURCE_NETWORK);
	for (size_t i = 0; i < config->vip_count; i++) {
		const struct addr *vip = &config->vips[i].address;

		add(sources, &(struct config_prefix){*vip, vip->family == ADDR_IPV4 ? 32 : 128},
			FB_SOURCE_NOBODY);
	}
}

static int by_prefix(const void *left, const void *right)
{
	return memcmp(&((const struct source *)left)->prefix,
		&((const struct source *)right)->prefix, sizeof(struct fb_prefix));
}

// After a deletion the walk starts anew: the key it went on from is gone.
static void remove_others(int fd, const struct sources *sources)
{
	struct fb_prefix *previous = NULL;
	struct source there = {0};

	while (bpf_map_get_next_key(fd, previous, &there.prefix) == 0) {
		previous = &there.prefix;
		if (bsearch(&there, sources->list, sources->count, sizeof(there), by_prefix) ==
			NULL) {
			bpf_map_delete_elem(fd, &there.prefix);
			previous = NULL;
		}
	}
}

int program_configure_sources(
	int fd, const struct config *config, const struct host_view *view, struct error *err)
{
	struct sources sources = {.list = calloc(FB_SOURCES_MAX, sizeof(*sources.list))};
	int result = 0;

	if (sources.list == NULL)
		return error_set(err, ENOMEM, "out of memory");
	add_all(&sources, config, view);
	// Of two that are the same the later one counts: this host's own address, though it be a
	// balancer's, too.
	for (size_t i = 0; i < sources.count && result == 0; i++)
		if (bpf_map_update_elem(
			    fd, &sources.list[i].prefix, &sources.list[i].value, BPF_ANY) < 0)
			result = error_set(
				err, errno, "an inner source is not taken: %s", strerror(errno));
	qsort(sources.list, sources.count, sizeof(*sources.list), by_prefix);
	remove_others(fd, &sources);
	free(sources.list);
	return result;
}
