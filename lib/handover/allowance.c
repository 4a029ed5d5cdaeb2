// SPDX-License-Identifier: BSD-3-Clause
#include <handover/allowance.h>

void allowance_init(struct allowance *allowance, uint64_t share, uint64_t most_ns, uint64_t now_ns)
{
	*allowance = (struct allowance){
		.share = share,
		.most_ns = (int64_t)most_ns,
		.left_ns = (int64_t)most_ns,
		.at_ns = now_ns,
	};
}

static void allowance_look(struct allowance *allowance, uint64_t now_ns)
{
	uint64_t earned_ns =
		now_ns > allowance->at_ns ? (now_ns - allowance->at_ns) / allowance->share : 0;

	allowance->at_ns += earned_ns * allowance->share; // the rest counts later
	allowance->left_ns += (int64_t)earned_ns;
	if (allowance->left_ns > allowance->most_ns)
		allowance->left_ns = allowance->most_ns;
}

void allowance_take(struct allowance *allowance, uint64_t ns, uint64_t now_ns)
{
	allowance_look(allowance, now_ns);
	allowance->left_ns -= (int64_t)ns;
}

uint64_t allowance_wait_ns(struct allowance *allowance, uint64_t least_ns, uint64_t now_ns)
{
	int64_t lack_ns;

	allowance_look(allowance, now_ns);
	lack_ns = (int64_t)least_ns - allowance->left_ns;
	return lack_ns > 0 ? (uint64_t)lack_ns * allowance->share : 0;
}
