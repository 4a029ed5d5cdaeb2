// SPDX-License-Identifier: BSD-3-Clause
// What any of the programs calls after its start. The lists were made by running the stories and
// adding what was refused; what one program alone needs stands with it.
#include <confine/confine.h>

static const struct confine_call common_calls[] = {
	{"read readv pread64 preadv write writev pwrite64 pwritev close lseek",
		"descriptors: sockets, the state's files, the log, devices", CONFINE_ANY},
	{"open openat openat2 stat lstat fstat newfstatat statx access faccessat faccessat2 statfs "
	 "fstatfs readlink readlinkat getcwd getdents getdents64",
		"files: configuration at a reload, certificates at an apply, /proc and /sys; Landlock says which",
		CONFINE_ANY},
	{"rename renameat renameat2 unlink unlinkat mkdir mkdirat rmdir linkat chmod fchmod fchmodat "
	 "fsync fdatasync sync_file_range ftruncate truncate fallocate fadvise64 flock umask",
		"the state folder: a fresh file, synced, renamed; Landlock says where",
		CONFINE_ANY},
	{"fcntl dup dup2 dup3 pipe pipe2 eventfd2 memfd_create",
		"descriptors of the event loop, locks, streams of text in memory", CONFINE_ANY},
	{"epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 poll ppoll select "
	 "pselect6 timerfd_create timerfd_settime timerfd_gettime",
		"the event loop", CONFINE_ANY},
	{"socket", "probes, metrics, netlink, the service manager's socket, announcements",
		CONFINE_FAMILIES},
	{"socketpair connect bind listen accept accept4 getsockname getpeername setsockopt getsockopt "
	 "sendto recvfrom sendmsg recvmsg sendmmsg recvmmsg shutdown",
		"what is done with them", CONFINE_ANY},
	{"ioctl", "interfaces and devices; which, their descriptors say, and Landlock for new ones",
		CONFINE_ANY},
	{"mmap mprotect pkey_mprotect", "memory, libraries that are loaded late", CONFINE_PAGES},
	{"munmap mremap madvise brk msync mlock munlock mincore", "memory", CONFINE_ANY},
	{"clone", "threads", CONFINE_THREADS},
	{"clone3", "its flags cannot be looked at: the C library goes on with clone",
		CONFINE_ABSENT},
	{"futex futex_waitv set_robust_list get_robust_list set_tid_address rseq membarrier exit "
	 "exit_group sched_yield sched_getaffinity sched_setaffinity sched_getparam "
	 "sched_getscheduler gettid getpid getppid getcpu restart_syscall",
		"threads, and on which cores they are", CONFINE_ANY},
	{"prctl", "names of threads", CONFINE_NAMES},
	{"nanosleep clock_nanosleep clock_gettime clock_getres gettimeofday time times",
		"time, where the C library does not read it by itself", CONFINE_ANY},
	{"rt_sigaction rt_sigprocmask rt_sigpending rt_sigreturn rt_sigsuspend rt_sigtimedwait "
	 "sigaltstack signalfd4 tgkill",
		"signals: those of the loop, and abort()", CONFINE_ANY},
	{"getuid geteuid getgid getegid getresuid getresgid getgroups capget",
		"who it is: asked before files are read", CONFINE_ANY},
	{"getrlimit setrlimit prlimit64 getrusage uname sysinfo getrandom",
		"limits on descriptors, figures about itself, random numbers", CONFINE_ANY},
};

// The leak sanitizer stops all threads from a process of its own at the end; reports read symbols.
static const struct confine_call sanitizer_calls[] = {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(CONFINE_SANITIZERS)
	{"clone fork vfork execve wait4 waitid kill ptrace process_vm_readv personality prctl mmap mprotect "
	 "getpgrp setpgid arch_prctl sched_setscheduler",
		"leaks are looked for by another process, and symbols of a report by a program",
		CONFINE_ANY},
#endif
	{"", "", CONFINE_ANY},
};

const struct confine_list confine_common = {
	common_calls, sizeof(common_calls) / sizeof(common_calls[0])};
const struct confine_list confine_sanitizers = {
	sanitizer_calls, sizeof(sanitizer_calls) / sizeof(sanitizer_calls[0])};
