// SPDX-License-Identifier: BSD-3-Clause
#include "doctor_checks.h"

#include <glob.h>
#include <string.h>

#define CPUS "/sys/devices/system/cpu/"

void doctor_workers(const struct doctor *doctor, cpu_set_t *out)
{
	CPU_ZERO(out);
	for (uint32_t w = 0; w < doctor->config.worker_count; w++)
		CPU_SET(doctor->config.worker_cores[w], out);
}

int doctor_core_node(const struct doctor *doctor, uint32_t core)
{
	char pattern[DOCTOR_PATH_SIZE];
	glob_t found = {0};
	int node = -1;

	doctor_path(doctor, pattern, CPUS "cpu%u/node[0-9]*", core);
	if (glob(pattern, 0, NULL, &found) == 0)
		sscanf(strrchr(found.gl_pathv[0], '/'), "/node%d", &node);
	globfree(&found);
	return node;
}

bool doctor_spins(struct doctor *doctor)
{
	if (doctor->config.idle == DAEMON_IDLE_POLL)
		return true;
	doctor_ok(doctor, "not needed with 'idle: sleep'");
	return false;
}

// 'cores' that are not in 'from'; how many.
static int missing(const cpu_set_t *cores, const cpu_set_t *from, cpu_set_t *out)
{
	CPU_AND(out, cores, from);
	CPU_XOR(out, cores, out);
	return CPU_COUNT(out);
}

void doctor_check_cores(struct doctor *doctor)
{
	cpu_set_t wanted, online, gone;
	char text[256];

	doctor_workers(doctor, &wanted);
	CPU_SET(doctor->config.control_core, &wanted);
	if (!doctor_cores(doctor, CPUS "online", &online)) {
		doctor_unknown(doctor, "the kernel does not say which cores there are");
	} else if (missing(&wanted, &online, &gone) == 0) {
		doctor_ok(doctor, "%s, all there", doctor_cores_text(&wanted, text, sizeof(text)));
	} else {
		doctor_wrong(doctor, "%s: not there, or switched off",
			doctor_cores_text(&gone, text, sizeof(text)));
		doctor_mend(doctor, "in %s take cores from %s", doctor->file,
			doctor_cores_text(&online, text, sizeof(text)));
	}
}

void doctor_check_control_core(struct doctor *doctor)
{
	uint32_t control = doctor->config.control_core;
	cpu_set_t workers, online, others;
	char text[256];

	doctor_workers(doctor, &workers);
	if (!CPU_ISSET(control, &workers)) {
		doctor_ok(doctor, "%u, without a worker", control);
		return;
	}
	doctor_cores(doctor, CPUS "online", &online);
	if (CPU_COUNT(&online) == 1) {
		doctor_ok(doctor, "shared with a worker, as there is one core");
		return;
	}
	missing(&online, &workers, &others);
	doctor_wrong(doctor, "%u is a worker's, too", control);
	doctor_mend(doctor,
		"in %s set control_core to one of %s, or take %u from workers: {cores: [...]}",
		doctor->file, doctor_cores_text(&others, text, sizeof(text)), control);
}

void doctor_check_siblings(struct doctor *doctor)
{
	cpu_set_t used, threads;
	char path[DOCTOR_PATH_SIZE], text[64];
	bool wrong = false;

	if (!doctor_spins(doctor))
		return;
	doctor_workers(doctor, &used);
	CPU_SET(doctor->config.control_core, &used);
	for (uint32_t w = 0; w < doctor->config.worker_count; w++) {
		uint32_t core = doctor->config.worker_cores[w];

		snprintf(path, sizeof(path), CPUS "cpu%u/topology/thread_siblings_list", core);
		doctor_cores(doctor, path, &threads);
		CPU_AND(&threads, &threads, &used);
		if (CPU_COUNT(&threads) < 2 || !CPU_ISSET(core, &threads))
			continue;
		wrong = true;
		doctor_wrong(doctor, "%s are threads of one core",
			doctor_cores_text(&threads, text, sizeof(text)));
		doctor_mend(doctor, "lscpu -e=CPU,CORE,NODE; then in %s take one CPU of each CORE",
			doctor->file);
		CPU_XOR(&used, &used, &threads); // told once
	}
	if (!wrong)
		doctor_ok(doctor, "no two of the daemon's cores are threads of one");
}

static void check_list(struct doctor *doctor, const char *path, const char *arguments)
{
	cpu_set_t workers, listed, left;
	char text[256], boot[320], all[256];

	if (!doctor_spins(doctor))
		return;
	doctor_workers(doctor, &workers);
	doctor_cores(doctor, path, &listed);
	doctor_cores_text(&workers, all, sizeof(all));
	if (missing(&workers, &listed, &left) == 0) {
		doctor_ok(doctor, "%s", all);
		return;
	}
	doctor_wrong(doctor, "worker cores %s are not %s",
		doctor_cores_text(&left, text, sizeof(text)), doctor->check->name);
	snprintf(boot, sizeof(boot), "%s=%.200s", arguments, all);
	doctor_mend_at_boot(doctor, boot);
}

void doctor_check_isolated(struct doctor *doctor)
{
	check_list(doctor, CPUS "isolated", "isolcpus");
}

void doctor_check_nohz(struct doctor *doctor)
{
	check_list(doctor, CPUS "nohz_full", "nohz_full");
}

void doctor_check_governor(struct doctor *doctor)
{
	char path[DOCTOR_PATH_SIZE], governor[32], text[256];
	cpu_set_t slow;

	if (!doctor_spins(doctor))
		return;
	CPU_ZERO(&slow);
	for (uint32_t w = 0; w < doctor->config.worker_count; w++) {
		uint32_t core = doctor->config.worker_cores[w];

		snprintf(path, sizeof(path), CPUS "cpu%u/cpufreq/scaling_governor", core);
		if (doctor_read(doctor, path, governor, sizeof(governor)) &&
			strcmp(governor, "performance") != 0)
			CPU_SET(core, &slow);
	}
	if (CPU_COUNT(&slow) == 0) {
		doctor_ok(doctor, "no worker's core changes its frequency");
		return;
	}
	doctor_cores_text(&slow, text, sizeof(text));
	doctor_wrong(doctor, "cores %s are not held at their highest frequency", text);
	doctor_mend(doctor, "cpupower -c %s frequency-set -g performance", text);
}
