// SPDX-License-Identifier: BSD-3-Clause
#include "confinement.h"
#include "threads.h"

#include <base/log.h>
#include <confine/confine.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define CONFINEMENT_PLACES 64

// --- Files ---

struct confinement_places {
	struct confine_place place[CONFINEMENT_PLACES];
	char text[CONFINEMENT_PLACES][PATH_MAX];
	size_t count;
	struct error *err;
};

static void confinement_add(
	struct confinement_places *places, const char *path, enum confine_access access)
{
	if (places->count == CONFINEMENT_PLACES || path[0] == '\0')
		return;
	// Made where it is missing, as it would be later: what is not there cannot be named. A
	// failure is told then.
	if (access == CONFINE_WRITE)
		mkdir(path, 0755);
	snprintf(places->text[places->count], PATH_MAX, "%s", path);
	places->place[places->count] = (struct confine_place){places->text[places->count], access};
	places->count++;
}

// The folder: a file that is replaced by a rename is another one.
static void confinement_add_parent(
	struct confinement_places *places, const char *path, enum confine_access access)
{
	char folder[PATH_MAX], *slash;

	if (path[0] == '\0')
		return;
	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (slash == NULL)
		snprintf(folder, sizeof(folder), ".");
	else
		slash[slash == folder] = '\0';
	confinement_add(places, folder, access);
}

// By its name and, where that is a link, by what it leads to.
static void confinement_add_pools(struct confinement_places *places, const char *path)
{
	char real[PATH_MAX];

	if (path[0] == '\0')
		return;
	confinement_add(places, path, CONFINE_READ);
	confinement_add_parent(places, path, CONFINE_READ);
	if (realpath(path, real) != NULL)
		confinement_add_parent(places, real, CONFINE_READ);
}

// What libraries read at any time: names, time zones, certificates, their own modules, what the
// kernel tells.
static const char *const system_folders[] = {"/etc", "/usr", "/lib", "/lib64", "/proc", "/sys",
	"/run/systemd/resolve", "/run/resolvconf"};
// Random numbers, and the devices of taps and of cards that may be asked again.
static const char *const device_files[] = {"/dev/null", "/dev/zero", "/dev/urandom", "/dev/random",
	"/dev/net/tun", "/dev/vhost-net", "/dev/vfio", "/dev/infiniband", "/dev/shm"};

static void confinement_find(struct confinement_places *places, const struct daemon_config *config)
{
	for (size_t i = 0; i < sizeof(system_folders) / sizeof(system_folders[0]); i++)
		confinement_add(places, system_folders[i], CONFINE_READ);
	for (size_t i = 0; i < sizeof(device_files) / sizeof(device_files[0]); i++)
		confinement_add(places, device_files[i], CONFINE_DEVICE);
	confinement_add_parent(places, config->channel, CONFINE_WRITE);
	confinement_add(places, config->state, CONFINE_WRITE);
	confinement_add_pools(places, config->pools);
	for (uint32_t i = 0; i < config->folder_count; i++)
		confinement_add(places, config->folders[i], CONFINE_WRITE);
}

static int confinement_one_files(void *context)
{
	struct confinement_places *places = context;

	return confine_files(places->place, places->count, places->err);
}

int confinement_files(const struct daemon_config *config, struct error *err)
{
	struct confinement_places *places = calloc(1, sizeof(*places));
	int rc;

	if (places == NULL)
		return error_set(err, ENOMEM, "out of memory");
	places->err = err;
	confinement_find(places, config);
	rc = confinement_one_files(places);
	if (rc == 0)
		rc = threads_each(confinement_one_files, places);
	free(places);
	if (rc == -EOPNOTSUPP) {
		log_info("fulcrumd: files are held by their modes alone: %s", err->text);
		return 0;
	}
	return rc;
}

// --- System calls ---

// Beside what every program of ours calls.
static const struct confine_call daemon_calls[] = {
	{"mbind get_mempolicy set_mempolicy", "DPDK's memory, on the node of its worker",
		CONFINE_ANY},
};
static const struct confine_list daemon_list = {
	daemon_calls, sizeof(daemon_calls) / sizeof(daemon_calls[0])};

// Where a port is a kernel's interface by AF_XDP: its driver takes its program and its maps away at
// the end.
static const struct confine_call xdp_calls[] = {
	{"bpf", "net_af_xdp: its program and its maps are taken away at the end", CONFINE_ANY},
};
static const struct confine_list xdp_list = {xdp_calls, sizeof(xdp_calls) / sizeof(xdp_calls[0])};

static bool confinement_has_xdp(const struct daemon_config *config)
{
	for (uint32_t p = 0; p < config->port_count; p++)
		if (strncmp(config->ports[p].device, "net_af_xdp", strlen("net_af_xdp")) == 0)
			return true;
	return false;
}

int confinement_calls(const struct daemon_config *config, struct error *err)
{
	static const int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, -1};
	const struct confine_list lists[] = {
		confine_common, daemon_list, confine_sanitizers, xdp_list};
	size_t count = sizeof(lists) / sizeof(lists[0]);

	int rc = confine_calls(
		lists, confinement_has_xdp(config) ? count : count - 1, families, err);

	// Whoever started it has a filter of its own that lets none be added: a container's, a
	// unit's.
	if (rc == -EPERM || rc == -EACCES || rc == -ENOSYS) {
		log_warning(
			"fulcrumd: system calls are held by no filter of its own: %s", err->text);
		return 0;
	}
	return rc;
}

void confinement_tell(void)
{
	const char *news;

	while ((news = confine_news()) != NULL)
		log_error("fulcrumd: %s", news);
}
