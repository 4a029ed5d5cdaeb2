// SPDX-License-Identifier: BSD-3-Clause
#include "doctor_checks.h"

#include <glob.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NODES     "/sys/devices/system/node/node"
#define NODES_MAX 64

// Bytes in 'folder' of pages of both sizes, by the file "free_hugepages" or "nr_hugepages".
static uint64_t pages_in(const struct doctor *doctor, const char *folder, const char *file)
{
	static const uint32_t sizes_kib[] = {2048, 1048576};
	char path[DOCTOR_PATH_SIZE];
	uint64_t bytes = 0, count;

	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/hugepages-%ukB/%s", folder, sizes_kib[i], file);
		if (doctor_number(doctor, path, &count))
			bytes += count * sizes_kib[i] << 10;
	}
	return bytes;
}

// A running daemon has taken its pages: what is free then is not what there is for it.
static const char *what_counts(const struct doctor *doctor)
{
	return doctor->has_daemon ? "nr_hugepages" : "free_hugepages";
}

static bool uses_hugepages(struct doctor *doctor)
{
	if (doctor->config.hugepages != DAEMON_HUGEPAGES_OFF)
		return true;
	doctor_ok(doctor, "the file wants none");
	return false;
}

static uint64_t pages_of(uint64_t bytes)
{
	return (bytes + (2 << 20) - 1) >> 21;
}

void doctor_check_hugepages(struct doctor *doctor)
{
	static const char folder[] = "/sys/kernel/mm/hugepages";
	uint64_t needed = needs_memory(&doctor->config), small = 0;
	uint64_t there = pages_in(doctor, folder, what_counts(doctor));

	if (!uses_hugepages(doctor))
		return;
	if (there >= needed) {
		doctor_ok(doctor, "%" PRIu64 " MiB are %s, %" PRIu64 " MiB are needed", there >> 20,
			doctor->has_daemon ? "there" : "free", needed >> 20);
		return;
	}
	doctor_number(doctor, "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", &small);
	small += pages_of(needed - there);
	doctor_wrong(doctor, "%" PRIu64 " MiB are %s, %" PRIu64 " MiB are needed", there >> 20,
		doctor->has_daemon ? "there" : "free", needed >> 20);
	doctor_mend(doctor,
		"echo 'vm.nr_hugepages = %" PRIu64
		"' > /etc/sysctl.d/60-fulcrum.conf && sysctl -p /etc/sysctl.d/60-fulcrum.conf",
		small);
}

// How many workers each node has; the number of nodes.
static int count_workers(const struct doctor *doctor, uint32_t workers[NODES_MAX])
{
	int nodes = 0;

	for (uint32_t w = 0; w < doctor->config.worker_count; w++) {
		int node = doctor_core_node(doctor, doctor->config.worker_cores[w]);

		if (node < 0 || node >= NODES_MAX)
			continue;
		workers[node]++;
		nodes = node >= nodes ? node + 1 : nodes;
	}
	return nodes;
}

// A node's share of what is needed, by its share of the workers.
static bool node_has_too_few(struct doctor *doctor, int node, uint32_t workers)
{
	uint64_t needed = needs_memory(&doctor->config) / doctor->config.worker_count * workers;
	char folder[64], path[DOCTOR_PATH_SIZE];
	uint64_t there, small = 0;

	snprintf(folder, sizeof(folder), NODES "%d/hugepages", node);
	there = pages_in(doctor, folder, what_counts(doctor));
	if (there >= needed)
		return false;
	snprintf(path, sizeof(path), "%s/hugepages-2048kB/nr_hugepages", folder);
	doctor_number(doctor, path, &small);
	doctor_wrong(doctor, "node %d has %" PRIu64 " MiB, its %u worker(s) need %" PRIu64 " MiB",
		node, there >> 20, workers, needed >> 20);
	doctor_mend(doctor, "echo %" PRIu64 " > %s", small + pages_of(needed - there), path);
	return true;
}

void doctor_check_hugepage_nodes(struct doctor *doctor)
{
	uint32_t workers[NODES_MAX] = {0};
	int nodes = count_workers(doctor, workers);
	bool wrong = false;

	if (!uses_hugepages(doctor))
		return;
	if (nodes == 0) {
		doctor_ok(doctor, "the machine is one node");
		return;
	}
	for (int node = 0; node < nodes; node++)
		if (workers[node] > 0)
			wrong |= node_has_too_few(doctor, node, workers[node]);
	if (!wrong)
		doctor_ok(doctor, "the workers' nodes have what their workers need");
}

void doctor_check_transparent_hugepages(struct doctor *doctor)
{
	static const char path[] = "/sys/kernel/mm/transparent_hugepage/enabled";
	char text[64];

	if (!doctor_spins(doctor))
		return;
	if (!doctor_read(doctor, path, text, sizeof(text)) || strstr(text, "[always]") == NULL) {
		doctor_ok(doctor, "transparent hugepages are only for who asks");
		return;
	}
	doctor_wrong(doctor, "transparent hugepages are for all programs");
	doctor_mend_at_boot(doctor, "transparent_hugepage=madvise");
}

// The word behind 'key' in the line of a file that begins with it; false without the file.
static bool find_word(const char *path, const char *key, char *word, size_t size)
{
	FILE *file = fopen(path, "re");
	size_t length = strlen(key);
	char line[256];

	if (file == NULL)
		return false;
	while (fgets(line, sizeof(line), file) != NULL) {
		const char *at = line + length;

		if (strncmp(line, key, length) != 0)
			continue;
		at += strspn(at, " ");
		snprintf(word, size, "%.*s", (int)strcspn(at, " \n"), at);
	}
	fclose(file);
	return true;
}

// What the unit's additions say, the operator's last.
static void find_limit_in_additions(const struct doctor *doctor, char *limit, size_t size)
{
	static const char *const folders[] = {
		"/lib/systemd/system", "/run/systemd/system", "/etc/systemd/system"};
	char pattern[DOCTOR_PATH_SIZE];
	glob_t found;

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		doctor_path(doctor, pattern, "%s/fulcrumd.service.d/*.conf", folders[i]);
		if (glob(pattern, 0, NULL, &found) != 0)
			continue;
		for (size_t file = 0; file < found.gl_pathc; file++)
			find_word(found.gl_pathv[file], "LimitMEMLOCK=", limit, size);
		globfree(&found);
	}
}

// The limit of a running daemon, or what its unit says; false: nobody says.
static bool find_limit(const struct doctor *doctor, char *limit, size_t size)
{
	static const char *const units[] = {"/etc/systemd/system/fulcrumd.service",
		"/lib/systemd/system/fulcrumd.service", "/usr/lib/systemd/system/fulcrumd.service"};
	char path[DOCTOR_PATH_SIZE];
	bool is_found = false;

	snprintf(limit, size, "little");
	if (doctor->has_daemon) {
		doctor_path(doctor, path, "/proc/%u/limits", doctor->daemon.pid);
		return find_word(path, "Max locked memory", limit, size);
	}
	for (size_t i = 0; !is_found && i < sizeof(units) / sizeof(units[0]); i++) {
		doctor_path(doctor, path, "%s", units[i]);
		is_found = find_word(path, "LimitMEMLOCK=", limit, size);
	}
	find_limit_in_additions(doctor, limit, size);
	return is_found;
}

// Bytes, or what systemd takes for them: "8M".
static bool is_enough(const char *limit, uint64_t needed)
{
	static const char units[] = "KMGT";
	char *end;
	uint64_t bytes = strtoull(limit, &end, 10);
	const char *unit = *end != '\0' ? strchr(units, *end) : NULL;

	if (unit != NULL)
		bytes <<= 10 * (unit - units + 1);
	return strcmp(limit, "infinity") == 0 || strcmp(limit, "unlimited") == 0 || bytes >= needed;
}

void doctor_check_memlock(struct doctor *doctor)
{
	char limit[64];

	if (!doctor_wants_vfio(doctor))
		return;
	if (!find_limit(doctor, limit, sizeof(limit))) {
		doctor_unknown(doctor, "there is no unit fulcrumd.service, and no daemon");
	} else if (is_enough(limit, needs_memory(&doctor->config))) {
		doctor_ok(doctor, "the daemon may lock %s", limit);
	} else {
		doctor_wrong(doctor, "the daemon may lock %s, it needs %" PRIu64 " MiB", limit,
			needs_memory(&doctor->config) >> 20);
		doctor_mend(doctor,
			"d=/etc/systemd/system/fulcrumd.service.d; mkdir -p $d && "
			"printf '[Service]\\nLimitMEMLOCK=infinity\\n' > $d/memlock.conf && "
			"systemctl daemon-reload && systemctl restart fulcrumd");
	}
}
