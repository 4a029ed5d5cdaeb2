// SPDX-License-Identifier: BSD-3-Clause
#include "format.h"
#include "top.h"
#include "view.h"

#include <base/clock.h>

#include <curses.h>
#include <errno.h>
#include <health/health.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_LINES     10
#define LEAST_COLUMNS   60
#define HEAD_LINES      3
#define BACKEND_COLUMNS 63 // in front of the reason

enum colour { COLOUR_NONE, COLOUR_GOOD, COLOUR_BAD, COLOUR_WARNING };

// --- The terminal ---

static SCREEN *terminal;

int top_screen_begin(struct top_screen *screen)
{
	terminal = newterm(NULL, stdout, stdin);
	if (terminal == NULL)
		return -EINVAL;
	set_term(terminal);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	set_escdelay(50);
	curs_set(0);
	screen->has_colours = getenv("NO_COLOR") == NULL && has_colors();
	if (screen->has_colours) {
		start_color();
		use_default_colors();
		init_pair(COLOUR_GOOD, COLOR_GREEN, -1);
		init_pair(COLOUR_BAD, COLOR_RED, -1);
		init_pair(COLOUR_WARNING, COLOR_YELLOW, -1);
	}
	return 0;
}

void top_screen_end(void)
{
	endwin();
	delscreen(terminal);
}

// --- Lines ---

// A line of at most the terminal's width, whatever bytes are in it.
static void put_line(int y, attr_t attributes, const char *text)
{
	char line[512];
	size_t size = 0;

	for (; text[size] != '\0' && size < sizeof(line) - 1 && size < (size_t)COLS; size++)
		line[size] = text[size] >= 0x20 && text[size] < 0x7f ? text[size] : '?';
	line[size] = '\0';
	attrset(attributes);
	mvaddstr(y, 0, line);
	attrset(A_NORMAL);
}

static void colour_at(const struct top_screen *screen, int y, int x, int width, enum colour colour)
{
	if (screen->has_colours && colour != COLOUR_NONE && x + width <= COLS)
		mvchgat(y, x, width, A_NORMAL, (short)colour, NULL);
}

static void put_head(const struct top_screen *screen, const struct top_data *data)
{
	char packets[16], bits[16], flows[16], capacity[16], fresh[16], dropped[16], age[16];
	char line[256];

	format_age(data->daemon.started_s, clock_wall_s(), age, sizeof(age));
	snprintf(line, sizeof(line),
		"fulcrumd %.32s, pid %u, up %s, configuration %" PRIu64
		", %zu services, %zu backends",
		data->daemon.version, data->daemon.pid, age, data->daemon.config_version,
		data->services.count, data->backends.count);
	put_line(0, A_BOLD, line);
	snprintf(line, sizeof(line),
		"%s packets/s  %sbit/s  %s new flows/s  %s of %s flows  %s dropped/s",
		format_count(data->rates.packets, packets, sizeof(packets)),
		format_count(data->rates.bits, bits, sizeof(bits)),
		format_count(data->rates.new_flows, fresh, sizeof(fresh)),
		format_count(data->flows, flows, sizeof(flows)),
		format_count(data->flow_capacity, capacity, sizeof(capacity)),
		format_count(data->drop_rate, dropped, sizeof(dropped)));
	put_line(1, A_NORMAL, line);
	if (screen->is_typing)
		snprintf(line, sizeof(line), "filter: %s_", screen->choice.filter);
	else
		snprintf(line, sizeof(line), "by %s%s%s%s%s", top_order_name(screen->choice.order),
			screen->choice.is_reversed ? ", reversed" : "",
			screen->choice.filter[0] != '\0' ? ", filter: " : "", screen->choice.filter,
			screen->is_paused ? ", paused" : "");
	put_line(2, screen->is_typing || screen->is_paused ? A_BOLD : A_NORMAL, line);
	if (screen->trouble[0] != '\0') {
		move(2, 0);
		clrtoeol();
		put_line(2, A_BOLD, screen->trouble);
	}
}

static void put_rates(const struct top_item *item, char *text, size_t size)
{
	char packets[16], bits[16], fresh[16];

	snprintf(text, size, "%7s %7s %7s",
		format_count(item->rates.packets, packets, sizeof(packets)),
		format_count(item->rates.bits, bits, sizeof(bits)),
		format_count(item->rates.new_flows, fresh, sizeof(fresh)));
}

static void put_service(const struct top_screen *screen, int y, const struct top_item *item)
{
	const struct message_row_service *row = &item->row.service;
	char vip[ADDR_TEXT_SIZE], place[64], usable[24], rates[64], line[256];
	enum colour colour = row->backends_usable == 0              ? COLOUR_BAD
			     : row->backends_usable < row->backends ? COLOUR_WARNING
								    : COLOUR_GOOD;

	addr_format(&row->vip, vip, sizeof(vip));
	snprintf(place, sizeof(place), "%s %s %u", vip, row->protocol == CONFIG_TCP ? "tcp" : "udp",
		row->port_first);
	snprintf(usable, sizeof(usable), "%u/%u", row->backends_usable, row->backends);
	put_rates(item, rates, sizeof(rates));
	snprintf(line, sizeof(line), "%-20.20s %8s %s  %s", item->name, usable, rates, place);
	put_line(y, A_NORMAL, line);
	colour_at(screen, y, 21, 8, colour);
}

// Its health, or what the operator wants where that is more.
static const char *status_of(const struct message_row_backend *row, enum colour *colour)
{
	*colour = row->health == HEALTH_UP     ? COLOUR_GOOD
		  : row->health == HEALTH_DOWN ? COLOUR_BAD
					       : COLOUR_WARNING;
	if (row->state == CONFIG_STATE_ACTIVE || row->health == HEALTH_DOWN)
		return view_health(row->health);
	*colour = COLOUR_WARNING;
	return view_state(row->state);
}

// Where "connect to 10.0.1.11:443: connection refused" does not fit, what came of it says more than what was tried.
static const char *brief(const char *reason, size_t room)
{
	const char *end = reason;

	for (const char *at = reason; strlen(reason) > room && (at = strstr(at, ": ")) != NULL;)
		end = at += 2;
	return end;
}

static void put_backend(const struct top_screen *screen, int y, const struct top_item *item)
{
	const struct message_row_backend *row = &item->row.backend;
	char rates[64], flows[16], reason[sizeof(row->reason) + 1], line[256];
	enum colour colour;
	const char *status = status_of(row, &colour);

	put_rates(item, rates, sizeof(rates));
	snprintf(reason, sizeof(reason), "%.*s", (int)sizeof(row->reason), row->reason);
	snprintf(line, sizeof(line), "%-20.20s %8.8s %s %7s  %s", item->name, status, rates,
		format_count(row->flows, flows, sizeof(flows)),
		brief(reason, (size_t)COLS - BACKEND_COLUMNS));
	put_line(y, A_NORMAL, line);
	colour_at(screen, y, 21, 8, colour);
}

// --- The two lists ---

struct panel {
	const char *titles;
	const struct top_list *all;
	void (*put)(const struct top_screen *screen, int y, const struct top_item *item);
};

// 'lines' of the list, its titles among them, from line 'y' on.
static void draw_panel(struct top_screen *screen, const struct panel *panel, bool is_focused,
	size_t *first, int y, int lines)
{
	struct top_list list;
	char titles[160];
	size_t fits = lines > 1 ? (size_t)lines - 1 : 0;

	if (top_list_choose(&list, panel->all, &screen->choice) != 0)
		list.count = 0;
	if (*first + fits > list.count)
		*first = list.count > fits ? list.count - fits : 0;
	snprintf(titles, sizeof(titles), "%-*s", COLS < 150 ? COLS : 150, panel->titles);
	put_line(y, is_focused ? A_REVERSE | A_BOLD : A_REVERSE, titles);
	for (size_t i = 0; i < fits && *first + i < list.count; i++)
		panel->put(screen, y + 1 + (int)i, list.items[*first + i]);
	top_list_free(&list);
}

// Services take what they need, up to a third of the lines.
static int lines_of_services(size_t services, int lines)
{
	return services + 1 < (size_t)lines / 3 ? (int)services + 1 : lines / 3;
}

void top_screen_draw(struct top_screen *screen, const struct top_data *data)
{
	const struct panel services = {"SERVICE                USABLE   PKT/S   BIT/S   NEW/S  VIP",
		&data->services, put_service};
	const struct panel backends = {
		"BACKEND                HEALTH   PKT/S   BIT/S   NEW/S   FLOWS  WHY",
		&data->backends, put_backend};
	int lines = LINES - HEAD_LINES - 1, above = lines_of_services(data->services.count, lines);

	erase();
	if (LINES < LEAST_LINES || COLS < LEAST_COLUMNS) {
		put_line(0, A_NORMAL, "the terminal is too small; q ends");
		refresh();
		return;
	}
	put_head(screen, data);
	draw_panel(screen, &services, screen->is_on_services, &screen->first[0], HEAD_LINES, above);
	draw_panel(screen, &backends, !screen->is_on_services, &screen->first[1],
		HEAD_LINES + above, lines - above);
	put_line(LINES - 1, A_DIM,
		"q quit  s sort  r reverse  / filter  p pause  Tab services/backends  arrows scroll");
	refresh();
}
