// SPDX-License-Identifier: BSD-3-Clause
#include <channel/guard.h>

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>

static struct {
	void *start;
	size_t size;
	volatile sig_atomic_t hit;
	struct sigaction before;
} guard;

static bool guard_replace(const void *address)
{
	if (guard.start == NULL || (uintptr_t)address - (uintptr_t)guard.start >= guard.size)
		return false;
	if (mmap(guard.start, guard.size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		return false;
	guard.hit = 1;
	return true;
}

static void guard_handle(int number, siginfo_t *info, void *context)
{
	int saved = errno;
	bool replaced = guard_replace(info->si_addr);

	errno = saved;
	if (replaced)
		return;
	if ((guard.before.sa_flags & SA_SIGINFO) != 0) {
		guard.before.sa_sigaction(number, info, context);
		return;
	}
	// Not ours: the instruction runs again, and the signal does what it did before.
	sigaction(SIGBUS, &guard.before, NULL);
}

int guard_install(void *start, size_t size)
{
	struct sigaction action = {
		.sa_sigaction = guard_handle, .sa_flags = SA_SIGINFO | SA_RESTART};

	if (guard.start != NULL)
		return -EBUSY;
	guard.start = start;
	guard.size = size;
	guard.hit = 0;
	sigemptyset(&action.sa_mask);
	if (sigaction(SIGBUS, &action, &guard.before) != 0) {
		guard.start = NULL;
		return -errno;
	}
	return 0;
}

void guard_remove(void)
{
	if (guard.start == NULL)
		return;
	sigaction(SIGBUS, &guard.before, NULL);
	guard.start = NULL;
}

bool guard_hit(void)
{
	return guard.hit != 0;
}

void guard_reset(void)
{
	guard.hit = 0;
}
