// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONFINE_CONFINE_H
#define CONFINE_CONFINE_H

#include <base/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What a program gives up for good, once it has opened what it needs, so that whoever gets hold of
// it gets no more: new privileges, files, system calls. Each names the threads that it reaches:
// what a thread makes later inherits all of it.

// --- Privileges: the calling thread ---

// No program that it runs gets more rights than it has (no_new_privs), and none a capability: the
// bounding set is empty, where CAP_SETPCAP lets it be emptied. 0, or a negative errno with the
// sentence.
int confine_privileges(struct error *err);

// --- Files: the calling thread, by Landlock ---

enum confine_access {
	CONFINE_READ, // files and folders below
	CONFINE_WRITE, // and make, change, rename and remove them
	CONFINE_DEVICE, // and use a device's ioctls; nothing is made
};

struct confine_place {
	const char *path; // a folder or a file; "" and one that cannot be reached now are left out
	enum confine_access access;
};

// Nothing below other places is opened from now on; descriptors that are open stay. 0; -EOPNOTSUPP
// where the kernel has no Landlock, or another negative errno, with the sentence.
int confine_files(const struct confine_place *places, size_t count, struct error *err);

// --- System calls: every thread of the process, by seccomp ---

enum confine_kind {
	CONFINE_ANY, // with any arguments
	CONFINE_THREADS, // clone(): threads of this process, in no namespace of their own
	CONFINE_FAMILIES, // socket(): of a family of 'families' alone
	CONFINE_PAGES, // mmap(), mprotect(): no page that is written and executed
	CONFINE_NAMES, // prctl(): what a thread or a mapping is called
	CONFINE_ABSENT, // answered as on a kernel that has no such call, without a word
};

struct confine_call {
	const char *
		names; // with blanks between them; what this machine's kernel does not have is left out
	const char *reason;
	enum confine_kind kind;
};

struct confine_list {
	const struct confine_call *calls;
	size_t count;
};

// The calls of all these lists go on working. Any other fails with ENOSYS in the thread that makes
// it, is counted, and told by confine_news(). A thread must not block SIGSYS: a call that is
// refused would end the process. 'families' ends with -1. 0, or a negative errno with the sentence:
// no filter is in force then.
int confine_calls(
	const struct confine_list *lists, size_t count, const int *families, struct error *err);

// What every program here calls, whatever it does, and what sanitizers call in builds with them,
// which is empty without.
extern const struct confine_list confine_common, confine_sanitizers;

// One system call that was refused since it was last asked for, as a sentence for the log; NULL for
// none. One thread.
const char *confine_news(void);

#endif
