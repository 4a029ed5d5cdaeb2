// SPDX-License-Identifier: BSD-3-Clause
#include <config/check_private.h>
#include <config/endpoint.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

// A port of a VIP and protocol belongs to one service, and stands in its list once.

struct claim {
	struct config_endpoint endpoint;
	uint32_t service;
};

static void ports_text(const struct config_endpoint *endpoint, char *text, size_t size)
{
	if (endpoint->first == 0)
		snprintf(text, size, "all ports");
	else if (endpoint->first == endpoint->last)
		snprintf(text, size, "port %u", endpoint->first);
	else
		snprintf(text, size, "ports %u-%u", endpoint->first, endpoint->last);
}

static int ports_compare_place(
	const struct config *config, const struct claim *a, const struct claim *b)
{
	int order =
		addr_compare(&config->services[a->service].vip, &config->services[b->service].vip);

	return order != 0 ? order : (int)a->endpoint.protocol - (int)b->endpoint.protocol;
}

static int ports_by_place(const void *left, const void *right, void *context)
{
	const struct claim *a = left, *b = right;
	int order = ports_compare_place(context, a, b);

	if (order == 0)
		order = (int)a->endpoint.first - (int)b->endpoint.first;
	return order != 0 ? order : check_compare(a->service, b->service);
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
static void ports_overlap(struct check *check, const struct claim *one, const struct claim *other)
{
	bool swap = one->service > other->service;
	const struct claim *later = swap ? one : other, *earlier = swap ? other : one;
	char a[32], b[32], line[CHECK_LINE_SIZE];

	ports_text(&later->endpoint, a, sizeof(a));
	ports_text(&earlier->endpoint, b, sizeof(b));
	if (later->service == earlier->service)
		check_fail(check, RECORD_SERVICE, later->service, port_key(check, later->service),
			": ports: %s overlaps with %s of the same list: give each port once", a, b);
	else
		check_fail(check, RECORD_SERVICE, later->service, port_key(check, later->service),
			" on %s overlaps with service '%s'%s on %s of the same VIP and protocol", a,
			check->config->services[earlier->service].name,
			check_line(check, "", RECORD_SERVICE, earlier->service,
				port_key(check, earlier->service), line),
			b);
}

// Sorted by VIP, protocol and first port.
static void ports_judge(struct check *check, const struct claim *claims, uint32_t count)
{
	const struct claim *widest = NULL; // of those before, the one that reaches furthest

	for (uint32_t i = 0; i < count; i++) {
		const struct claim *claim = &claims[i];

		if (widest == NULL || ports_compare_place(check->config, widest, claim) != 0) {
			widest = claim;
			continue;
		}
		if (claim->endpoint.first <= widest->endpoint.last)
			ports_overlap(check, widest, claim);
		if (claim->endpoint.last > widest->endpoint.last)
			widest = claim;
	}
}

// What the loader refused claims nothing, and a protocol that is named twice claims its ports once.
static uint32_t ports_claimed(struct check *check, uint32_t index)
{
	const struct config_service *service = &check->config->services[index];

	if (check_is_faulty(check, RECORD_SERVICE, index))
		return 0;
	if (service->protocol_count == 2 && service->protocols[0] == service->protocols[1])
		return service->port_count;
	return config_endpoint_count(service);
}

static void ports_check_protocols(struct check *check, uint32_t index)
{
	const struct config_service *service = &check->config->services[index];
	char text[CONFIG_PROTOCOLS_TEXT_SIZE];

	if (service->protocol_count == 2 && service->protocols[0] == service->protocols[1] &&
		!check_is_faulty(check, RECORD_SERVICE, index))
		check_fail(check, RECORD_SERVICE, index, "protocol",
			": protocol: %.3s is named twice", config_protocols_format(service, text));
}

int check_ports(struct check *check)
{
	struct config *config = check->config;
	struct claim *claims;
	size_t count = 0;

	for (uint32_t i = 0; i < config->service_count; i++) {
		ports_check_protocols(check, i);
		count += ports_claimed(check, i);
	}
	claims = calloc(count + 1, sizeof(*claims));
	if (claims == NULL)
		return -ENOMEM;
	count = 0;
	for (uint32_t i = 0; i < config->service_count; i++) {
		uint32_t claimed = ports_claimed(check, i);

		for (uint32_t k = 0; k < claimed; k++)
			claims[count++] =
				(struct claim){config_endpoint(&config->services[i], k), i};
	}
	qsort_r(claims, count, sizeof(*claims), ports_by_place, config);
	ports_judge(check, claims, (uint32_t)count);
	free(claims);
	return 0;
}
