// SPDX-License-Identifier: BSD-3-Clause
#include "backend.h"
#include "watch.h"

#include <base/parse.h>
#include <base/printable.h>

#include <stdio.h>
#include <string.h>

// One look at the backends.
struct look {
	const char *const *names;
	uint32_t count;
	const struct message_backend_select *all;
	uint32_t selected; // that are there
	uint32_t draining;
	struct message_row_backend last; // of those that drain
	uint64_t flows; // of all of them
	uint32_t oldest_s;
	uint32_t left_s; // to the latest deadline
};

static bool is_selected(const struct look *look, const struct message_row_backend *row)
{
	const struct message_backend_select *all = look->all;
	char whole[2 * CONFIG_NAME_SIZE + 1];

	snprintf(whole, sizeof(whole), "%s/%s", row->pool, row->name);
	for (uint32_t i = 0; i < look->count; i++)
		if (strcmp(look->names[i], row->name) == 0 || strcmp(look->names[i], whole) == 0)
			return true;
	return look->count == 0 && (all->zone[0] == '\0' || strcmp(all->zone, row->zone) == 0) &&
	       (all->pool[0] == '\0' || strcmp(all->pool, row->pool) == 0) &&
	       (all->address.family == ADDR_NONE || addr_equal(&all->address, &row->address));
}

static int take_row(void *context, uint16_t type, const void *body, uint32_t size)
{
	struct look *look = context;
	struct message_row_backend row;

	if (type != MESSAGE_ROW_BACKEND)
		return CTL_OK;
	memcpy(&row, body, sizeof(row));
	if (!is_selected(look, &row))
		return CTL_OK;
	look->selected++;
	if (row.state != CONFIG_STATE_DRAINING)
		return CTL_OK;
	look->draining++;
	look->last = row;
	look->flows += row.flows;
	if (row.oldest_s > look->oldest_s)
		look->oldest_s = row.oldest_s;
	if (row.drain_left_s > look->left_s)
		look->left_s = row.drain_left_s;
	return CTL_OK;
}

static void print_look(const struct look *look)
{
	char oldest[32], left[32], who[2 * CONFIG_NAME_SIZE + 2];
	bool has_flows = look->flows > 0, has_end = look->left_s > 0;

	if (look->draining == 1)
		snprintf(who, sizeof(who), "%.*s/%.*s", (int)sizeof(look->last.pool),
			look->last.pool, (int)sizeof(look->last.name), look->last.name);
	else
		snprintf(who, sizeof(who), "%u backends", look->draining);
	format_duration_ms(look->oldest_s * 1000ull, oldest, sizeof(oldest));
	format_duration_ms(look->left_s * 1000ull, left, sizeof(left));
	printable_line(stdout, "%s: %lu connections%s%s%s%s%s", who, look->flows,
		has_flows ? ", the oldest for " : "", has_flows ? oldest : "", has_end ? ", " : "",
		has_end ? left : "", has_end ? " to the deadline" : "");
	fflush(stdout);
}

int backend_watch(const struct ctl *ctl, const char *const *names, uint32_t count,
	const struct message_backend_select *all)
{
	const struct message_show show = {.what = MESSAGE_SHOW_BACKENDS};

	watch_begin();
	for (;;) {
		struct look look = {.names = names, .count = count, .all = all};
		int status =
			session_ask(ctl, MESSAGE_SHOW, &show, sizeof(show), take_row, &look, NULL);

		if (status != CTL_OK)
			return status;
		if (look.draining == 0) {
			printf("%s drained any more\n",
				count == 1 ? "the backend is not" : "none of the backends is");
			return CTL_OK;
		}
		print_look(&look);
		if (look.flows == 0)
			return CTL_OK;
		if (!watch_wait(1000))
			return CTL_OK;
	}
}
