// SPDX-License-Identifier: BSD-3-Clause
#include <control/apply_private.h>
#include <control/control_private.h>

#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>

// A VIP's packets never reach the kernel. Where it is the balancer's own address, the answers to probes and whoever
// is logged in are cut off, and every backend goes down.

// An interface beside a port, or a VLAN on it: "fulcrum0", "fulcrum0.100".
static bool is_kernel_side(const struct control *control, const char *name)
{
	for (uint32_t p = 0; p < control->config.port_count; p++) {
		const char *beside = control->config.ports[p].kernel_interface;
		size_t size = strlen(beside);

		if (size > 0 && strncmp(name, beside, size) == 0 &&
			(name[size] == '\0' || name[size] == '.'))
			return true;
	}
	return false;
}

// The interface's address if it has a network: what 'announce' puts there stands alone, as /32 or /128.
static bool read_address(const struct ifaddrs *entry, struct addr *out)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)entry->ifa_addr;
	const struct sockaddr_in6 *mask6 = (const struct sockaddr_in6 *)entry->ifa_netmask;
	const struct sockaddr_in *in = (const struct sockaddr_in *)entry->ifa_addr;
	const struct sockaddr_in *mask = (const struct sockaddr_in *)entry->ifa_netmask;

	if (in == NULL || mask == NULL)
		return false;
	if (in->sin_family == AF_INET) {
		*out = addr_from_ipv4_be(in->sin_addr.s_addr);
		return mask->sin_addr.s_addr != INADDR_BROADCAST;
	}
	if (in->sin_family != AF_INET6)
		return false;
	*out = addr_from_ipv6(in6->sin6_addr.s6_addr);
	return mask6->sin6_addr.s6_addr[15] != 0xff;
}

int control_check_own_addresses(
	const struct control *control, const struct config *config, struct error *err)
{
	struct ifaddrs *list;
	struct addr own;
	int rc = 0;

	if (getifaddrs(&list) != 0)
		return 0; // nobody can tell
	for (const struct ifaddrs *entry = list; entry != NULL && rc == 0;
		entry = entry->ifa_next) {
		char text[ADDR_TEXT_SIZE];

		if (!is_kernel_side(control, entry->ifa_name) || !read_address(entry, &own))
			continue;
		for (uint32_t i = 0; i < config->service_count && rc == 0; i++) {
			const struct config_service *service = &config->services[i];

			if (addr_equal(&service->vip, &own))
				rc = error_set(err, EADDRINUSE,
					"service '%s': VIP %s is this balancer's own address on %s: take another one, "
					"as nothing that is sent to a VIP reaches the balancer's kernel",
					service->name, addr_format(&own, text, sizeof(text)),
					entry->ifa_name);
		}
	}
	freeifaddrs(list);
	return rc;
}
