// SPDX-License-Identifier: BSD-3-Clause
#include "top.h"

#include <base/clock.h>
#include <channel/channel.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int top_data_init(struct top_data *data)
{
	*data = (struct top_data){0};
	return map_init(&data->map, 64);
}

void top_data_free(struct top_data *data)
{
	struct map_node *next;

	for (struct map_node *node = map_first(&data->map); node != NULL; node = next) {
		next = map_next(&data->map, node);
		map_remove(&data->map, node);
		free(MAP_ENTRY(node, struct top_item, node));
	}
	map_free(&data->map);
	top_list_free(&data->services);
	top_list_free(&data->backends);
}

static struct top_item *find(struct top_data *data, const char *name, bool is_service)
{
	uint32_t hash = map_hash(name, strlen(name));
	struct top_item *item;

	for (struct map_node *node = map_find(&data->map, hash); node != NULL;
		node = map_find_next(node)) {
		item = MAP_ENTRY(node, struct top_item, node);
		if (item->is_service == is_service && strcmp(item->name, name) == 0)
			return item;
	}
	item = calloc(1, sizeof(*item));
	if (item == NULL)
		return NULL;
	snprintf(item->name, sizeof(item->name), "%s", name);
	item->is_service = is_service;
	map_insert(&data->map, &item->node, hash);
	return item;
}

// What came since the last time, a second; 0 where the counter began anew.
static uint64_t rate(uint64_t now, uint64_t before, uint64_t elapsed_ns)
{
	if (now < before || elapsed_ns == 0)
		return 0;
	return (uint64_t)((double)(now - before) * 1e9 / (double)elapsed_ns + 0.5);
}

static void count(struct top_item *item, uint64_t packets, uint64_t bytes, uint64_t new_flows)
{
	uint64_t now_ns = clock_monotonic_ns();
	uint64_t elapsed_ns = item->seen_ns != 0 ? now_ns - item->seen_ns : 0;

	item->rates = (struct top_rates){rate(packets, item->packets, elapsed_ns),
		8 * rate(bytes, item->bytes, elapsed_ns),
		rate(new_flows, item->new_flows, elapsed_ns)};
	item->packets = packets;
	item->bytes = bytes;
	item->new_flows = new_flows;
	item->seen_ns = now_ns;
}

static int take_service(struct top_data *data, const struct message_row_service *row)
{
	char name[CONFIG_NAME_SIZE];
	struct top_item *item;

	snprintf(name, sizeof(name), "%.*s", CONFIG_NAME_SIZE - 1, row->name);
	item = find(data, name, true);
	if (item == NULL)
		return -ENOMEM;
	item->row.service = *row;
	item->round = data->round;
	count(item, row->packets, row->bytes, row->new_flows);
	data->rates.packets += item->rates.packets;
	data->rates.bits += item->rates.bits;
	data->rates.new_flows += item->rates.new_flows;
	return top_list_add(&data->services, item);
}

static int take_backend(struct top_data *data, const struct message_row_backend *row)
{
	char name[2 * CONFIG_NAME_SIZE];
	struct top_item *item;

	snprintf(name, sizeof(name), "%.*s/%.*s", CONFIG_NAME_SIZE - 1, row->pool,
		CONFIG_NAME_SIZE - 1, row->name);
	item = find(data, name, false);
	if (item == NULL)
		return -ENOMEM;
	item->row.backend = *row;
	item->round = data->round;
	count(item, row->packets, row->bytes, row->new_flows);
	return top_list_add(&data->backends, item);
}

// What the workers have in all, while their rows come.
struct workers {
	uint64_t dropped;
	uint64_t flows;
	uint64_t flow_capacity;
};

static int take(
	struct top_data *data, struct workers *workers, const struct channel_message *message)
{
	struct message_row_worker worker;

	switch (message->type) {
	case MESSAGE_ROW_SERVICE:
		return take_service(data, (const void *)message->body);
	case MESSAGE_ROW_BACKEND:
		return take_backend(data, (const void *)message->body);
	case MESSAGE_ROW_DAEMON:
		memcpy(&data->daemon, message->body, sizeof(data->daemon));
		return 0;
	case MESSAGE_ROW_WORKER:
		memcpy(&worker, message->body, sizeof(worker));
		workers->dropped += worker.dropped;
		workers->flows += worker.flows;
		workers->flow_capacity += worker.flow_capacity;
		return 0;
	}
	return -EPROTO;
}

static int show(struct top_data *data, struct workers *workers, struct channel_client *client,
	enum message_show_what what, struct error *err)
{
	const struct message_show request = {.what = what};
	struct channel_message message = {.type = MESSAGE_SHOW, .size = sizeof(request)};
	int rc;

	memcpy(message.body, &request, sizeof(request));
	rc = channel_client_send(client, &message, CHANNEL_SILENCE_MS, err);
	while (rc == 0) {
		rc = channel_client_receive(client, &message, CHANNEL_SILENCE_MS, err);
		if (rc == 0 && message.type == MESSAGE_DONE)
			return 0;
		if (rc == 0)
			rc = take(data, workers, &message);
		else
			return rc;
	}
	return error_set(err, -rc, "%s",
		rc == -ENOMEM ? "out of memory" : "the daemon answered something else");
}

static void take_workers(struct top_data *data, const struct workers *workers)
{
	uint64_t now_ns = clock_monotonic_ns();

	data->drop_rate = data->dropped_ns == 0 ? 0
						: rate(workers->dropped, data->dropped,
							  now_ns - data->dropped_ns);
	data->dropped = workers->dropped;
	data->dropped_ns = now_ns;
	data->flows = workers->flows;
	data->flow_capacity = workers->flow_capacity;
}

static void forget_gone(struct top_data *data)
{
	struct map_node *next;

	for (struct map_node *node = map_first(&data->map); node != NULL; node = next) {
		next = map_next(&data->map, node);
		if (MAP_ENTRY(node, struct top_item, node)->round == data->round)
			continue;
		map_remove(&data->map, node);
		free(MAP_ENTRY(node, struct top_item, node));
	}
}

int top_data_fetch(struct top_data *data, const char *channel, uint32_t wait_ms, struct error *err)
{
	static const enum message_show_what parts[] = {MESSAGE_SHOW_VERSION, MESSAGE_SHOW_WORKERS,
		MESSAGE_SHOW_SERVICES, MESSAGE_SHOW_BACKENDS};
	struct workers workers = {0};
	struct channel_client *client;
	int rc = channel_client_open(channel, wait_ms, &client, err);

	if (rc != 0)
		return rc;
	data->round++;
	data->services.count = 0;
	data->backends.count = 0;
	data->rates = (struct top_rates){0};
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && rc == 0; i++)
		rc = show(data, &workers, client, parts[i], err);
	channel_client_close(client);
	if (rc == 0) {
		take_workers(data, &workers);
		forget_gone(data);
	}
	return rc;
}
