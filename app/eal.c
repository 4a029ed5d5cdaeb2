// SPDX-License-Identifier: BSD-3-Clause
#include "arguments.h"
#include "fulcrumd.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <stdio.h>

static uint64_t read_number(const char *path)
{
	FILE *file = fopen(path, "re");
	unsigned long value = 0;

	if (file == NULL)
		return 0;
	if (fscanf(file, "%lu", &value) != 1)
		value = 0;
	fclose(file);
	return value;
}

static uint64_t free_hugepage_bytes(void)
{
	return (read_number("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages") << 21) +
	       (read_number("/sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages") << 30);
}

int eal_start(const struct daemon_config *config, struct error *err)
{
	static struct arguments args;
	int rc = arguments_make(&args, config, free_hugepage_bytes(), err);

	if (rc != 0)
		return rc;
	if (rte_eal_init(args.argc, args.argv) < 0)
		return error_set(err, rte_errno,
			"DPDK does not start: %s (its own words stand above)",
			rte_strerror(rte_errno));
	return 0;
}

void eal_stop(void)
{
	rte_eal_cleanup();
}
