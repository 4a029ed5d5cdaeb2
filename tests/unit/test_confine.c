// SPDX-License-Identifier: BSD-3-Clause
// What a process gives up stays given up: files, system calls, privileges. Each case in a process
// of its own.
#include <confine/confine.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define UNSUPPORTED 77

static const int families[] = {AF_UNIX, AF_INET, -1};

static void require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "confine: %s does not hold (%s)\n", what, strerror(errno));
	_exit(1);
}

// Runs 'act' in a process of its own; its exit status.
static int confine_run(void (*act)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		act();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void filter(void)
{
	const struct confine_list lists[] = {confine_common, confine_sanitizers};
	struct error err;

	require(confine_privileges(&err) == 0, "no_new_privs");
	if (confine_calls(lists, 2, families, &err) == 0)
		return;
	fprintf(stderr, "%s\n", err.text);
	_exit(1);
}

// One that the kernel would have answered.
static long call_refused(void)
{
	return syscall(SYS_getpriority, 0, 0);
}

static void refuse(void)
{
	const char *news;

	require(call_refused() > 0, "the call is there without the filter");
	filter();
	require(confine_news() == NULL, "nothing is told before");
	for (int i = 0; i < 3; i++)
		require(call_refused() == -1 && errno == ENOSYS, "a call that is not listed fails");
	news = confine_news();
	require(news != NULL && strstr(news, "getpriority") != NULL &&
			strstr(news, "3 times") != NULL,
		"it is told by its name");
	require(confine_news() == NULL, "once");
}

static void a_call_that_is_not_listed_fails_and_is_told(void **state)
{
	assert_int_equal(confine_run(refuse), 0);
}

static int steps[2];

static void *call_in_a_thread(void *context)
{
	char byte;

	require(read(steps[0], &byte, 1) == 1, "the turn comes");
	return (void *)(intptr_t)(call_refused() == -1 && errno == ENOSYS);
}

static void *do_nothing(void *context)
{
	return context;
}

static void refuse_in_threads(void)
{
	pthread_t before, after;
	void *refused = NULL;

	require(pipe(steps) == 0, "a pipe");
	require(pthread_create(&before, NULL, call_in_a_thread, NULL) == 0, "a thread before");
	filter();
	require(write(steps[1], "x", 1) == 1, "its turn");
	pthread_join(before, &refused);
	require(refused != NULL, "a thread that was there before is held, too");
	require(pthread_create(&after, NULL, do_nothing, NULL) == 0, "threads are made later, too");
	pthread_join(after, NULL);
}

static void threads_that_were_there_before_are_held_too(void **state)
{
	assert_int_equal(confine_run(refuse_in_threads), 0);
}

static void refuse_by_arguments(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *memory;

	filter();
	require(socket(AF_UNIX, SOCK_STREAM, 0) >= 0, "a family of the list");
	require(socket(AF_NETLINK, SOCK_RAW, 0) < 0, "none that is not in it");
	memory = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	require(memory != MAP_FAILED, "pages to write");
	require(mprotect(memory, page, PROT_READ | PROT_EXEC) == 0, "pages to execute");
#ifndef CONFINE_SANITIZERS
	require(mprotect(memory, page, PROT_READ | PROT_WRITE | PROT_EXEC) != 0, "never both");
	require(mmap(NULL, page, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
			MAP_FAILED,
		"nor from the start");
	require(fork() < 0 && errno == ENOSYS, "no process is made");
	require(system("true") != 0, "nor for a program");
	require(execl("/bin/true", "true", NULL) != 0 && errno == ENOSYS, "no program is run");
	require(prctl(PR_SET_DUMPABLE, 0) != 0, "prctl() names alone");
#endif
	require(prctl(PR_SET_NAME, "named") == 0, "a thread is named");
}

static void arguments_decide_for_some(void **state)
{
	assert_int_equal(confine_run(refuse_by_arguments), 0);
}

// --- Files ---

static char inside[64], outside[64];

static int open_in(const char *folder, const char *name, int flags)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, flags | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
	return fd >= 0 ? 0 : -errno;
}

static void use_files(void)
{
	const struct confine_place places[] = {{inside, CONFINE_WRITE}, {"/proc", CONFINE_READ},
		{"", CONFINE_WRITE}, {"/there/is/none", CONFINE_READ}};
	struct error err;
	int rc = confine_files(places, 4, &err);

	if (rc == -EOPNOTSUPP)
		_exit(UNSUPPORTED);
	require(rc == 0, "Landlock");
	require(open_in(inside, "a", O_WRONLY | O_CREAT) == 0, "a file is made inside");
	require(open_in(inside, "a", O_RDONLY) == 0, "and read");
	require(open_in(inside, "b", O_WRONLY | O_CREAT | O_TRUNC) == 0, "and another");
	require(open_in(outside, "c", O_WRONLY | O_CREAT) == -EACCES, "none is made outside");
	require(open_in(outside, "there", O_RDONLY) == -EACCES, "nor read");
	require(open_in("/proc/self", "stat", O_RDONLY) == 0, "what may be read is");
	require(open_in("/proc/self", "comm", O_WRONLY) == -EACCES, "and not written");
}

static void other_folders_are_out_of_reach(void **state)
{
	int status;

	strcpy(inside, "/tmp/test_confine.XXXXXX");
	strcpy(outside, "/tmp/test_confine.XXXXXX");
	assert_non_null(mkdtemp(inside));
	assert_non_null(mkdtemp(outside));
	assert_int_equal(open_in(outside, "there", O_WRONLY | O_CREAT), 0);
	status = confine_run(use_files);
	for (const char *name = "ab"; *name != '\0'; name++) {
		char path[128];

		snprintf(path, sizeof(path), "%s/%c", inside, *name);
		unlink(path);
	}
	assert_int_equal(chdir(outside), 0);
	unlink("there");
	assert_int_equal(chdir("/"), 0);
	rmdir(inside);
	rmdir(outside);
	if (status == UNSUPPORTED)
		skip();
	assert_int_equal(status, 0);
}

// --- Privileges ---

static void look_at_privileges(void)
{
	struct error err;

	require(confine_privileges(&err) == 0, "it succeeds");
	require(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1, "no_new_privs is set");
	if (geteuid() != 0)
		return;
	for (int capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++)
		require(prctl(PR_CAPBSET_READ, capability) == 0, "the bounding set is empty");
}

static void no_program_would_have_more_rights(void **state)
{
	assert_int_equal(confine_run(look_at_privileges), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_that_is_not_listed_fails_and_is_told),
		cmocka_unit_test(threads_that_were_there_before_are_held_too),
		cmocka_unit_test(arguments_decide_for_some),
		cmocka_unit_test(other_folders_are_out_of_reach),
		cmocka_unit_test(no_program_would_have_more_rights),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
