// SPDX-License-Identifier: BSD-3-Clause
#include <confine/confine.h>

#include <cap-ng.h>
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>

// Without CAP_SETPCAP it stays as it is, and no_new_privs holds.
static void capabilities_empty_bounds(void)
{
	for (int capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++)
		if (prctl(PR_CAPBSET_DROP, capability) != 0)
			return;
}

int confine_privileges(struct error *err)
{
	capabilities_empty_bounds();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		return 0;
	return error_set(err, errno, "the kernel does not set no_new_privs: %s", strerror(errno));
}
