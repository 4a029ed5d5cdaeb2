// SPDX-License-Identifier: BSD-3-Clause
#include "top.h"

#include <errno.h>
#include <health/health.h>
#include <stdlib.h>
#include <string.h>

const char *top_order_name(enum top_order order)
{
	static const char *const names[TOP_ORDERS] = {[TOP_BY_PACKETS] = "packets",
		[TOP_BY_BITS] = "bits",
		[TOP_BY_NEW_FLOWS] = "new flows",
		[TOP_BY_FLOWS] = "flows",
		[TOP_BY_NAME] = "name",
		[TOP_BY_HEALTH] = "health"};

	return names[order];
}

int top_list_add(struct top_list *list, struct top_item *item)
{
	if (list->count == list->room) {
		size_t room = list->room == 0 ? 64 : 2 * list->room;
		struct top_item **items =
			reallocarray(list->items, room, sizeof(struct top_item *));

		if (items == NULL)
			return -ENOMEM;
		list->items = items;
		list->room = room;
	}
	list->items[list->count++] = item;
	return 0;
}

void top_list_free(struct top_list *list)
{
	free(list->items);
	*list = (struct top_list){0};
}

// The worst comes first: backends that are down, services with the smallest part of their backends.
static uint64_t ill_health(const struct top_item *item)
{
	static const uint8_t ranks[] = {[HEALTH_UNKNOWN] = 1, [HEALTH_UP] = 0, [HEALTH_DOWN] = 2};
	const struct message_row_service *service = &item->row.service;

	if (item->is_service)
		return service->backends == 0
			       ? 0
			       : 1000 - 1000ull * service->backends_usable / service->backends;
	return item->row.backend.health <= HEALTH_DOWN ? ranks[item->row.backend.health] : 0;
}

static uint64_t key_of(const struct top_item *item, enum top_order order)
{
	switch (order) {
	case TOP_BY_PACKETS:
		return item->rates.packets;
	case TOP_BY_BITS:
		return item->rates.bits;
	case TOP_BY_NEW_FLOWS:
		return item->rates.new_flows;
	case TOP_BY_FLOWS:
		return item->is_service ? item->rates.new_flows : item->row.backend.flows;
	case TOP_BY_HEALTH:
		return ill_health(item);
	default:
		return 0;
	}
}

// The largest first, and by name where they are equal.
static int compare(const void *a, const void *b, void *context)
{
	const struct top_item *x = *(struct top_item *const *)a, *y = *(struct top_item *const *)b;
	const struct top_choice *choice = context;
	uint64_t key_x = key_of(x, choice->order), key_y = key_of(y, choice->order);
	int order = key_x != key_y ? (key_x > key_y ? -1 : 1) : strcmp(x->name, y->name);

	return choice->is_reversed ? -order : order;
}

static bool passes(const struct top_item *item, const char *filter)
{
	return strstr(item->name, filter) != NULL ||
	       (item->is_service && strstr(item->row.service.pool, filter) != NULL);
}

int top_list_choose(
	struct top_list *out, const struct top_list *from, const struct top_choice *choice)
{
	struct top_choice copy = *choice;

	*out = (struct top_list){0};
	for (size_t i = 0; i < from->count; i++) {
		if (passes(from->items[i], choice->filter) &&
			top_list_add(out, from->items[i]) != 0)
			return -ENOMEM;
	}
	if (out->count > 0)
		qsort_r(out->items, out->count, sizeof(struct top_item *), compare, &copy);
	return 0;
}
