// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUMCTL_TOP_H
#define FULCRUMCTL_TOP_H

#include "ctl.h"

#include <base/error.h>
#include <base/map.h>
#include <channel/message.h>
#include <stddef.h>

// The live screen: what is there (top_data.c), what of it is looked at (top_list.c), how it is
// drawn (top_screen.c), and the keys (top.c). One thread.

// --- top_data.c: services and backends with their rates ---

struct top_rates {
	uint64_t packets; // a second
	uint64_t bits;
	uint64_t new_flows;
};

// A service or a backend, as long as the daemon has it.
struct top_item {
	struct map_node node;
	char name[2 * CONFIG_NAME_SIZE]; // a backend's is "pool/backend"
	bool is_service;
	uint32_t round; // in which it was last seen
	uint64_t seen_ns;
	uint64_t packets; // totals
	uint64_t bytes;
	uint64_t new_flows;
	struct top_rates rates;
	union {
		struct message_row_service service;
		struct message_row_backend backend;
	} row;
};

struct top_list {
	struct top_item **items;
	size_t count;
	size_t room;
};

struct top_data {
	struct map map; // of all items, by name
	struct top_list services; // as the daemon has them
	struct top_list backends;
	struct top_rates rates; // of all services together
	struct message_row_daemon daemon;
	uint32_t round; // counts what was fetched whole
	uint64_t dropped; // by all workers, in all
	uint64_t dropped_ns;
	uint64_t drop_rate; // a second
	uint64_t flows;
	uint64_t flow_capacity;
};

int top_data_init(struct top_data *data); // 0 or -ENOMEM
void top_data_free(struct top_data *data);
// Asks the daemon for everything, in a session of its own, so that others get theirs between two of
// them. 0, or a negative errno with the sentence: then nothing more than a part is new.
int top_data_fetch(struct top_data *data, const char *channel, uint32_t wait_ms, struct error *err);

// --- top_list.c: the order, and what of it is looked at ---

enum top_order {
	TOP_BY_PACKETS,
	TOP_BY_BITS,
	TOP_BY_NEW_FLOWS,
	TOP_BY_FLOWS,
	TOP_BY_NAME,
	TOP_BY_HEALTH,
	TOP_ORDERS
};

struct top_choice {
	enum top_order order;
	bool is_reversed;
	char filter[40]; // a part of the name, or of the pool's
};

const char *top_order_name(enum top_order order);
// The items that the choice lets through, in its order. 0 or -ENOMEM.
int top_list_choose(
	struct top_list *out, const struct top_list *from, const struct top_choice *choice);
int top_list_add(struct top_list *list, struct top_item *item);
void top_list_free(struct top_list *list);

// --- top_screen.c: curses ---

struct top_screen {
	struct top_choice choice;
	bool is_paused;
	bool is_typing; // the filter
	bool has_colours;
	bool is_on_services; // these keys move: the list of services, or else that of backends
	size_t first[2]; // the first line shown: of services, of backends
	uint32_t delay_ms;
	char trouble[ERROR_SIZE]; // why there is nothing new; ""
};

// 0, or -EINVAL where the terminal cannot do it.
int top_screen_begin(struct top_screen *screen);
void top_screen_end(void); // gives the terminal back as it was
void top_screen_draw(struct top_screen *screen, const struct top_data *data);

#endif
