// SPDX-License-Identifier: BSD-3-Clause
// Any bytes as the agent's file. What is refused is told with its place, in one printable line;
// what is taken keeps every rule that the programs in the kernel go by.
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "fuzz.h"

static void check_sentence(const char *text)
{
	unsigned int line, column;

	FUZZ_ASSERT(strncmp(text, "f:", 2) == 0);
	FUZZ_ASSERT(sscanf(text, "f:%u:%u: ", &line, &column) == 2 && line > 0 && column > 0);
	for (; *text != '\0'; text++)
		FUZZ_ASSERT((uint8_t)*text >= 0x20 && *text != 0x7f);
}

static void check_vip(const struct config *config, size_t index)
{
	const struct config_vip *vip = &config->vips[index];

	FUZZ_ASSERT(vip->address.family == ADDR_IPV4 || vip->address.family == ADDR_IPV6);
	FUZZ_ASSERT(!addr_is_unusable(&vip->address));
	FUZZ_ASSERT(
		vip->protocol == 0 || vip->protocol == IPPROTO_TCP || vip->protocol == IPPROTO_UDP);
	FUZZ_ASSERT(vip->port == 0 ? vip->target_port == 0
				   : vip->protocol != 0 && vip->target_port != 0);
	FUZZ_ASSERT(vip->mss >= CONFIG_MSS_AUTO && vip->mss <= 65495);
	for (size_t i = 0; i < config->tunnel_count; i++)
		FUZZ_ASSERT(!addr_equal(&config->tunnels[i], &vip->address));
	// A reply leads back to one public port.
	for (size_t i = 0; i < index; i++) {
		const struct config_vip *other = &config->vips[i];

		if (addr_equal(&other->address, &vip->address) && other->protocol == vip->protocol)
			FUZZ_ASSERT(other->port != vip->port &&
				    (other->port == 0 || vip->port == 0 ||
					    other->target_port != vip->target_port));
	}
}

static void check_taken(const struct config *config)
{
	FUZZ_ASSERT(config->interface_count > 0 && config->interface_count <= FB_LINKS_MAX);
	FUZZ_ASSERT(config->vip_count > 0 && config->vip_count <= FB_VIPS_MAX);
	FUZZ_ASSERT(config->tunnel_count <= FB_TUNNELS_MAX);
	FUZZ_ASSERT(
		config->balancer_count > 0 || (config->tunnels_given && config->tunnel_count == 0));
	FUZZ_ASSERT(config->ahead_count <= FB_AHEAD_MAX && config->allowed_count <= FB_ALLOWED_MAX);
	FUZZ_ASSERT(
		config->pin[0] == '/' && memchr(config->pin, '\0', sizeof(config->pin)) != NULL);
	for (size_t i = 0; i < config->interface_count; i++)
		FUZZ_ASSERT(strlen(config->interfaces[i]) > 0);
	for (size_t i = 0; i < config->balancer_count; i++)
		FUZZ_ASSERT(config->balancers[i].length > 0 && config->balancers[i].length <= 128);
	for (size_t i = 0; i < config->vip_count; i++)
		check_vip(config, i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config config;
	struct error err = {""};
	FILE *file = size == 0 ? NULL : fmemopen((void *)(uintptr_t)data, size, "r");

	if (file == NULL)
		return 0;
	config_init(&config);
	if (config_read_stream(&config, file, "f", &err) == 0)
		check_taken(&config);
	else
		check_sentence(err.text);
	fclose(file);
	return 0;
}
