// SPDX-License-Identifier: BSD-3-Clause
#include "fulcrumctl_run.h"

#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *fulcrumctl; // the program under test
const char *python_client;
char folder[64];
char output[65536];
pid_t daemon_pid;

void write_file(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

int run(const char *arguments)
{
	char command[1024];
	size_t size;
	FILE *pipe;
	int status;

	snprintf(command, sizeof(command),
		"cd %s && FULCRUM_CHANNEL=%s/channel '%s' </dev/null %s 2>&1", folder, folder,
		fulcrumctl, arguments);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	size = fread(output, 1, sizeof(output) - 1, pipe);
	output[size] = '\0';
	status = pclose(pipe);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

// Up to the end, or to the Ctrl-C.
static void read_terminal(int fd, int times)
{
	size_t size = 0;
	ssize_t got;

	while (size + 1 < sizeof(output) &&
		(got = read(fd, output + size, sizeof(output) - 1 - size)) > 0) {
		const char *at = output;
		int count = 0;

		size += (size_t)got;
		output[size] = '\0';
		while ((at = strstr(at, "\033[H")) != NULL && ++count > 0)
			at++;
		if (times > 0 && count >= times) {
			times = 0;
			assert_int_equal(write(fd, "\003", 1), 1);
		}
	}
}

int run_on_terminal(const char *arguments, unsigned short columns, int times)
{
	const struct winsize window = {.ws_row = 24, .ws_col = columns};
	char command[1024];
	int fd, status;
	pid_t pid;

	snprintf(command, sizeof(command),
		"cd %s && export TERM=dumb FULCRUM_CHANNEL=%s/channel; exec '%s' %s", folder,
		folder, fulcrumctl, arguments);
	output[0] = '\0';
	pid = forkpty(&fd, NULL, NULL, &window);
	assert_true(pid >= 0);
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	read_terminal(fd, times);
	close(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

void says(const char *text)
{
	if (strstr(output, text) == NULL)
		fail_msg("'%s' is not in:\n%s", text, output);
}

void does_not_say(const char *text)
{
	if (strstr(output, text) != NULL)
		fail_msg("'%s' is in:\n%s", text, output);
}

// A folder in it.
static void make_parts(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/parts", folder);
	assert_int_equal(mkdir(path, 0700), 0);
}

int make_folder(void **state)
{
	snprintf(folder, sizeof(folder), "/tmp/test_fulcrumctl.XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	make_parts();
	write_file("good.yaml",
		"services:\n"
		"  - {name: web, vip: 203.0.113.10, protocol: tcp, port: 443, forwarding: ipip, pool: web}\n"
		"pools:\n"
		"  - name: web\n"
		"    health: {type: tcp, interval: 2s, timeout: 1s, rise: 2, fall: 3}\n"
		"    backends:\n"
		"      - {name: web-1, address: 10.0.1.11}\n"
		"      - {name: web-2, address: 10.0.1.12}\n");
	write_file("bad.yaml",
		"services:\n"
		"  - {name: web, vip: 203.0.113.10, protocol: tcp, port: 443, forwarding: ipip, pool: web}\n"
		"pools:\n"
		"  - name: web\n"
		"    colour: green\n"
		"    backends:\n"
		"      - {name: web-1, address: 10.0.1.311}\n");
	return 0;
}

int remove_folder(void **state)
{
	static const char *const names[] = {"good.yaml", "bad.yaml", "quorum.yaml", "weights.yaml",
		"channel", "channel.lock", "parts/10.yaml", "parts/20.yaml", "parts/20.yml",
		"parts/.#10.yaml", "parts/notes.txt"};
	char path[128];

	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/parts", folder);
	return rmdir(path) != 0 ? -1 : rmdir(folder);
}

int start_daemon(void **state)
{
	char path[128], byte;
	int ready[2];

	if (make_folder(state) != 0 || pipe(ready) != 0)
		return -1;
	snprintf(path, sizeof(path), "%s/channel", folder);
	daemon_pid = fork();
	if (daemon_pid == 0)
		serve(path, ready[1]);
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		return -1;
	return close(ready[0]);
}

int stop_daemon(void **state)
{
	kill(daemon_pid, SIGKILL);
	waitpid(daemon_pid, NULL, 0);
	return remove_folder(state);
}

bool find_programs(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: %s PROGRAM PYTHON-CLIENT\n", argv[0]);
		return false;
	}
	fulcrumctl = realpath(argv[1], NULL);
	if (fulcrumctl == NULL)
		perror(argv[1]);
	python_client = argv[2];
	return fulcrumctl != NULL;
}
