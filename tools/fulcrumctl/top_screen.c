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
#define NAME_LEAST      20
#define BACKEND_COLUMNS 43 // between the name and the reason

enum colour { COLOUR_NONE, COLOUR_GOOD, COLOUR_BAD, COLOUR_WARNING };

// --- The terminal ---

static SCREEN *terminal;
static int name_width; // of both lists; the longest name, or a quarter of the terminal
static bool has_since, has_address; // columns that a wide terminal has room for

#define SINCE_WIDTH   7
#define ADDRESS_WIDTH 17

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
	char vip[ADDR_TEXT_SIZE], place[96], usable[24], rates[64], line[256];
	enum colour colour = row->backends_usable == 0              ? COLOUR_BAD
			     : row->backends_usable < row->backends ? COLOUR_WARNING
								    : COLOUR_GOOD;

	addr_format(&row->vip, vip, sizeof(vip));
	snprintf(place, sizeof(place), "%s %.7s %.31s", vip, row->protocols, row->ports);
	snprintf(usable, sizeof(usable), "%u/%u", row->backends_usable, row->backends);
	put_rates(item, rates, sizeof(rates));
	snprintf(line, sizeof(line), "%-*.*s %8s %s  %s", name_width, name_width, item->name,
		usable, rates, place);
	put_line(y, A_NORMAL, line);
	colour_at(screen, y, name_width + 1, 8, colour);
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

// What a wide terminal has room for.
static void put_more(const struct message_row_backend *row, char *text, size_t size)
{
	char since[16] = "-", address[ADDR_TEXT_SIZE];

	text[0] = '\0';
	if (has_since && row->since_s != 0)
		format_age(row->since_s, clock_wall_s(), since, sizeof(since));
	if (has_since)
		snprintf(text, size, "%*s", SINCE_WIDTH, since);
	if (has_address)
		snprintf(text + strlen(text), size - strlen(text), "  %-*s", ADDRESS_WIDTH - 2,
			addr_format(&row->address, address, sizeof(address)));
}

static void put_backend(const struct top_screen *screen, int y, const struct top_item *item)
{
	const struct message_row_backend *row = &item->row.backend;
	char rates[64], flows[16], reason[sizeof(row->reason) + 1], more[64], line[512];
	enum colour colour;
	const char *status = status_of(row, &colour);

	put_rates(item, rates, sizeof(rates));
	snprintf(reason, sizeof(reason), "%.*s", (int)sizeof(row->reason), row->reason);
	put_more(row, more, sizeof(more));
	snprintf(line, sizeof(line), "%-*.*s %8.8s %s %7s%s  %s", name_width, name_width,
		item->name, status, rates, format_count(row->flows, flows, sizeof(flows)), more,
		view_brief(reason, (size_t)(COLS - name_width - BACKEND_COLUMNS) - strlen(more)));
	put_line(y, A_NORMAL, line);
	colour_at(screen, y, name_width + 1, 8, colour);
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
	char titles[256];
	size_t fits = lines > 1 ? (size_t)lines - 1 : 0;

	if (top_list_choose(&list, panel->all, &screen->choice) != 0)
		list.count = 0;
	if (*first + fits > list.count)
		*first = list.count > fits ? list.count - fits : 0;
	snprintf(titles, sizeof(titles), "%-*s", COLS < 250 ? COLS : 250, panel->titles);
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

static void widen(const struct top_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		int size = (int)strlen(list->items[i]->name);

		if (size > name_width && size <= COLS / 4)
			name_width = size;
		else if (size > name_width)
			name_width = COLS / 4 > NAME_LEAST ? COLS / 4 : NAME_LEAST;
	}
}

static void choose_columns(const struct top_data *data)
{
	name_width = NAME_LEAST;
	widen(&data->services);
	widen(&data->backends);
	has_since = COLS >= name_width + BACKEND_COLUMNS + 30 + SINCE_WIDTH;
	has_address = COLS >= name_width + BACKEND_COLUMNS + 30 + SINCE_WIDTH + ADDRESS_WIDTH;
}

void top_screen_draw(struct top_screen *screen, const struct top_data *data)
{
	char service_titles[160], backend_titles[160];
	const struct panel services = {service_titles, &data->services, put_service};
	const struct panel backends = {backend_titles, &data->backends, put_backend};
	int lines = LINES - HEAD_LINES - 1, above = lines_of_services(data->services.count, lines);

	erase();
	if (LINES < LEAST_LINES || COLS < LEAST_COLUMNS) {
		put_line(0, A_NORMAL, "the terminal is too small; q ends");
		refresh();
		return;
	}
	choose_columns(data);
	snprintf(service_titles, sizeof(service_titles),
		"%-*s   USABLE   PKT/S   BIT/S   NEW/S  VIP", name_width, "SERVICE");
	snprintf(backend_titles, sizeof(backend_titles),
		"%-*s   HEALTH   PKT/S   BIT/S   NEW/S   FLOWS%s%s  WHY", name_width, "BACKEND",
		has_since ? "  SINCE" : "", has_address ? "  ADDRESS        " : "");
	put_head(screen, data);
	draw_panel(screen, &services, screen->is_on_services, &screen->first[0], HEAD_LINES, above);
	draw_panel(screen, &backends, !screen->is_on_services, &screen->first[1],
		HEAD_LINES + above, lines - above);
	put_line(LINES - 1, A_DIM,
		"q quit  s sort  r reverse  / filter  p pause  Tab services/backends  arrows scroll");
	refresh();
}
