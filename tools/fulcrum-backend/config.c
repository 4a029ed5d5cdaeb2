// SPDX-License-Identifier: BSD-3-Clause
#include "config.h"

#include <base/parse.h>

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

static bool is_for_nobody(const struct addr *address)
{
	return addr_is_unusable(address) || addr_is_link_local(address);
}

// As the kernel's dev_valid_name(), and nothing that a terminal would obey.
static bool is_interface_name(const char *name)
{
	for (const char *c = name; *c != '\0'; c++) {
		if ((uint8_t)*c <= ' ' || *c == 0x7f || *c == '/' || *c == ':')
			return false;
	}
	return name[0] != '\0' && strlen(name) < IF_NAMESIZE && strcmp(name, ".") != 0 &&
	       strcmp(name, "..") != 0;
}

int config_add_interface(struct config *config, const char *name, struct error *err)
{
	if (!is_interface_name(name))
		return error_set(err, EINVAL, "'%s' is no name of an interface", name);
	if (strcmp(name, "lo") == 0)
		return error_set(err, EINVAL,
			"lo is no interface that packets of clients come in by: name the one towards the balancer");
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

static bool has_host_bits(const struct config_prefix *prefix, unsigned int bits)
{
	for (unsigned int bit = prefix->length; bit < bits; bit++) {
		if (prefix->address.bytes[bit / 8] & (0x80 >> bit % 8))
			return true;
	}
	return false;
}

int config_parse_prefix(const char *text, struct config_prefix *out, struct error *err)
{
	size_t size = strcspn(text, "/");
	char address[ADDR_TEXT_SIZE];
	unsigned int bits = 0;
	uint64_t length;

	if (size < sizeof(address)) {
		memcpy(address, text, size);
		address[size] = '\0';
		if (addr_parse(address, &out->address) == 0)
			bits = out->address.family == ADDR_IPV6 ? 128 : 32;
	}
	length = bits;
	if (bits > 0 && text[size] == '/' &&
		(parse_u64(text + size + 1, &length) < 0 || length > bits))
		bits = 0;
	out->length = (unsigned int)length;
	if (bits == 0 || has_host_bits(out, bits))
		return error_set(err, EINVAL,
			"'%.64s' is no address and no prefix such as 10.0.0.0/24", text);
	return 0;
}

int config_add_balancer(struct config *config, const char *text, struct error *err)
{
	struct config_prefix prefix;
	int result = config_parse_prefix(text, &prefix, err);

	if (result < 0)
		return result;
	if (prefix.length == 0 && !config->any_source)
		return error_set(err, EINVAL,
			"%.64s is everybody: name the balancers (--any-source: from anybody, on purpose)",
			text);
	if (prefix.length > 0 && is_for_nobody(&prefix.address))
		return error_set(err, EINVAL, "%.64s cannot be a balancer", text);
	if (config->balancer_count == FB_BALANCERS_MAX)
		return error_set(err, EINVAL, "more than %d balancers", FB_BALANCERS_MAX);
	config->balancers[config->balancer_count++] = prefix;
	return 0;
}

// A mapped port beside all ports as they are: the server's port would be one of the latter, and a
// reply from it both.
static int check_beside_all(
	const struct config_vip *mapped, const struct config_vip *all, struct error *err)
{
	char address[ADDR_TEXT_SIZE];

	if (!addr_equal(&mapped->address, &all->address) || all->port != 0 ||
		mapped->port == mapped->target_port ||
		(all->protocol != 0 && all->protocol != mapped->protocol))
		return 0;
	return error_set(err, EINVAL,
		"%s: port %u leads to %s port %u%s, but every port is served as it is, too%s: replies from port %u "
		"could not be told apart; name the ports one by one",
		addr_format(&mapped->address, address, sizeof(address)), mapped->port,
		config_protocol_name(mapped->protocol), mapped->target_port,
		where(mapped, (char[32]){0}, 32), where(all, (char[32]){0}, 32),
		mapped->target_port);
}

static int check_no_tunnel(const struct config *config, const struct addr *vip, struct error *err)
{
	char address[ADDR_TEXT_SIZE];

	for (size_t i = 0; i < config->tunnel_count; i++) {
		if (addr_equal(&config->tunnels[i], vip))
			return error_set(err, EINVAL,
				"%s is a tunnel address and a VIP: the balancer's outer header goes to the "
				"host's own address, the inner one to the VIP",
				addr_format(vip, address, sizeof(address)));
	}
	return 0;
}

int config_add_tunnel(struct config *config, const struct addr *tunnel, struct error *err)
{
	char address[ADDR_TEXT_SIZE];

	addr_format(tunnel, address, sizeof(address));
	if (is_for_nobody(tunnel))
		return error_set(err, EINVAL, "%s cannot be a tunnel's end", address);
	if (config->tunnel_count == FB_TUNNELS_MAX)
		return error_set(err, EINVAL, "more than %d tunnel addresses", FB_TUNNELS_MAX);
	config->tunnels[config->tunnel_count++] = *tunnel;
	for (size_t i = 0; i < config->vip_count; i++) {
		int result = check_no_tunnel(config, &config->vips[i].address, err);

		if (result < 0)
			return result;
	}
	return 0;
}

int config_add_vip(struct config *config, const struct config_vip *vip, struct error *err)
{
	char address[ADDR_TEXT_SIZE];
	int result;

	if (is_for_nobody(&vip->address))
		return error_set(err, EINVAL, "%s cannot be a VIP",
			addr_format(&vip->address, address, sizeof(address)));
	for (size_t i = 0; i < config->vip_count; i++) {
		result = check_pair(&config->vips[i], vip, err);
		if (result == 0)
			result = check_beside_all(&config->vips[i], vip, err);
		if (result == 0)
			result = check_beside_all(vip, &config->vips[i], err);
		if (result < 0)
			return result;
	}
	result = check_no_tunnel(config, &vip->address, err);
	if (result < 0)
		return result;
	if (config->vip_count == FB_VIPS_MAX)
		return error_set(err, EINVAL, "more than %d VIPs and ports", FB_VIPS_MAX);
	config->vips[config->vip_count++] = *vip;
	return 0;
}

static bool has_no_tunnel(const struct config *config)
{
	return config->tunnels_given && config->tunnel_count == 0;
}

int config_check_complete(const struct config *config, struct error *err)
{
	if (config->interface_count == 0)
		return error_set(err, EINVAL, "no interface is named: interfaces: [eth0]");
	if (config->vip_count == 0)
		return error_set(err, EINVAL, "no VIP is named: vips: [{address: 203.0.113.10}]");
	if (config->balancer_count == 0 && !config->any_source && !has_no_tunnel(config))
		return error_set(err, EINVAL,
			"no balancer is named, so anybody could send tunnel packets, with any address inside: "
			"balancers: [10.0.0.2], or --balancer 10.0.0.2 (--any-source: from anybody, on purpose)");
	return 0;
}
