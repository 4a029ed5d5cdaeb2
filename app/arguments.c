// SPDX-License-Identifier: BSD-3-Clause
#include "arguments.h"

#include <base/log.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void add(struct arguments *args, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void add(struct arguments *args, const char *format, ...)
{
	size_t room = sizeof(args->text) - args->used;
	va_list values;
	int size;

	va_start(values, format);
	size = vsnprintf(args->text + args->used, room, format, values);
	va_end(values);
	if (size < 0 || (size_t)size >= room)
		abort(); // the sizes in daemon.h say that it cannot be
	args->argv[args->argc++] = args->text + args->used;
	args->used += (size_t)size + 1;
}

static int add_memory(struct arguments *args, const struct daemon_config *config, uint64_t there,
	struct error *err)
{
	uint64_t needed = needs_memory(config);
	uint64_t pages = (needed + (2 << 20) - 1) >> 21;

	if (config->hugepages != DAEMON_HUGEPAGES_OFF && there >= needed) {
		add(args, "--in-memory");
		return 0;
	}
	if (config->hugepages == DAEMON_HUGEPAGES_REQUIRED)
		return error_set(err, ENOMEM,
			"%lu MiB of hugepages are free, %lu MiB are needed: echo %lu > /proc/sys/vm/nr_hugepages, "
			"or lower 'flows', or set 'hugepages: auto'",
			there >> 20, needed >> 20, pages);
	if (config->hugepages == DAEMON_HUGEPAGES_AUTO)
		log_warning(
			"%lu MiB of hugepages are free, %lu MiB are needed: going on without hugepages, slower; "
			"echo %lu > /proc/sys/vm/nr_hugepages mends it",
			there >> 20, needed >> 20, pages);
	add(args, "--no-shconf"); // else DPDK has a socket and a thread for further processes
	add(args, "--no-huge");
	add(args, "-m");
	add(args, "%lu", (needed >> 20) + 1);
	return 0;
}

// A card that is a port, and those that a bond has for members: the bond itself is a virtual
// device.
static void add_devices(struct arguments *args, const struct daemon_config *config)
{
	char cards[NEEDS_CARDS_MAX][NEEDS_CARD_SIZE];
	bool pci = false;

	for (uint32_t p = 0; p < config->port_count; p++) {
		const char *device = config->ports[p].device;
		uint32_t count = needs_cards(&config->ports[p], cards);
		bool is_card = needs_is_card(device);

		pci |= count > 0;
		for (uint32_t c = 0; c < count && !is_card; c++) {
			add(args, "--allow");
			add(args, "%s", cards[c]);
		}
		add(args, is_card ? "--allow" : "--vdev");
		add(args, "%s", device);
	}
	if (!pci)
		add(args, "--no-pci");
}

static void add_cores(struct arguments *args, const struct daemon_config *config)
{
	char cores[DAEMON_CORES_MAX * 16];
	size_t used = (size_t)snprintf(cores, sizeof(cores), "0@%u", config->control_core);

	for (uint32_t w = 0; w < config->worker_count; w++)
		used += (size_t)snprintf(cores + used, sizeof(cores) - used, ",%u@%u", w + 1,
			config->worker_cores[w]);
	add(args, "--lcores");
	add(args, "%s", cores);
	add(args, "--main-lcore");
	add(args, "0");
}

int arguments_make(struct arguments *args, const struct daemon_config *config,
	uint64_t hugepage_bytes, struct error *err)
{
	int rc;

	add(args, "fulcrumd");
	add_cores(args, config);
	rc = add_memory(args, config, hugepage_bytes, err);
	if (rc != 0)
		return rc;
	add_devices(args, config);
	add(args, "--file-prefix");
	add(args, "%s", config->prefix);
	add(args, config->telemetry != 0 ? "--telemetry" : "--no-telemetry");
	add(args, "--log-level");
	add(args, (config->log & DAEMON_LOG_DEBUG) != 0 ? "lib.*:info" : "lib.eal:warning");
	for (uint32_t i = 0; i < config->eal_argument_count; i++)
		add(args, "%s", config->eal_arguments[i]);
	return 0;
}
