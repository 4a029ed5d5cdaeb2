// SPDX-License-Identifier: BSD-3-Clause
#include <running/descriptors.h>

#include <dirent.h>
#include <errno.h>
#include <sys/resource.h>

// For clients of the metrics, files that are written, and a capture.
#define SPARE 16

uint32_t descriptors_open(void)
{
	DIR *folder = opendir("/proc/self/fd");
	uint32_t count = 0;

	if (folder == NULL)
		return 0;
	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	return count - 3; // ".", ".." and its own
}

uint32_t descriptors_of_probes(const struct configuration *configuration)
{
	struct health_target target;
	uint32_t count = 0;

	for (uint32_t i = 0; i < configuration->config->backend_count; i++) {
		uint32_t probes =
			configuration_probes(configuration, i) != NULL ? CONFIG_PROBES_MAX : 1;

		for (uint32_t probe = 0; probe < probes; probe++) {
			if (!configuration_is_probed(configuration, i, probe))
				continue;
			configuration_target(configuration, i, probe, &target);
			count += target.policy.type != CONFIG_PROBE_NONE;
		}
	}
	return count;
}

static uint64_t descriptors_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return UINT64_MAX;
	if (limit.rlim_cur != limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
		getrlimit(RLIMIT_NOFILE, &limit);
	}
	return limit.rlim_cur;
}

int descriptors_check(const struct configuration *configuration,
	const struct configuration *running, uint32_t own, struct error *err)
{
	uint32_t probes = descriptors_of_probes(configuration);
	uint64_t needed = (uint64_t)own + SPARE + probes, limit = descriptors_limit();

	if (needed <= limit || (running != NULL && probes <= descriptors_of_probes(running)))
		return 0;
	return error_set(err, EMFILE,
		"%u probes want up to %lu descriptors, and fulcrumd may open %lu: raise LimitNOFILE of its unit "
		"('ulimit -n' in a shell) to %lu, or probe fewer",
		probes, needed, limit, needed);
}
