// SPDX-License-Identifier: BSD-3-Clause
#include <config/config.h>
#include <config/daemon.h>
#include <config/decode.h>
#include <config/schema.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct loader {
	const struct tree *tree;
	struct findings *findings;
	struct daemon_config *config;
};

#define FAULT(l, node, ...) findings_add((l)->findings, tree_place((l)->tree, node), __VA_ARGS__)

static uint32_t entry_at(const struct tree *tree, uint32_t list, uint32_t index)
{
	uint32_t entry = tree_first(tree, list);

	while (index-- > 0)
		entry = tree_next(tree, entry);
	return entry;
}

static void check_workers(struct loader *l)
{
	const struct daemon_config *config = l->config;
	uint32_t list = tree_find(l->tree, TREE_ROOT, "workers.cores");

	for (uint32_t i = 0; i < config->worker_count; i++) {
		uint32_t entry = entry_at(l->tree, list, i), core = config->worker_cores[i];

		if (core == config->control_core && config->idle != DAEMON_IDLE_SLEEP)
			FAULT(l, entry,
				"core %u is the control core: give the worker another one, or let it share by 'idle: sleep'",
				core);
		for (uint32_t j = 0; j < i; j++) {
			if (config->worker_cores[j] != core)
				continue;
			FAULT(l, entry, "core %u has a worker already: one worker a core", core);
			break;
		}
	}
}

// A tap's own end on the wire is an interface, too: 'net_tap0,iface=ftap0'.
static bool is_the_wire(const struct daemon_port *port)
{
	const char *wire = strstr(port->device, ",iface=");
	size_t size = strlen(port->kernel_interface);

	if (wire == NULL || size == 0)
		return false;
	wire += strlen(",iface=");
	return strcspn(wire, ",") == size && strncmp(wire, port->kernel_interface, size) == 0;
}

static void check_port(struct loader *l, uint32_t node, uint32_t index)
{
	const struct daemon_port *port = &l->config->ports[index];

	if (port->vlan == DAEMON_VLAN_SET && port->vlan_id == 0)
		FAULT(l, tree_find(l->tree, node, "vlan"),
			"port '%s': 'vlan: set' needs the vlan_id that its frames carry",
			port->name);
	if (port->vlan != DAEMON_VLAN_SET && port->vlan_id != 0)
		FAULT(l, tree_find(l->tree, node, "vlan_id"),
			"port '%s': a vlan_id is for 'vlan: set' alone", port->name);
	if (is_the_wire(port))
		FAULT(l, tree_find(l->tree, node, "kernel_interface"),
			"port '%s': kernel_interface is the wire's own name: give it another one",
			port->name);
	for (uint32_t i = 0; i < index; i++) {
		const struct daemon_port *other = &l->config->ports[i];

		if (strcmp(port->name, other->name) == 0)
			FAULT(l, tree_find(l->tree, node, "name"), "port '%s' is named twice",
				port->name);
		if (strcmp(port->device, other->device) == 0)
			FAULT(l, tree_find(l->tree, node, "device"),
				"port '%s': its device is that of port '%s'", port->name,
				other->name);
		if (port->kernel_interface[0] != '\0' &&
			strcmp(port->kernel_interface, other->kernel_interface) == 0)
			FAULT(l, tree_find(l->tree, node, "kernel_interface"),
				"port '%s': its kernel_interface is that of port '%s'", port->name,
				other->name);
	}
}

static bool load_ports(struct loader *l)
{
	struct decode decode = {l->tree, l->findings, NULL, &schema_port, 0, 0};
	uint32_t list = tree_find(l->tree, TREE_ROOT, "ports");
	const struct tree_node *ports = list == 0 ? NULL : tree_node(l->tree, list);
	bool good = true;

	if (ports == NULL || ports->kind != TREE_LIST)
		return false;
	if (ports->size == 0 || ports->size > DAEMON_PORTS_MAX) {
		FAULT(l, list, "ports must have 1 to %u entries, not %u", DAEMON_PORTS_MAX,
			ports->size);
		return false;
	}
	for (uint32_t entry = tree_first(l->tree, list); entry != 0;
		entry = tree_next(l->tree, entry)) {
		decode.node = entry;
		decode.ordinal++;
		good &= decode_record(&decode, &l->config->ports[l->config->port_count++]);
	}
	for (uint32_t i = 0; good && i < l->config->port_count; i++)
		check_port(l, entry_at(l->tree, list, i), i);
	return good;
}

static int load(struct findings *findings, const char *text, size_t size, struct daemon_config *out)
{
	struct decode decode = {.findings = findings, .schema = &schema_daemon_file};
	struct loader loader = {.findings = findings, .config = out};
	struct tree *tree = NULL;
	int rc = tree_read(text, size, findings, &tree);

	if (rc != 0)
		return rc;
	decode.tree = loader.tree = tree;
	decode.node = TREE_ROOT;
	if (decode_record(&decode, out))
		check_workers(&loader);
	load_ports(&loader);
	tree_free(tree);
	return 0;
}

int daemon_config_load_text(const char *name, const char *text, size_t size,
	struct daemon_config *out, struct error *err)
{
	struct findings findings = {.files = &name};
	struct daemon_config config;
	int rc = load(&findings, text, size, &config);
	int told = findings_close(&findings, NULL, NULL, err);

	if (rc == -ENOMEM || told == -ENOMEM)
		return error_set(err, ENOMEM, "%s: out of memory", name);
	if (rc == 0 && told == 0)
		*out = config;
	return rc != 0 ? rc : told;
}

int daemon_config_load(const char *path, struct daemon_config *out, struct error *err)
{
	char *text;
	size_t size;
	int rc = tree_read_file(path, CONFIG_TEXT_MAX, &text, &size, err);

	if (rc != 0)
		return rc;
	rc = daemon_config_load_text(path, text, size, out, err);
	free(text);
	return rc;
}
