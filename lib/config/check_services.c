// SPDX-License-Identifier: BSD-3-Clause
#include <config/check_private.h>
#include <config/schema.h>
#include <config/suggest.h>
#include <config/value.h>

#include <stdio.h>
#include <string.h>

static void pool_is_missing(struct check *check, uint32_t index, const char *name)
{
	struct suggest suggest = suggest_for(name);

	if (name[0] == '\0' || (check->origins != NULL && check->origins->pool_names_missing))
		return;
	for (uint32_t i = 0; i < check->config->pool_count; i++)
		suggest_offer(&suggest, check->config->pools[i].name);
	if (suggest.best != NULL)
		check_fail(check, RECORD_SERVICE, index, "pool",
			": there is no pool '%s': did you mean '%s'?", name, suggest.best);
	else
		check_fail(check, RECORD_SERVICE, index, "pool",
			": there is no pool '%s': add it under pools", name);
}

static void check_pool_of(struct check *check, uint32_t index)
{
	struct config_service *service = &check->config->services[index];
	uint32_t pool = check_find_pool(check, service->pool);

	if (pool == CHECK_NONE) {
		pool_is_missing(check, index, service->pool);
		pool = 0;
	} else {
		if (check->first_service[pool] == CHECK_NONE)
			check->first_service[pool] = index;
		if (check->first_half_open[pool] == CHECK_NONE &&
			config_half_open_port(service, &check->config->pools[pool]) != 0)
			check->first_half_open[pool] = index;
	}
	service->pool_index = pool;
}

static void ports_text(const struct config_service *service, char *text, size_t size)
{
	if (service->port_first == 0)
		snprintf(text, size, "all ports");
	else if (service->port_first == service->port_last)
		snprintf(text, size, "port %u", service->port_first);
	else
		snprintf(text, size, "ports %u-%u", service->port_first, service->port_last);
}

static void check_target_port(struct check *check, uint32_t index)
{
	const struct config_service *service = &check->config->services[index];
	char ports[32];

	if (service->target_port == 0 || service->port_first == service->port_last)
		return;
	ports_text(service, ports, sizeof(ports));
	check_fail(check, RECORD_SERVICE, index, "target_port",
		": target_port needs a single port, not %s", ports);
}

// --- Two services never share a port ---

static int compare_place(const struct config_service *a, const struct config_service *b)
{
	int order = addr_compare(&a->vip, &b->vip);

	return order != 0 ? order : (int)a->protocol - (int)b->protocol;
}

static int by_place(const void *left, const void *right, void *context)
{
	const struct config_service *services = ((struct check *)context)->config->services;
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	int order = compare_place(&services[a], &services[b]);

	if (order == 0)
		order = (int)services[a].port_first - (int)services[b].port_first;
	return order != 0 ? order : check_compare(a, b);
}

static const char *port_key(const struct check *check, uint32_t index)
{
	const struct origins *origins = check->origins;

	if (origins == NULL)
		return "port";
	return tree_find(origins->tree, origins->nodes[RECORD_SERVICE][index] & ~RECORD_FAULTY,
		       "port") != 0
		       ? "port"
		       : "ports";
}

// The one that stands further down in the file is told, and names the other.
static void overlap(struct check *check, uint32_t one, uint32_t other)
{
	uint32_t later = one > other ? one : other, earlier = one > other ? other : one;
	const struct config_service *a = &check->config->services[later];
	const struct config_service *b = &check->config->services[earlier];
	char a_ports[32], b_ports[32], line[CHECK_LINE_SIZE];

	ports_text(a, a_ports, sizeof(a_ports));
	ports_text(b, b_ports, sizeof(b_ports));
	check_fail(check, RECORD_SERVICE, later, port_key(check, later),
		" on %s overlaps with service '%s'%s on %s of the same VIP and protocol", a_ports,
		b->name,
		check_line(check, "", RECORD_SERVICE, earlier, port_key(check, earlier), line),
		b_ports);
}

static void check_overlaps(struct check *check)
{
	const struct config *config = check->config;
	uint32_t *order = check->services_by_place;
	uint32_t widest = CHECK_NONE; // of those before, the one that reaches furthest

	check_sort(check, order, config->service_count, by_place);
	for (uint32_t i = 0; i < config->service_count; i++) {
		const struct config_service *service = &config->services[order[i]];
		const struct config_service *before =
			widest == CHECK_NONE ? NULL : &config->services[widest];

		if (check_is_faulty(check, RECORD_SERVICE, order[i]))
			continue;
		if (before == NULL || compare_place(before, service) != 0) {
			widest = order[i];
			continue;
		}
		if (service->port_first <= before->port_last)
			overlap(check, widest, order[i]);
		if (service->port_last > before->port_last)
			widest = order[i];
	}
}

// --- One VIP is announced in one way ---

static const char *mode_text(const struct config_service *service, char text[VALUE_TEXT_SIZE])
{
	const struct schema *schema = schema_find(&schema_service, "announce")->child;

	return value_format(schema_find(schema, "mode"), &service->announce, text, VALUE_TEXT_SIZE);
}

// As for overlaps: the one that stands further down is told.
static void modes_differ(struct check *check, uint32_t one, uint32_t other)
{
	uint32_t later = one > other ? one : other, earlier = one > other ? other : one;
	const struct config_service *a = &check->config->services[later];
	const struct config_service *b = &check->config->services[earlier];
	char a_mode[VALUE_TEXT_SIZE], b_mode[VALUE_TEXT_SIZE], line[CHECK_LINE_SIZE];

	check_fail(check, RECORD_SERVICE, later, "announce.mode",
		": announce: mode is %s, but service '%s'%s announces the same VIP with mode %s: give them the same",
		mode_text(a, a_mode), b->name,
		check_line(check, "", RECORD_SERVICE, earlier, "announce.mode", line),
		mode_text(b, b_mode));
}

// Services of one VIP stand together in this order.
static void check_announcements(struct check *check)
{
	const struct config *config = check->config;
	const uint32_t *order = check->services_by_place;
	uint32_t first = CHECK_NONE;

	for (uint32_t i = 0; i < config->service_count; i++) {
		const struct config_service *service = &config->services[order[i]];

		if (check_is_faulty(check, RECORD_SERVICE, order[i]))
			continue;
		if (first == CHECK_NONE || !addr_equal(&config->services[first].vip, &service->vip))
			first = order[i];
		else if (config->services[first].announce.mode != service->announce.mode)
			modes_differ(check, first, order[i]);
	}
}

// An announced VIP would be withdrawn at once.
static void check_quorums(struct check *check, uint32_t index)
{
	const struct config_announce *announce = &check->config->services[index].announce;
	uint16_t up = config_quorum(announce, false), down = config_quorum(announce, true);

	if (down > up)
		check_fail(check, RECORD_SERVICE, index,
			announce->quorum_down != 0 ? "announce.quorum_down" : "announce.quorum_up",
			": announce: %s %u is more than %s %u: what brings a VIP must be enough to keep it",
			announce->quorum_down != 0 ? "quorum_down" : "quorum", down,
			announce->quorum_up != 0 ? "quorum_up" : "quorum", up);
}

void check_services(struct check *check)
{
	const struct config *config = check->config;

	check_list_all(check->services_by_name, check->config->service_count);
	check_names(check, RECORD_SERVICE, check->services_by_name, check->config->service_count);
	for (uint32_t i = 0; i < config->pool_count; i++)
		check->first_service[i] = check->first_half_open[i] = CHECK_NONE;
	for (uint32_t i = 0; i < config->service_count; i++) {
		check_pool_of(check, i);
		if (!check_is_faulty(check, RECORD_SERVICE, i))
			check_target_port(check, i);
		if (!check_is_faulty(check, RECORD_SERVICE, i))
			check_quorums(check, i);
	}
	check_overlaps(check);
	check_announcements(check);
}
