// SPDX-License-Identifier: BSD-3-Clause
#include <confine/confine.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// The C library has no functions for Landlock, and headers of older kernels lack its later rights:
// as in the kernel's include/uapi/linux/landlock.h.
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule       445
#define SYS_landlock_restrict_self  446
#endif
#define FILES_ASK_VERSION  1u
#define FILES_RULE_BENEATH 1

enum files_right {
	FILES_WRITE_FILE = 1 << 1,
	FILES_READ_FILE = 1 << 2,
	FILES_READ_DIR = 1 << 3,
	FILES_ALL = (1 << 13) - 1, // of the first version
	FILES_EXECUTE = 1 << 0,
	FILES_MAKE_CHAR = 1 << 6,
	FILES_MAKE_BLOCK = 1 << 11,
	FILES_REFER = 1 << 13, // version 2
	FILES_TRUNCATE = 1 << 14, // version 3
	FILES_IOCTL_DEV = 1 << 15, // version 5
};

#define FILES_READ  (FILES_READ_FILE | FILES_READ_DIR)
#define FILES_NEVER (FILES_EXECUTE | FILES_MAKE_CHAR | FILES_MAKE_BLOCK | FILES_IOCTL_DEV)
// What a rule about a file that is no folder may have.
#define FILES_OF_FILES (FILES_WRITE_FILE | FILES_READ_FILE | FILES_TRUNCATE | FILES_IOCTL_DEV)

struct files_ruleset {
	uint64_t handled;
};

struct files_rule {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

static uint64_t files_known(long version)
{
	uint64_t rights = FILES_ALL;

	if (version >= 2)
		rights |= FILES_REFER;
	if (version >= 3)
		rights |= FILES_TRUNCATE;
	if (version >= 5)
		rights |= FILES_IOCTL_DEV;
	return rights;
}

static uint64_t files_wanted(enum confine_access access, uint64_t known)
{
	switch (access) {
	case CONFINE_READ:
		return FILES_READ;
	case CONFINE_WRITE:
		return known & ~(uint64_t)FILES_NEVER;
	default:
		return known & (FILES_READ | FILES_WRITE_FILE | FILES_TRUNCATE | FILES_IOCTL_DEV);
	}
}

static int files_add(
	int ruleset, const struct confine_place *place, uint64_t known, struct error *err)
{
	struct files_rule rule = {.allowed = files_wanted(place->access, known)};
	struct stat status;
	long rc;

	if (place->path[0] == '\0')
		return 0;
	rule.parent = open(place->path, O_PATH | O_CLOEXEC);
	if (rule.parent < 0 && (errno == ENOENT || errno == ENOTDIR || errno == EACCES))
		return 0;
	if (rule.parent < 0 || fstat(rule.parent, &status) != 0)
		return error_set(err, errno, "%s: %s", place->path, strerror(errno));
	if (!S_ISDIR(status.st_mode))
		rule.allowed &= FILES_OF_FILES;
	rc = syscall(SYS_landlock_add_rule, ruleset, FILES_RULE_BENEATH, &rule, 0);
	if (rc != 0)
		rc = error_set(err, errno, "%s: Landlock takes no such rule: %s", place->path,
			strerror(errno));
	close(rule.parent);
	return (int)rc;
}

int confine_files(const struct confine_place *places, size_t count, struct error *err)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, FILES_ASK_VERSION);
	struct files_ruleset rules = {.handled = files_known(version)};
	int ruleset, rc = 0;

	if (version < 1)
		return error_set(err, EOPNOTSUPP, "this kernel has no Landlock: %s",
			errno == EOPNOTSUPP ? "it is off (lsm=)" : strerror(errno));
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules), 0);
	if (ruleset < 0)
		return error_set(err, errno, "Landlock does not begin: %s", strerror(errno));
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = files_add(ruleset, &places[i], rules.handled, err);
	if (rc == 0 && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
			       syscall(SYS_landlock_restrict_self, ruleset, 0) != 0))
		rc = error_set(
			err, errno, "Landlock does not come into force: %s", strerror(errno));
	close(ruleset);
	return rc;
}
