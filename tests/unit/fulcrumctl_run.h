// SPDX-License-Identifier: BSD-3-Clause
#ifndef UNIT_FULCRUMCTL_RUN_H
#define UNIT_FULCRUMCTL_RUN_H

#include <stdbool.h>
#include <sys/types.h>

// What the tests of the tool share: the tool as a process, in a folder of the case's own, and a
// daemon's side of the channel that answers with rows of the tests' own (fulcrumctl_daemon.c).

extern char folder[64];
extern char output[65536];
extern pid_t daemon_pid;
extern const char *python_client; // another client

int make_folder(void **state);
int remove_folder(void **state);
int start_daemon(void **state);
int stop_daemon(void **state);

#define WITH_DAEMON(function) cmocka_unit_test_setup_teardown(function, start_daemon, stop_daemon)
#define WITHOUT_DAEMON(function) \
	cmocka_unit_test_setup_teardown(function, make_folder, remove_folder)

void write_file(const char *name, const char *text); // in the folder, or in 'parts' in it
// Runs it with these arguments in the test's folder; 'output' then has both of its streams. Returns
// the exit status.
int run(const char *arguments);
// The same on a terminal that is so wide. With 'times' it gets a Ctrl-C when it has cleared the
// screen so often.
int run_on_terminal(const char *arguments, unsigned short columns, int times);
void says(const char *text);
void does_not_say(const char *text);

// Serves until it is killed, and writes a byte to 'ready' when it begins.
void serve(const char *path, int ready);

// Takes main()'s arguments, PROGRAM PYTHON-CLIENT, and runs the tests.
#define RUN_FULCRUMCTL_TESTS(argc, argv, tests) \
	(find_programs(argc, argv) ? cmocka_run_group_tests(tests, NULL, NULL) : 2)
// False with a sentence on stderr.
bool find_programs(int argc, char **argv);

#endif
