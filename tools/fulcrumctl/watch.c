// SPDX-License-Identifier: BSD-3-Clause
#include "watch.h"

#include <base/clock.h>
#include <base/parse.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

uint32_t watch_parse(const char *value, const struct argp_state *state)
{
	uint64_t ms = 0;

	if (parse_duration_ms(value, &ms) < 0 || ms < 100 || ms > 3600000)
		argp_error(state, "--watch: '%s' is no time from 100ms to 1h", value);
	return (uint32_t)ms;
}

// --- Ctrl-C ---

static volatile sig_atomic_t is_asked_to_end;
static sigset_t before; // signals that were blocked

static void ask_to_end(int signal)
{
	is_asked_to_end = 1;
}

// They are taken only while nothing else is done, so that none is missed between a look at the wish
// and the wait.
void watch_begin(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = ask_to_end, .sa_flags = (int)SA_RESETHAND};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
}

bool watch_wait(uint32_t period_ms)
{
	uint64_t until_ns = clock_monotonic_ns() + period_ms * CLOCK_NS_PER_MS, now_ns;
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	while (!is_asked_to_end && (now_ns = clock_monotonic_ns()) < until_ns) {
		struct timespec left = {.tv_sec = (time_t)((until_ns - now_ns) / CLOCK_NS_PER_S),
			.tv_nsec = (long)((until_ns - now_ns) % CLOCK_NS_PER_S)};

		ppoll(NULL, 0, &left, &before);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return !is_asked_to_end;
}

// --- A look ---

// What the look prints, both streams.
static int capture(watch_fn *look, void *context, char **text, size_t *size)
{
	FILE *out = stdout, *err = stderr, *memory = open_memstream(text, size);
	int status;

	if (memory == NULL)
		return ctl_fail(CTL_FAILED, "out of memory");
	stdout = memory;
	stderr = memory;
	status = look(context);
	stdout = out;
	stderr = err;
	if (fclose(memory) != 0 && status == CTL_OK)
		status = CTL_FAILED;
	return status;
}

// As many lines as the terminal has, so that the first ones are seen.
static void draw(const char *text)
{
	struct winsize window = {0};
	size_t lines = 24, left = 0;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_row > 2)
		lines = window.ws_row;
	fputs("\033[H\033[J", stdout);
	for (size_t line = 0; *text != '\0'; line++) {
		size_t size = strcspn(text, "\n");

		if (line + 2 < lines || (line + 2 == lines && text[size] != '\0' &&
						strchr(text + size + 1, '\n') == NULL))
			printf("%.*s\n", (int)size, text);
		else
			left++;
		text += size + (text[size] != '\0' ? 1 : 0);
	}
	if (left > 0)
		printf("%zu lines more do not fit", left);
}

static void show(const char *text, bool is_screen, bool is_first)
{
	if (is_screen)
		draw(text);
	else
		printf("%s%s", is_first ? "" : "\n", text);
	fflush(stdout);
}

int watch_run(uint32_t period_ms, watch_fn *look, void *context)
{
	bool is_screen = isatty(STDOUT_FILENO), is_first = true;

	watch_begin();
	do {
		char *text = NULL;
		size_t size = 0;
		int status = capture(look, context, &text, &size);

		if (status != CTL_OK && is_first) {
			fputs(text != NULL ? text : "", stderr);
			free(text);
			return status;
		}
		show(text != NULL ? text : "", is_screen, is_first);
		free(text);
		is_first = false;
	} while (watch_wait(period_ms) && !ferror(stdout));
	if (is_screen)
		putchar('\n');
	return CTL_OK;
}
