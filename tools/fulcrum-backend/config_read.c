// SPDX-License-Identifier: BSD-3-Clause
// The YAML of the agent: the document is loaded whole, then walked; every error has its position.
#include <base/parse.h>
#include <base/printable.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "config.h"

struct reader {
	yaml_document_t document;
	const char *path;
	struct config *config;
	struct error *err;
};

// One key of a mapping and what reads its value into 'target'.
struct reader_key {
	const char *name;
	int (*read)(struct reader *reader, const yaml_node_t *node, void *target);
};

// What is quoted of the file goes to a terminal and a log.
static int fail_at(struct reader *reader, yaml_mark_t mark)
{
	printable_make(reader->err->text);
	return error_prefix(
		reader->err, EINVAL, "%s:%zu:%zu", reader->path, mark.line + 1, mark.column + 1);
}

static int fail(struct reader *reader, const yaml_node_t *node, const char *sentence)
{
	error_set(reader->err, EINVAL, "%s", sentence);
	return fail_at(reader, node->start_mark);
}

static const yaml_node_t *node_at(struct reader *reader, int index)
{
	return yaml_document_get_node(&reader->document, index);
}

static const char *text_of(const yaml_node_t *node)
{
	return (const char *)node->data.scalar.value;
}

// NULL for what is no scalar, and for one that holds a zero byte.
static const char *read_text(struct reader *reader, const yaml_node_t *node)
{
	if (node->type == YAML_SCALAR_NODE && strlen(text_of(node)) == node->data.scalar.length)
		return text_of(node);
	fail(reader, node, "a single value is wanted here, not a list or a mapping");
	return NULL;
}

static int fail_unknown(
	struct reader *reader, const yaml_node_t *node, const struct reader_key *keys)
{
	char known[256] = "";

	for (const struct reader_key *key = keys; key->name != NULL; key++) {
		size_t used = strlen(known);

		snprintf(known + used, sizeof(known) - used, "%s%s", used > 0 ? ", " : "",
			key->name);
	}
	error_set(reader->err, EINVAL, "unknown key '%.64s'; known are %s", text_of(node), known);
	return fail_at(reader, node->start_mark);
}

static int check_not_twice(
	struct reader *reader, const yaml_node_t *mapping, const yaml_node_pair_t *pair)
{
	const yaml_node_t *key = node_at(reader, pair->key);

	for (const yaml_node_pair_t *before = mapping->data.mapping.pairs.start; before < pair;
		before++) {
		const yaml_node_t *other = node_at(reader, before->key);

		if (strcmp(text_of(other), text_of(key)) == 0) {
			error_set(reader->err, EINVAL, "'%.64s' is given twice (first at line %zu)",
				text_of(key), other->start_mark.line + 1);
			return fail_at(reader, key->start_mark);
		}
	}
	return 0;
}

static int read_mapping(
	struct reader *reader, const yaml_node_t *node, const struct reader_key *keys, void *target)
{
	if (node->type != YAML_MAPPING_NODE)
		return fail(reader, node, "a mapping is wanted here (key: value)");
	for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
		pair < node->data.mapping.pairs.top; pair++) {
		const yaml_node_t *key_node = node_at(reader, pair->key);
		const struct reader_key *key = keys;

		if (read_text(reader, key_node) == NULL || check_not_twice(reader, node, pair) < 0)
			return -EINVAL;
		while (key->name != NULL && strcmp(key->name, text_of(key_node)) != 0)
			key++;
		if (key->name == NULL)
			return fail_unknown(reader, key_node, keys);
		if (key->read(reader, node_at(reader, pair->value), target) < 0)
			return -EINVAL;
	}
	return 0;
}

static int read_list(struct reader *reader, const yaml_node_t *node,
	int (*read)(struct reader *, const yaml_node_t *, void *), void *target)
{
	if (node->type != YAML_SEQUENCE_NODE)
		return fail(reader, node, "a list is wanted here");
	for (const yaml_node_item_t *item = node->data.sequence.items.start;
		item < node->data.sequence.items.top; item++) {
		if (read(reader, node_at(reader, *item), target) < 0)
			return -EINVAL;
	}
	return 0;
}

static int read_bool(struct reader *reader, const yaml_node_t *node, void *target)
{
	const char *text = read_text(reader, node);

	if (text == NULL)
		return -EINVAL;
	if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
		return fail(reader, node, "either true or false is wanted here");
	*(bool *)target = text[0] == 't';
	return 0;
}

static int read_address(struct reader *reader, const yaml_node_t *node, struct addr *out)
{
	const char *text = read_text(reader, node);

	if (text == NULL)
		return -EINVAL;
	if (addr_parse(text, out) == 0)
		return 0;
	error_set(reader->err, EINVAL, "'%.64s' is no IPv4 or IPv6 address", text);
	return fail_at(reader, node->start_mark);
}

static int read_port(struct reader *reader, const yaml_node_t *node, uint16_t *out)
{
	const char *text = read_text(reader, node);
	uint64_t port;

	if (text == NULL)
		return -EINVAL;
	if (parse_u64(text, &port) < 0 || port < 1 || port > 65535) {
		error_set(reader->err, EINVAL, "'%.64s' is no port between 1 and 65535", text);
		return fail_at(reader, node->start_mark);
	}
	*out = port;
	return 0;
}

static int read_vip_address(struct reader *reader, const yaml_node_t *node, void *target)
{
	return read_address(reader, node, &((struct config_vip *)target)->address);
}

static int read_vip_protocol(struct reader *reader, const yaml_node_t *node, void *target)
{
	struct config_vip *vip = target;
	const char *text = read_text(reader, node);

	if (text == NULL)
		return -EINVAL;
	if (strcmp(text, "tcp") == 0)
		vip->protocol = IPPROTO_TCP;
	else if (strcmp(text, "udp") == 0)
		vip->protocol = IPPROTO_UDP;
	else
		return fail(reader, node, "the protocol is either tcp or udp");
	return 0;
}

static int read_vip_port(struct reader *reader, const yaml_node_t *node, void *target)
{
	return read_port(reader, node, &((struct config_vip *)target)->port);
}

static int read_vip_target_port(struct reader *reader, const yaml_node_t *node, void *target)
{
	return read_port(reader, node, &((struct config_vip *)target)->target_port);
}

static int read_vip_mss(struct reader *reader, const yaml_node_t *node, void *target)
{
	struct config_vip *vip = target;
	const char *text = read_text(reader, node);
	uint64_t mss;

	if (text == NULL)
		return -EINVAL;
	if (strcmp(text, "auto") == 0) {
		vip->mss = CONFIG_MSS_AUTO;
	} else if (strcmp(text, "off") == 0) {
		vip->mss = CONFIG_MSS_OFF;
	} else if (parse_u64(text, &mss) == 0 && mss >= 88 && mss <= 65495) {
		vip->mss = mss;
	} else {
		return fail(reader, node, "the MSS is auto, off, or a number from 88 to 65495");
	}
	return 0;
}

static int check_vip(struct reader *reader, const yaml_node_t *node, struct config_vip *vip)
{
	if (vip->address.family == ADDR_NONE)
		return fail(reader, node, "the VIP's 'address' is missing");
	if (vip->port != 0 && vip->protocol == 0)
		return fail(reader, node, "a port wants its 'protocol': tcp or udp");
	if (vip->target_port != 0 && vip->port == 0)
		return fail(reader, node, "a 'target_port' wants the 'port' that is mapped to it");
	if (vip->mss > 0 && vip->protocol == IPPROTO_UDP)
		return fail(reader, node, "an MSS is TCP's: this is protocol udp");
	if (vip->target_port == 0)
		vip->target_port = vip->port;
	return 0;
}

static const struct reader_key vip_keys[] = {{"address", read_vip_address},
	{"protocol", read_vip_protocol}, {"port", read_vip_port},
	{"target_port", read_vip_target_port}, {"mss", read_vip_mss}, {NULL, NULL}};

static int read_vip(struct reader *reader, const yaml_node_t *node, void *target)
{
	struct config_vip vip = {.mss = CONFIG_MSS_AUTO, .line = node->start_mark.line + 1};

	if (read_mapping(reader, node, vip_keys, &vip) < 0 || check_vip(reader, node, &vip) < 0)
		return -EINVAL;
	if (config_add_vip(reader->config, &vip, reader->err) < 0)
		return fail_at(reader, node->start_mark);
	return 0;
}

static int read_interface(struct reader *reader, const yaml_node_t *node, void *target)
{
	const char *text = read_text(reader, node);

	if (text == NULL)
		return -EINVAL;
	if (config_add_interface(reader->config, text, reader->err) < 0)
		return fail_at(reader, node->start_mark);
	return 0;
}

static int read_tunnel(struct reader *reader, const yaml_node_t *node, void *target)
{
	struct addr tunnel;

	if (read_address(reader, node, &tunnel) < 0)
		return -EINVAL;
	if (config_add_tunnel(reader->config, &tunnel, reader->err) < 0)
		return fail_at(reader, node->start_mark);
	return 0;
}

static int read_balancer(struct reader *reader, const yaml_node_t *node, void *target)
{
	const char *text = read_text(reader, node);

	if (text == NULL)
		return -EINVAL;
	if (config_add_balancer(reader->config, text, reader->err) < 0)
		return fail_at(reader, node->start_mark);
	return 0;
}

static int read_allowed(struct reader *reader, const yaml_node_t *node, void *target)
{
	struct config *config = reader->config;
	const char *text = read_text(reader, node);

	if (text == NULL)
		return -EINVAL;
	if (config->allowed_count == FB_ALLOWED_MAX)
		return fail(reader, node, "there are more networks than 4096");
	if (config_parse_prefix(text, &config->allowed[config->allowed_count], reader->err) < 0)
		return fail_at(reader, node->start_mark);
	config->allowed_count++;
	return 0;
}

static int read_allow_sources(struct reader *reader, const yaml_node_t *node, void *target)
{
	return read_list(reader, node, read_allowed, target);
}

static int read_balancers(struct reader *reader, const yaml_node_t *node, void *target)
{
	if (read_list(reader, node, read_balancer, target) < 0)
		return -EINVAL;
	if (reader->config->balancer_count == 0)
		return fail(reader, node,
			"no balancer is named, so no tunnel packet would be taken: name them, or leave the key out and start with --any-source");
	return 0;
}

static int read_interfaces(struct reader *reader, const yaml_node_t *node, void *target)
{
	return read_list(reader, node, read_interface, target);
}

static int read_tunnels(struct reader *reader, const yaml_node_t *node, void *target)
{
	reader->config->tunnels_given = true;
	return read_list(reader, node, read_tunnel, target);
}

static int read_vips(struct reader *reader, const yaml_node_t *node, void *target)
{
	return read_list(reader, node, read_vip, target);
}

static int read_ahead(struct reader *reader, const yaml_node_t *node, void *target)
{
	struct config *config = reader->config;
	const char *text = read_text(reader, node);
	uint64_t priority;

	if (text == NULL)
		return -EINVAL;
	if (config->ahead_count == FB_AHEAD_MAX)
		return fail(reader, node, "there are more filters ahead than 16");
	if (strcmp(text, "tcx") == 0) {
		priority = FB_AHEAD_TCX;
	} else if (strcmp(text, "xdp") == 0) {
		priority = FB_AHEAD_XDP;
	} else if (parse_u64(text, &priority) < 0 || priority < 1 || priority > UINT16_MAX) {
		error_set(reader->err, EINVAL,
			"'%.64s' is no priority of a tc filter (1 to 65535), nor tcx, nor xdp",
			text);
		return fail_at(reader, node->start_mark);
	}
	config->ahead[config->ahead_count++] = (uint32_t)priority;
	return 0;
}

static int read_filters_ahead(struct reader *reader, const yaml_node_t *node, void *target)
{
	return read_list(reader, node, read_ahead, target);
}

static int read_pin(struct reader *reader, const yaml_node_t *node, void *target)
{
	const char *text = read_text(reader, node);

	if (text == NULL)
		return -EINVAL;
	if (config_set_pin(reader->config, text, reader->err) < 0)
		return fail_at(reader, node->start_mark);
	return 0;
}

static int read_metrics(struct reader *reader, const yaml_node_t *node, void *target)
{
	const char *text = read_text(reader, node);

	if (text == NULL)
		return -EINVAL;
	if (config_set_metrics(reader->config, text, reader->err) < 0)
		return fail_at(reader, node->start_mark);
	return 0;
}

static int read_manage_addresses(struct reader *reader, const yaml_node_t *node, void *target)
{
	return read_bool(reader, node, &reader->config->manage_addresses);
}

static const struct reader_key file_keys[] = {{"interfaces", read_interfaces}, {"pin", read_pin},
	{"metrics", read_metrics}, {"manage_addresses", read_manage_addresses},
	{"tunnel_addresses", read_tunnels}, {"balancers", read_balancers},
	{"allow_sources", read_allow_sources}, {"filters_ahead", read_filters_ahead},
	{"vips", read_vips}, {NULL, NULL}};

static int read_document(struct reader *reader)
{
	const yaml_node_t *root = yaml_document_get_root_node(&reader->document);

	if (root == NULL)
		return error_set(reader->err, EINVAL, "%s:1:1: the file is empty", reader->path);
	if (read_mapping(reader, root, file_keys, reader->config) < 0)
		return -EINVAL;
	if (config_check_complete(reader->config, reader->err) < 0)
		return fail_at(reader, root->start_mark);
	return 0;
}

int config_read_stream(struct config *config, FILE *file, const char *name, struct error *err)
{
	struct reader reader = {.path = name, .config = config, .err = err};
	yaml_parser_t parser;
	int result;

	if (!yaml_parser_initialize(&parser))
		return error_set(err, ENOMEM, "%s: out of memory", name);
	yaml_parser_set_input_file(&parser, file);
	if (yaml_parser_load(&parser, &reader.document)) {
		result = read_document(&reader);
		yaml_document_delete(&reader.document);
	} else {
		error_set(err, EINVAL, "%s", parser.problem != NULL ? parser.problem : "no YAML");
		result = fail_at(&reader, parser.problem_mark);
	}
	yaml_parser_delete(&parser);
	return result;
}

int config_read(struct config *config, const char *path, struct error *err)
{
	FILE *file = fopen(path, "re");
	int result;

	if (file == NULL)
		return error_set(err, errno, "%s: cannot be read: %s", path, strerror(errno));
	result = config_read_stream(config, file, path, err);
	fclose(file);
	return result;
}
