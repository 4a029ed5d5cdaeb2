// SPDX-License-Identifier: BSD-3-Clause
// Loaded into a program by LD_PRELOAD: by SIGUSR2 it makes a system call that none of our programs
// may make, and says what that answered.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void call(int number)
{
	int saved = errno;
	char text[80];
	int size;

	(void)number;
	errno = 0;
	syscall(SYS_acct, NULL);
	size = snprintf(text, sizeof(text), "forbidden call: %s\n", strerror(errno));
	if (write(2, text, (size_t)size) != size)
		_exit(1);
	errno = saved;
}

__attribute__((constructor)) static void begin(void)
{
	signal(SIGUSR2, call);
}
