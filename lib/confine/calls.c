// SPDX-License-Identifier: BSD-3-Clause
#include <confine/confine.h>

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <ucontext.h>

#define CALLS_MAX 1024 // numbers of system calls are below; the last place counts any others

static uint32_t calls_refused[CALLS_MAX];
static bool calls_are_refused;

// In the thread that made the call, which goes on as if the kernel had none of that number.
static void calls_handle(int number, siginfo_t *info, void *context)
{
	ucontext_t *user = context;
	uint32_t call = (uint32_t)info->si_syscall;

	__atomic_fetch_add(
		&calls_refused[call < CALLS_MAX ? call : CALLS_MAX - 1], 1, __ATOMIC_RELAXED);
	__atomic_store_n(&calls_are_refused, true, __ATOMIC_RELEASE);
#if defined(__x86_64__)
	user->uc_mcontext.gregs[REG_RAX] = -ENOSYS;
#elif defined(__aarch64__)
	user->uc_mcontext.regs[0] = (unsigned long)-ENOSYS;
#else
#error "where does this machine return what a system call answers?"
#endif
}

const char *confine_news(void)
{
	static char text[160];

	if (!__atomic_exchange_n(&calls_are_refused, false, __ATOMIC_ACQUIRE))
		return NULL;
	for (uint32_t call = 0; call < CALLS_MAX; call++) {
		uint32_t count = __atomic_exchange_n(&calls_refused[call], 0, __ATOMIC_RELAXED);
		char *name;

		if (count == 0)
			continue;
		name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, (int)call);
		snprintf(text, sizeof(text),
			"system call %s (%u) is none that this program may make: refused %u time%s",
			name != NULL ? name : "?", call, count, count == 1 ? "" : "s");
		free(name);
		__atomic_store_n(&calls_are_refused, true, __ATOMIC_RELAXED); // there may be more
		return text;
	}
	return NULL;
}

static int calls_allow_families(scmp_filter_ctx filter, int call, const int *families)
{
	int rc = 0;

	for (; rc == 0 && *families >= 0; families++)
		rc = seccomp_rule_add(
			filter, SCMP_ACT_ALLOW, call, 1, SCMP_A0(SCMP_CMP_EQ, (uint64_t)*families));
	return rc;
}

static int calls_allow_threads(scmp_filter_ctx filter, int call)
{
	const uint64_t unwanted = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
				  CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
	int rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1,
		SCMP_A0(SCMP_CMP_MASKED_EQ, unwanted | CLONE_THREAD, CLONE_THREAD));

#ifndef CONFINE_SANITIZERS
	// The C library blocks every signal where it makes a process: a trap would end this one, so
	// nothing is told.
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), call, 1,
			SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
#endif
	return rc;
}

static int calls_allow_pages(scmp_filter_ctx filter, int call)
{
	int rc = seccomp_rule_add(
		filter, SCMP_ACT_ALLOW, call, 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));

	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1,
			SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE, PROT_EXEC));
	return rc;
}

static int calls_allow_names(scmp_filter_ctx filter, int call)
{
	static const uint64_t questions[] = {
		PR_SET_NAME, PR_GET_NAME, 0x53564d41 /* PR_SET_VMA */, PR_GET_DUMPABLE};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof(questions) / sizeof(questions[0]); i++)
		rc = seccomp_rule_add(
			filter, SCMP_ACT_ALLOW, call, 1, SCMP_A0(SCMP_CMP_EQ, questions[i]));
	return rc;
}

static int calls_allow(
	scmp_filter_ctx filter, int call, enum confine_kind kind, const int *families)
{
	switch (kind) {
	case CONFINE_THREADS:
		return calls_allow_threads(filter, call);
	case CONFINE_FAMILIES:
		return calls_allow_families(filter, call, families);
	case CONFINE_PAGES:
		return calls_allow_pages(filter, call);
	case CONFINE_NAMES:
		return calls_allow_names(filter, call);
	case CONFINE_ABSENT:
		return seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), call, 0);
	default:
		return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);
	}
}

// A name twice in the lists makes one rule.
static int calls_add(scmp_filter_ctx filter, const struct confine_call *call, const int *families)
{
	char names[1024], *rest = names, *name;
	int rc = 0;

	snprintf(names, sizeof(names), "%s", call->names);
	while (rc == 0 && (name = strsep(&rest, " ")) != NULL) {
		int number = seccomp_syscall_resolve_name(name);

		if (number >= 0)
			rc = calls_allow(filter, number, call->kind, families);
	}
	return rc == -EEXIST ? 0 : rc;
}

static int calls_load(
	scmp_filter_ctx filter, const struct confine_list *lists, size_t count, const int *families)
{
	int rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);

	if (rc == 0)
		rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	for (size_t l = 0; l < count; l++)
		for (size_t i = 0; rc == 0 && i < lists[l].count; i++)
			rc = calls_add(filter, &lists[l].calls[i], families);
	return rc == 0 ? seccomp_load(filter) : rc;
}

int confine_calls(
	const struct confine_list *lists, size_t count, const int *families, struct error *err)
{
	struct sigaction action = {
		.sa_sigaction = calls_handle, .sa_flags = SA_SIGINFO | SA_RESTART};
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_TRAP);
	int rc = filter == NULL ? -ENOMEM : 0;

	sigemptyset(&action.sa_mask);
	if (rc == 0 && sigaction(SIGSYS, &action, NULL) != 0)
		rc = -errno;
	if (rc == 0)
		rc = calls_load(filter, lists, count, families);
	if (filter != NULL)
		seccomp_release(filter);
	return rc == 0 ? 0 : error_set(err, -rc, "no filter of system calls: %s", strerror(-rc));
}
