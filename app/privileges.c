// SPDX-License-Identifier: BSD-3-Clause
#include "privileges.h"

#include <base/log.h>
#include <cap-ng.h>
#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>

int privileges_drop(const char *name, struct error *err)
{
	const struct passwd *user;

	if (name[0] == '\0')
		return 0;
	errno = 0;
	user = getpwnam(name);
	if (user == NULL)
		return error_set(err, errno != 0 ? errno : ENOENT,
			"there is no user '%s' to run as: useradd --system %s", name, name);
	capng_clear(CAPNG_SELECT_BOTH);
	capng_updatev(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_NET_ADMIN, CAP_NET_RAW, -1);
	// libc's setresuid() and its like tell every thread; the capabilities are this thread's
	// alone.
	if (capng_change_id((int)user->pw_uid, (int)user->pw_gid, CAPNG_INIT_SUPP_GRP) != 0)
		return error_set(err, EPERM,
			"cannot become the user '%s': fulcrumd must be started by root for that",
			name);
	prctl(PR_SET_DUMPABLE, 1); // a core file is worth more than what it could tell
	log_info("fulcrumd: runs as %s, with CAP_NET_ADMIN and CAP_NET_RAW", name);
	return 0;
}
