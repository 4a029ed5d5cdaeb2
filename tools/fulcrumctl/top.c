// SPDX-License-Identifier: BSD-3-Clause
#include "top.h"
#include "session.h"

#include <base/clock.h>
#include <base/parse.h>

#include <curses.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define KEY_ESCAPE 27
#define LOCK_MS    500 // for another fulcrumctl to finish; meanwhile no key is seen

struct arguments {
	uint32_t delay_ms;
};

static const struct argp_option options[] = {
	{"delay", 'd', "TIME", 0, "From one look to the next (default: 1s)", 0},
	{0},
};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
	struct arguments *arguments = state->input;
	uint64_t delay_ms;

	switch (key) {
	case 'd':
		if (parse_duration_ms(value, &delay_ms) < 0 || delay_ms < 100 || delay_ms > 3600000)
			argp_error(state, "--delay: '%s' is no time from 100ms to 1h", value);
		else
			arguments->delay_ms = (uint32_t)delay_ms;
		return 0;
	}
	return ctl_refuse_word(key, value, state);
}

const struct argp argp_top = {options, parse_option, "",
	"Shows services and backends live: packets, bits and new flows a second, flows and health.\v"
	"Keys: q ends; s takes the next order, r reverses it; / asks for a part of the names to show, Enter takes "
	"it, Esc shows all; p or the space bar stops the clock; Tab goes from the services to the backends "
	"and back; arrows, PgUp, PgDn, Home and End scroll. Bits are those of the clients' IP packets.",
	0, 0, 0};

static volatile sig_atomic_t is_asked_to_end;

static void ask_to_end(int signal)
{
	is_asked_to_end = 1;
}

static void catch_signals(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	struct sigaction action = {.sa_handler = ask_to_end};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
}

// --- Keys ---

static void type(struct top_screen *screen, int key)
{
	char *filter = screen->choice.filter;
	size_t size = strlen(filter);

	if (key == KEY_ESCAPE)
		filter[0] = '\0';
	if (key == KEY_ESCAPE || key == '\n' || key == '\r' || key == KEY_ENTER)
		screen->is_typing = false;
	else if ((key == KEY_BACKSPACE || key == 127 || key == '\b') && size > 0)
		filter[size - 1] = '\0';
	else if (key > ' ' && key < 127 && size + 1 < sizeof(screen->choice.filter)) {
		filter[size] = (char)key;
		filter[size + 1] = '\0';
	}
}

// By so many lines; the screen knows where the end is.
static void scroll_by(struct top_screen *screen, long lines)
{
	size_t *first = &screen->first[screen->is_on_services ? 0 : 1];

	if (lines < 0 && *first < (size_t)-lines)
		*first = 0;
	else
		*first += (size_t)lines;
}

static void move_by(struct top_screen *screen, int key)
{
	switch (key) {
	case KEY_UP:
		scroll_by(screen, -1);
		break;
	case KEY_DOWN:
		scroll_by(screen, 1);
		break;
	case KEY_PPAGE:
		scroll_by(screen, -10);
		break;
	case KEY_NPAGE:
		scroll_by(screen, 10);
		break;
	case KEY_HOME:
		screen->first[screen->is_on_services ? 0 : 1] = 0;
		break;
	case KEY_END:
		scroll_by(screen, CONFIG_BACKENDS_MAX);
		break;
	}
}

static void press(struct top_screen *screen, int key)
{
	if (screen->is_typing) {
		type(screen, key);
		return;
	}
	switch (key) {
	case 'q':
		is_asked_to_end = 1;
		break;
	case 's':
		screen->choice.order = (screen->choice.order + 1) % TOP_ORDERS;
		break;
	case 'r':
		screen->choice.is_reversed = !screen->choice.is_reversed;
		break;
	case '/':
		screen->is_typing = true;
		break;
	case KEY_ESCAPE:
		screen->choice.filter[0] = '\0';
		break;
	case 'p':
	case ' ':
		screen->is_paused = !screen->is_paused;
		break;
	case '\t':
		screen->is_on_services = !screen->is_on_services;
		break;
	default:
		move_by(screen, key);
		break;
	}
}

// --- The clock ---

static void look(struct top_screen *screen, struct top_data *data, const char *channel)
{
	struct error err;

	screen->trouble[0] = '\0';
	if (top_data_fetch(data, channel, LOCK_MS, &err) != 0)
		snprintf(screen->trouble, sizeof(screen->trouble), "%s", err.text);
}

static void run(struct top_screen *screen, struct top_data *data, const char *channel)
{
	uint64_t due_ns = clock_monotonic_ns();
	int key;

	while (!is_asked_to_end) {
		uint64_t now_ns = clock_monotonic_ns();

		if (now_ns >= due_ns && !screen->is_paused) {
			look(screen, data, channel);
			now_ns = clock_monotonic_ns();
			due_ns = now_ns + screen->delay_ms * CLOCK_NS_PER_MS;
		}
		top_screen_draw(screen, data);
		timeout(screen->is_paused || due_ns <= now_ns
				? 200
				: (int)((due_ns - now_ns) / CLOCK_NS_PER_MS) + 1);
		key = getch();
		if (key == ERR && !isatty(STDIN_FILENO))
			return; // the terminal has gone
		if (key != ERR)
			press(screen, key);
	}
}

int command_top(const struct ctl *ctl, int argc, char **argv)
{
	struct arguments arguments = {.delay_ms = 1000};
	struct top_screen screen = {0};
	struct top_data data;
	struct error err;
	int rc;

	ctl_parse(&argp_top, argc, argv, &arguments);
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return ctl_fail(CTL_BAD_INPUT,
			"top is a screen for a terminal; 'fulcrumctl show' is for everything else");
	screen.delay_ms = arguments.delay_ms;
	if (top_data_init(&data) != 0)
		return ctl_fail(CTL_FAILED, "out of memory");
	// Once before the screen: whoever has no daemon is told in the ordinary way.
	rc = top_data_fetch(&data, ctl->channel, ctl->wait_ms, &err);
	if (rc == 0 && top_screen_begin(&screen) != 0)
		rc = error_set(&err, EINVAL, "this terminal (TERM) cannot show a screen");
	if (rc == 0) {
		catch_signals();
		run(&screen, &data, ctl->channel);
		top_screen_end();
	}
	top_data_free(&data);
	return rc == 0 ? CTL_OK : session_fail(rc, &err);
}
