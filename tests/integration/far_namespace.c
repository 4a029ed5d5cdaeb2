// SPDX-License-Identifier: BSD-3-Clause
#include "far_namespace.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
// cmocka wants the headers above first
#include <cmocka.h>

pid_t far_pid;
static int far_pipe; // the child ends when it is closed

int shell(const char *format, ...)
{
	char line[512];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	return system(line);
}

static void hold_far_namespace(int ready, int until)
{
	char byte = unshare(CLONE_NEWNET) == 0 ? 'y' : 'n';

	if (write(ready, &byte, 1) == 1)
		while (read(until, &byte, 1) > 0)
			;
	_exit(0);
}

bool enter_namespaces(void)
{
	int ready[2], until[2];
	char byte = 'n';

	if (unshare(CLONE_NEWNET) != 0 || pipe(ready) != 0 || pipe(until) != 0)
		return false;
	far_pid = fork();
	if (far_pid == 0) {
		close(until[1]);
		hold_far_namespace(ready[1], until[0]);
	}
	close(ready[1]);
	close(until[0]);
	far_pipe = until[1];
	return read(ready[0], &byte, 1) == 1 && byte == 'y' && shell("ip link set lo up") == 0;
}

void leave_namespaces(void)
{
	close(far_pipe);
	waitpid(far_pid, NULL, 0);
}

// Without duplicate address detection: as long as a link-local address is tentative, the kernel
// sends no solicitation that is asked for without a packet, and gives up after three that were
// none.
void make_near_and_far(void)
{
	SHELL("for mine in '' 'nsenter -t %d -n'; do"
	      " $mine sysctl -qw net.ipv6.conf.default.accept_dad=0 || exit 1; done",
		far_pid);
	SHELL("ip link add near address " NEAR_MAC " type veth peer name far address " FAR_MAC
	      " netns %d",
		far_pid);
	SHELL("ip link set near up && ip addr add 10.0.0.1/24 dev near && "
	      "ip -6 addr add fd00::1/64 dev near nodad");
	SHELL("nsenter -t %d -n sh -c 'ip link set far up && ip addr add 10.0.0.2/24 dev far && "
	      "ip -6 addr add fd00::2/64 dev far nodad'",
		far_pid);
}
