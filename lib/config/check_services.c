// SPDX-License-Identifier: BSD-3-Clause
#include <config/check_private.h>
#include <config/endpoint.h>
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

static void check_target_port(struct check *check, uint32_t index)
{
	const struct config_service *service = &check->config->services[index];
	char ports[CONFIG_PORTS_TEXT_SIZE];

	if (service->target_port == 0 || config_has_single_port(service))
		return;
	if (service->ports[0][0] == 0)
		check_fail(check, RECORD_SERVICE, index, "target_port",
			": target_port needs a single port, not %s", "all ports");
	else
		check_fail(check, RECORD_SERVICE, index, "target_port",
			": target_port needs a single port, not ports %s",
			config_ports_format(service, ports));
}

// --- One VIP is announced in one way ---

static int by_vip(const void *left, const void *right, void *context)
{
	const struct config_service *services = ((struct check *)context)->config->services;
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	int order = addr_compare(&services[a].vip, &services[b].vip);

	return order != 0 ? order : check_compare(a, b);
}

static const char *mode_text(const struct config_service *service, char text[VALUE_TEXT_SIZE])
{
	const struct schema *schema = schema_find(&schema_service, "announce")->child;

	return value_format(schema_find(schema, "mode"), &service->announce, text, VALUE_TEXT_SIZE);
}

static const char *metric_text(const struct config_service *service, char text[16])
{
	snprintf(text, 16, "%u", service->announce.metric);
	return service->announce.metric == 0 ? "none" : text;
}

static void metrics_differ(struct check *check, uint32_t one, uint32_t other)
{
	uint32_t later = one > other ? one : other, earlier = one > other ? other : one;
	const struct config_service *a = &check->config->services[later];
	const struct config_service *b = &check->config->services[earlier];
	char a_text[16], b_text[16], line[CHECK_LINE_SIZE];

	check_fail(check, RECORD_SERVICE, later, "announce.metric",
		": announce: metric is %s, but service '%s'%s announces the same VIP with metric %s: give them the same",
		metric_text(a, a_text), b->name,
		check_line(check, "", RECORD_SERVICE, earlier, "announce.metric", line),
		metric_text(b, b_text));
}

// The one that stands further down in the file is told, and names the other.
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

static void check_announcements(struct check *check)
{
	const struct config *config = check->config;
	const uint32_t *order = check->services_by_vip;
	uint32_t first = CHECK_NONE;

	for (uint32_t i = 0; i < config->service_count; i++) {
		const struct config_service *service = &config->services[order[i]];

		if (check_is_faulty(check, RECORD_SERVICE, order[i]))
			continue;
		if (first == CHECK_NONE || !addr_equal(&config->services[first].vip, &service->vip))
			first = order[i];
		else if (config->services[first].announce.mode != service->announce.mode)
			modes_differ(check, first, order[i]);
		else if (config->services[first].announce.metric != service->announce.metric)
			metrics_differ(check, first, order[i]);
	}
}

static void check_metric(struct check *check, uint32_t index)
{
	const struct config_service *service = &check->config->services[index];
	char mode[VALUE_TEXT_SIZE];

	if (service->announce.metric != 0 && service->announce.mode != CONFIG_ANNOUNCE_ROUTE)
		check_fail(check, RECORD_SERVICE, index, "announce.metric",
			": announce: metric is a route's, and mode is %s: leave it out, or announce by mode: route",
			mode_text(service, mode));
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
		if (!check_is_faulty(check, RECORD_SERVICE, i))
			check_metric(check, i);
	}
	check_sort(check, check->services_by_vip, config->service_count, by_vip);
	check_announcements(check);
}
