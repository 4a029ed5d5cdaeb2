// SPDX-License-Identifier: BSD-3-Clause
#include "config.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

void config_init(struct config *config)
{
	memset(config, 0, sizeof(*config));
	config->manage_addresses = true;
	strcpy(config->pin, CONFIG_PIN_DEFAULT);
}

const char *config_protocol_name(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	default:
		return "*";
	}
}

int config_add_interface(struct config *config, const char *name, struct error *err)
{
	if (name[0] == '\0' || strlen(name) >= IF_NAMESIZE || strpbrk(name, "/ \t\n:") != NULL)
		return error_set(err, EINVAL, "'%s' is no name of an interface", name);
	for (size_t i = 0; i < config->interface_count; i++) {
		if (strcmp(config->interfaces[i], name) == 0)
			return error_set(err, EINVAL, "interface '%s' is named twice", name);
	}
	if (config->interface_count == FB_LINKS_MAX)
		return error_set(err, EINVAL, "more than %d interfaces", FB_LINKS_MAX);
	strcpy(config->interfaces[config->interface_count++], name);
	return 0;
}

int config_set_pin(struct config *config, const char *path, struct error *err)
{
	size_t length = strlen(path);

	while (length > 1 && path[length - 1] == '/')
		length--;
	if (path[0] != '/' || length < 2)
		return error_set(err, EINVAL, "'%s' is no absolute path of a folder", path);
	if (length >= sizeof(config->pin))
		return error_set(err, EINVAL, "the path is longer than %zu characters",
			sizeof(config->pin) - 1);
	memcpy(config->pin, path, length);
	config->pin[length] = '\0';
	return 0;
}

int config_set_metrics(struct config *config, const char *text, struct error *err)
{
	struct endpoint at;

	if (endpoint_parse(text, &at) < 0 || at.port == 0)
		return error_set(err, EINVAL,
			"'%.64s' is no address and port such as 127.0.0.1:9111 or [::1]:9111",
			text);
	config->metrics = at;
	return 0;
}

static const char *where(const struct config_vip *vip, char *text, size_t size)
{
	if (vip->line == 0)
		return "";
	snprintf(text, size, " (line %u)", vip->line);
	return text;
}

// Two entries for one public port, or for one port of the server: the way back must be one.
static int check_pair(const struct config_vip *a, const struct config_vip *b, struct error *err)
{
	char address[ADDR_TEXT_SIZE];
	char line[32];

	if (!addr_equal(&a->address, &b->address) || a->protocol != b->protocol)
		return 0;
	addr_format(&a->address, address, sizeof(address));
	if (a->port == b->port && a->port == 0)
		return error_set(err, EINVAL, "%s, protocol %s, every port, is named twice%s",
			address, config_protocol_name(a->protocol), where(a, line, sizeof(line)));
	if (a->port == b->port)
		return error_set(err, EINVAL, "%s, %s port %u, is named twice%s", address,
			config_protocol_name(a->protocol), a->port, where(a, line, sizeof(line)));
	if (a->target_port == b->target_port && a->port != 0 && b->port != 0)
		return error_set(err, EINVAL,
			"%s: port %u leads to %s port %u, as port %u does%s: replies could not be told apart",
			address, b->port, config_protocol_name(a->protocol), a->target_port,
			a->port, where(a, line, sizeof(line)));
	return 0;
}

int config_add_vip(struct config *config, const struct config_vip *vip, struct error *err)
{
	char address[ADDR_TEXT_SIZE];
	int result;

	if (addr_is_unusable(&vip->address))
		return error_set(err, EINVAL, "%s cannot be a VIP",
			addr_format(&vip->address, address, sizeof(address)));
	for (size_t i = 0; i < config->vip_count; i++) {
		result = check_pair(&config->vips[i], vip, err);
		if (result < 0)
			return result;
	}
	if (config->vip_count == FB_VIPS_MAX)
		return error_set(err, EINVAL, "more than %d VIPs and ports", FB_VIPS_MAX);
	config->vips[config->vip_count++] = *vip;
	return 0;
}

int config_check_complete(const struct config *config, struct error *err)
{
	if (config->interface_count == 0)
		return error_set(err, EINVAL, "no interface is named: interfaces: [eth0]");
	if (config->vip_count == 0)
		return error_set(err, EINVAL, "no VIP is named: vips: [{address: 203.0.113.10}]");
	return 0;
}
