// SPDX-License-Identifier: BSD-3-Clause
#include "host.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int ask_interface(const char *name, unsigned long what, struct ifreq *request)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int result;

	if (fd < 0)
		return -errno;
	memset(request, 0, sizeof(*request));
	snprintf(request->ifr_name, sizeof(request->ifr_name), "%s", name);
	result = ioctl(fd, what, request) < 0 ? -errno : 0;
	close(fd);
	return result;
}

int host_check_interface(const char *name, uint32_t *index, struct error *err)
{
	struct ifreq request;

	*index = if_nametoindex(name);
	if (*index == 0 || ask_interface(name, SIOCGIFHWADDR, &request) < 0)
		return error_set(err, ENODEV, "there is no interface '%s'", name);
	if (request.ifr_hwaddr.sa_family != ARPHRD_ETHER)
		return error_set(err, EINVAL, "%s: its packets have no Ethernet header", name);
	return 0;
}

bool host_loopback_is_up(void)
{
	struct ifreq request;

	return ask_interface("lo", SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_UP);
}

bool host_interface_name(uint32_t index, char name[IF_NAMESIZE])
{
	return index != 0 && if_indextoname(index, name) != NULL;
}

// What one look goes by: the present names of the interfaces, and the VIPs in the order of
// addr_compare().
struct known {
	char names[FB_LINKS_MAX][IF_NAMESIZE]; // "": gone
	uint32_t count;
	struct addr *vips;
	size_t vip_count;
};

static bool is_link(const struct known *known, const char *name)
{
	for (uint32_t i = 0; i < known->count; i++) {
		if (strcmp(known->names[i], name) == 0)
			return true;
	}
	return false;
}

static bool is_vip(const struct known *known, const struct addr *address)
{
	return host_has_vip(known->vips, known->vip_count, address);
}

static int find_known(const struct config *config, const struct fb_link *links, uint32_t count,
	struct known *out, struct error *err)
{
	out->count = count;
	out->vip_count = config->vip_count;
	out->vips = calloc(config->vip_count, sizeof(*out->vips));
	if (out->vips == NULL)
		return error_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < config->vip_count; i++)
		out->vips[i] = config->vips[i].address;
	host_sort_vips(out->vips, out->vip_count);
	for (uint32_t i = 0; i < count; i++)
		if (!host_interface_name(links[i].index, out->names[i]))
			out->names[i][0] = '\0';
	return 0;
}

// A balancer reaches its backends by routed addresses, so link-local ones are no tunnel's end.
static bool socket_address(const struct sockaddr *from, struct addr *out)
{
	const struct in6_addr *ipv6;

	if (from == NULL)
		return false;
	if (from->sa_family == AF_INET) {
		*out = addr_from_ipv4_be(
			((const struct sockaddr_in *)(const void *)from)->sin_addr.s_addr);
		return true;
	}
	ipv6 = &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr;
	if (from->sa_family != AF_INET6 || IN6_IS_ADDR_LINKLOCAL(ipv6))
		return false;
	*out = addr_from_ipv6(ipv6->s6_addr);
	return true;
}

static void add_tunnel(struct host_view *view, const struct addr *address)
{
	for (uint32_t i = 0; i < view->tunnel_count; i++) {
		if (addr_equal(&view->tunnels[i], address))
			return;
	}
	if (view->tunnel_count < FB_TUNNELS_MAX)
		view->tunnels[view->tunnel_count++] = *address;
}

static unsigned int mask_length(const struct sockaddr *mask, unsigned int family)
{
	const struct sockaddr_in6 *ipv6 = (const void *)mask;
	unsigned int length = 0;

	if (mask == NULL)
		return family == ADDR_IPV4 ? 32 : 128;
	if (family == ADDR_IPV4)
		return (unsigned int)__builtin_popcount(
			((const struct sockaddr_in *)(const void *)mask)->sin_addr.s_addr);
	for (size_t i = 0; i < 4; i++)
		length += (unsigned int)__builtin_popcount(ipv6->sin6_addr.s6_addr32[i]);
	return length;
}

static void add_network(struct host_view *view, const struct addr *address, unsigned int length)
{
	unsigned int bits = address->family == ADDR_IPV4 ? 32 : 128;
	struct config_prefix *network = &view->networks[view->network_count];

	if (length == 0 || view->network_count == FB_NETWORKS_MAX)
		return;
	network->address = *address;
	network->length = length;
	for (unsigned int bit = length; bit < bits; bit++)
		network->address.bytes[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
	view->network_count++;
}

// Every address of the host, the VIPs aside, and the network that it is in.
static void find_networks(
	const struct known *known, const struct ifaddrs *list, struct host_view *view)
{
	struct addr address;

	for (const struct ifaddrs *entry = list; entry != NULL; entry = entry->ifa_next) {
		if (!socket_address(entry->ifa_addr, &address) || is_vip(known, &address))
			continue;
		add_network(view, &address, address.family == ADDR_IPV4 ? 32 : 128);
		add_network(view, &address, mask_length(entry->ifa_netmask, address.family));
	}
}

static bool has_vip_on_link(const struct known *known, const struct ifaddrs *list)
{
	struct addr address;

	for (const struct ifaddrs *entry = list; entry != NULL; entry = entry->ifa_next) {
		if (is_link(known, entry->ifa_name) && socket_address(entry->ifa_addr, &address) &&
			is_vip(known, &address))
			return true;
	}
	return false;
}

static void find_tunnels(
	const struct known *known, const struct ifaddrs *list, struct host_view *view)
{
	struct addr address;

	for (const struct ifaddrs *entry = list; entry != NULL; entry = entry->ifa_next) {
		if (is_link(known, entry->ifa_name) && socket_address(entry->ifa_addr, &address) &&
			!is_vip(known, &address))
			add_tunnel(view, &address);
	}
}

static void find_mtu(const struct known *known, struct host_view *view)
{
	struct ifreq request;

	for (uint32_t i = 0; i < known->count; i++) {
		if (known->names[i][0] == '\0' ||
			ask_interface(known->names[i], SIOCGIFMTU, &request) < 0)
			continue;
		if (view->mtu == 0 || (uint32_t)request.ifr_mtu < view->mtu)
			view->mtu = (uint32_t)request.ifr_mtu;
	}
}

int host_look(const struct config *config, const struct fb_link *links, uint32_t count,
	struct host_view *view, struct error *err)
{
	struct known known;
	struct ifaddrs *list;
	int result;

	memset(view, 0, sizeof(*view));
	result = find_known(config, links, count, &known, err);
	if (result < 0)
		return result;
	if (getifaddrs(&list) < 0) {
		free(known.vips);
		return error_set(err, errno, "the interfaces' addresses cannot be read: %s",
			strerror(errno));
	}
	find_mtu(&known, view);
	find_networks(&known, list, view);
	view->has_vip_on_link = has_vip_on_link(&known, list);
	if (!config->tunnels_given)
		find_tunnels(&known, list, view);
	freeifaddrs(list);
	free(known.vips);
	for (size_t i = 0; i < config->tunnel_count; i++)
		add_tunnel(view, &config->tunnels[i]);
	return 0;
}

static int open_sysctl(const char *interface, const char *key, int flags)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/%s", interface, key);
	return open(path, flags | O_CLOEXEC);
}

int host_read_sysctl(const char *interface, const char *key)
{
	int fd = open_sysctl(interface, key, O_RDONLY);
	char text[16] = "";
	ssize_t got;

	if (fd < 0)
		return -1;
	got = read(fd, text, sizeof(text) - 1);
	close(fd);
	return got > 0 ? atoi(text) : -1;
}

void host_write_sysctl(const char *interface, const char *key, int value)
{
	int fd = open_sysctl(interface, key, O_WRONLY);

	if (fd < 0)
		return;
	dprintf(fd, "%d\n", value);
	close(fd);
}

int host_effective_sysctl(const char *interface, const char *key)
{
	int all = host_read_sysctl("all", key);
	int own = host_read_sysctl(interface, key);

	return own > all ? own : all;
}

int host_raise_sysctl(const char *interface, const char *key, int value)
{
	int was = host_read_sysctl(interface, key);

	if (host_effective_sysctl(interface, key) >= value)
		return -1;
	host_write_sysctl(interface, key, value);
	return host_read_sysctl(interface, key) == value ? was : -2;
}

uint64_t host_namespace(void)
{
	struct stat status;

	return stat("/proc/self/ns/net", &status) == 0 ? status.st_ino : 0;
}
