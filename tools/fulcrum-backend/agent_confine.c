// SPDX-License-Identifier: BSD-3-Clause
// What the agent keeps once it is attached: it attaches to interfaces that come, and takes
// everything back at the end.
#include <base/log.h>
#include <cap-ng.h>
#include <confine/confine.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent_private.h"

static const struct confine_call agent_calls[] = {
	{"bpf", "filters of interfaces that come later, maps, pins", CONFINE_ANY},
	{"kill", "whether a process that left something still lives", CONFINE_ANY},
};
static const struct confine_list agent_list = {
	agent_calls, sizeof(agent_calls) / sizeof(agent_calls[0])};

// Where the agent has mounted the folder of its pins by itself, it takes that away at the end.
static const struct confine_call mount_calls[] = {
	{"umount2", "the file system of the pins", CONFINE_ANY},
};
static const struct confine_list mount_list = {mount_calls, 1};

static int confine_capabilities(const struct agent *agent, struct error *err)
{
	if (geteuid() != 0)
		return 0;
	if (capng_get_caps_process() != 0)
		return error_set(err, EIO, "the kernel does not tell what rights it has");
	capng_clear(CAPNG_SELECT_CAPS);
	capng_updatev(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_NET_ADMIN, CAP_BPF,
		CAP_PERFMON, -1);
	if (agent->pin.mounted)
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_SYS_ADMIN);
	if (capng_apply(CAPNG_SELECT_CAPS) == 0)
		return 0;
	return error_set(err, EPERM,
		"it cannot keep CAP_NET_ADMIN, CAP_BPF and CAP_PERFMON alone: start it as root");
}

static int confine_folders(const struct agent *agent, struct error *err)
{
	char above[CONFIG_PIN_SIZE];
	struct confine_place places[] = {
		{"/etc", CONFINE_READ},
		{"/usr", CONFINE_READ},
		{"/lib", CONFINE_READ},
		{"/lib64", CONFINE_READ},
		{"/proc", CONFINE_READ},
		{"/proc/sys/net", CONFINE_DEVICE}, // written, and nothing made there
		{"/sys", CONFINE_READ},
		{"/dev/null", CONFINE_DEVICE},
		{"/dev/urandom", CONFINE_DEVICE},
		{above, CONFINE_WRITE},
	};
	char *slash;

	snprintf(above, sizeof(above), "%s", agent->config->pin);
	slash = strrchr(above, '/');
	if (slash != NULL && slash != above)
		*slash = '\0';
	return confine_files(places, sizeof(places) / sizeof(places[0]), err);
}

int agent_confine(const struct agent *agent, struct error *err)
{
	static const int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, -1};
	const struct confine_list lists[] = {
		confine_common, confine_sanitizers, agent_list, mount_list};
	size_t count = sizeof(lists) / sizeof(lists[0]);
	int result = confine_privileges(err);

	if (result == 0)
		result = confine_capabilities(agent, err);
	if (result < 0)
		return result;
	// Landlock would not let it unmount.
	result = agent->pin.mounted ? error_set(err, EOPNOTSUPP,
					      "it has mounted %s, and unmounts it at the end",
					      agent->config->pin)
				    : confine_folders(agent, err);
	if (result == -EOPNOTSUPP)
		log_info("fulcrum-backend: files are held by their modes alone: %s", err->text);
	else if (result < 0)
		return result;
	result = confine_calls(lists, agent->pin.mounted ? count : count - 1, families, err);
	// Whoever started it has a filter of its own that lets none be added: a container's, a
	// unit's.
	if (result == -EPERM || result == -EACCES || result == -ENOSYS) {
		log_warning("fulcrum-backend: system calls are held by no filter of its own: %s",
			err->text);
		return 0;
	}
	return result;
}

void agent_confine_tell(void)
{
	const char *news;

	while ((news = confine_news()) != NULL)
		log_error("fulcrum-backend: %s", news);
}
