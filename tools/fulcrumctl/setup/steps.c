// SPDX-License-Identifier: BSD-3-Clause
#include "steps.h"

#include <errno.h>
#include <search.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

char *setup_text(const char *format, ...)
{
	va_list args;
	char *text;
	int size;

	va_start(args, format);
	size = vasprintf(&text, format, args);
	va_end(args);
	return size < 0 ? NULL : text;
}

static void free_step(struct setup_step *step)
{
	free(step->what);
	free(step->why);
	free(step->test);
	free(step->command);
	free(step->script);
	free(step->undo);
}

static int by_text(const void *left, const void *right)
{
	return strcmp(left, right);
}

// True where the tree did not have that text; from now on it has. Without memory 'failed' is set.
static bool is_another(struct setup_steps *steps, void **tree, const char *text)
{
	const char *const *found = tsearch(text, tree, by_text);

	if (found == NULL)
		steps->failed = true;
	return found != NULL && *found == text;
}

static bool make_room(struct setup_steps *steps)
{
	uint32_t room = steps->room == 0 ? 64 : steps->room * 2;
	struct setup_step *more;

	if (steps->count < steps->room)
		return true;
	more = reallocarray(steps->steps, room, sizeof(*more));
	if (more == NULL)
		return false;
	steps->steps = more;
	steps->room = room;
	return true;
}

void setup_steps_add(struct setup_steps *steps, struct setup_step step)
{
	bool whole = step.what != NULL && step.test != NULL && step.command != NULL;

	if (!whole || !make_room(steps))
		steps->failed = true;
	if (steps->failed || !is_another(steps, &steps->names, step.what)) {
		free_step(&step);
		return;
	}
	step.is_why_said = step.why != NULL && !is_another(steps, &steps->whys, step.why);
	steps->steps[steps->count++] = step;
}

static void keep(void *text)
{
	(void)text; // the step's own
}

void setup_steps_free(struct setup_steps *steps)
{
	tdestroy(steps->names, keep);
	tdestroy(steps->whys, keep);
	for (uint32_t i = 0; i < steps->count; i++)
		free_step(&steps->steps[i]);
	free(steps->steps);
	*steps = (struct setup_steps){0};
}

// The device that takes the outer header off, or "lo" where there is none.
static const char *device_of(const struct setup_use *use)
{
	if (use->service->forwarding == CONFIG_DSR)
		return "lo";
	if (use->address.family == ADDR_IPV6)
		return SETUP_IP6TNL;
	return use->service->vip.family == ADDR_IPV4 ? SETUP_IPIP : SETUP_SIT;
}

// 'key' is a path below /proc/sys.
static void add_sysctl(struct setup_steps *steps, const char *key, int value, const char *why)
{
	setup_steps_add(steps, (struct setup_step){
				       .what = setup_text("%s is %d", key, value),
				       .why = setup_text("%s", why),
				       .test = setup_text("at_least %s %d", key, value),
				       .command = setup_text("echo %d >/proc/sys/%s", value, key),
				       .script = setup_text("raise %s %d", key, value),
				       .undo = setup_text("restore %s", key),
			       });
}

static void add_arp(struct setup_steps *steps, const struct setup_host *host)
{
	for (uint32_t i = 0; i < host->use_count; i++) {
		if (host->uses[i].service->vip.family != ADDR_IPV4)
			continue;
		add_sysctl(steps, "net/ipv4/conf/all/arp_ignore", 1,
			"Answer ARP for the addresses of the interface that is asked alone: the VIP's "
			"ARP stays the balancer's.");
		add_sysctl(steps, "net/ipv4/conf/all/arp_announce", 2,
			"Ask ARP by an address of the interface, never by the VIP.");
	}
}

static void add_probing(struct setup_steps *steps, const struct setup_host *host)
{
	for (uint32_t i = 0; i < host->use_count; i++)
		if (setup_is_mapped(host->uses[i].service) &&
			host->uses[i].service->protocols[0] == CONFIG_TCP)
			add_sysctl(steps, "net/ipv4/tcp_mtu_probing", 1,
				"ICMP's \"too big\" names the public port, which no socket here has: let TCP "
				"(IPv6, too) find the path's MTU by itself.");
}

static const char *type_of(const char *device)
{
	if (strcmp(device, SETUP_IPIP) == 0)
		return "type ipip";
	return strcmp(device, SETUP_SIT) == 0 ? "type sit mode ip6ip" : "type ip6tnl mode any";
}

static const char *why_of(const char *device)
{
	if (strcmp(device, SETUP_IPIP) == 0)
		return "Takes the outer IPv4 header off IPv4 packets, whichever balancer sends them. A device of "
		       "our own: the kernel's tunl0 is for all addresses, and may be another's.";
	if (strcmp(device, SETUP_SIT) == 0)
		return "Takes the outer IPv4 header off IPv6 packets, whichever balancer sends them. A device of "
		       "our own: the kernel's sit0 is for all addresses, and may be another's.";
	return "Takes the outer IPv6 header off packets of both families, whichever balancer sends them. A "
	       "device of our own: the kernel's ip6tnl0 is for all addresses, and may be another's.";
}

static void add_device(struct setup_steps *steps, const char *device, const struct addr *local)
{
	char text[ADDR_TEXT_SIZE];

	addr_format(local, text, sizeof(text));
	setup_steps_add(steps,
		(struct setup_step){
			.what = setup_text("%s, the tunnel to %s", device, text),
			.why = setup_text("%s", why_of(device)),
			.test = setup_text("has_tunnel %s %s", device, text),
			.command =
				setup_text("ip link del %s 2>/dev/null; ip link add %s %s local %s "
					   "remote any",
					device, device, type_of(device), text),
			.script = setup_text("has_tunnel %s %s || {\n"
					     "\tip link del %s 2>/dev/null || true\n"
					     "\tip link add %s %s local %s remote any\n"
					     "}",
				device, text, device, device, type_of(device), text),
			.undo = setup_text("ip link del %s 2>/dev/null || true", device),
		});
}

// Loose, not off: what no route leads back to is dropped still. '$dev4' stands in quotes where a
// shell reads it.
static void add_loose(struct setup_steps *steps, const char *device)
{
	bool ours = device[0] != '$';
	const char *quote = ours ? "" : "\"";

	setup_steps_add(steps,
		(struct setup_step){
			.what = setup_text("rp_filter of %s lets clients in", device),
			.why = setup_text(
				"Clients come in here, and the way back to them may be another "
				"interface: a strict rp_filter (1) would drop them."),
			.test = setup_text("not_strict %s%s%s", quote, device, quote),
			.command =
				setup_text("echo 2 >/proc/sys/net/ipv4/conf/%s/rp_filter", device),
			.script = setup_text(
				"not_strict %s%s%s || raise \"net/ipv4/conf/%s/rp_filter\" 2",
				quote, device, quote, device),
			.undo = ours ? NULL
				     : setup_text("restore \"net/ipv4/conf/%s/rp_filter\"", device),
		});
}

static void add_up(struct setup_steps *steps, const char *device)
{
	setup_steps_add(steps, (struct setup_step){
				       .what = setup_text("%s is up", device),
				       .test = setup_text("is_up %s", device),
				       .command = setup_text("ip link set %s up", device),
			       });
}

static void add_tunnels(struct setup_steps *steps, const struct setup_host *host)
{
	for (uint32_t i = 0; i < host->use_count; i++) {
		const struct setup_use *use = &host->uses[i];
		bool dsr = use->service->forwarding == CONFIG_DSR;

		if (!dsr)
			add_device(steps, device_of(use), &use->address);
		if (use->service->vip.family == ADDR_IPV4)
			add_loose(steps, dsr ? "$dev4" : device_of(use));
		if (!dsr)
			add_up(steps, device_of(use));
	}
}

static int by_vip(const void *left, const void *right)
{
	return addr_compare(&((const struct setup_use *)left)->service->vip,
		&((const struct setup_use *)right)->service->vip);
}

// A VIP has one place: on the first tunnel that carries it, else on lo. False without memory.
static bool find_places(const struct setup_host *host, void **tunnels)
{
	bool found = true;

	for (uint32_t i = 0; i < host->use_count && found; i++)
		if (host->uses[i].service->forwarding != CONFIG_DSR)
			found = tsearch(&host->uses[i], tunnels, by_vip) != NULL;
	return found;
}

static const char *place_of(void *const *tunnels, const struct setup_use *use)
{
	const struct setup_use *const *first = tfind(use, tunnels, by_vip);

	return first != NULL ? device_of(*first) : "lo";
}

static void add_vip(struct setup_steps *steps, const struct addr *vip, const char *device)
{
	int bits = vip->family == ADDR_IPV4 ? 32 : 128;
	bool is_lo = strcmp(device, "lo") == 0;
	char text[ADDR_TEXT_SIZE];

	addr_format(vip, text, sizeof(text));
	setup_steps_add(steps,
		(struct setup_step){
			.what = setup_text("VIP %s on %s", text, device),
			.why = setup_text(
				"The kernel takes packets to the VIP for its own; /%d, so "
				"that no network comes with it.",
				bits),
			.test = setup_text("has_address %s %s", device, text),
			.command = setup_text("ip addr replace %s/%d dev %s", text, bits, device),
			.script = is_lo ? setup_text("put_vip %s/%d", text, bits) : NULL,
			.undo = is_lo ? setup_text("take_vip %s/%d", text, bits) : NULL,
		});
}

static void add_vips(struct setup_steps *steps, const struct setup_host *host)
{
	void *tunnels = NULL; // the first use of each VIP that goes by one

	if (!find_places(host, &tunnels))
		steps->failed = true;
	for (uint32_t i = 0; i < host->use_count; i++)
		add_vip(steps, &host->uses[i].service->vip, place_of(&tunnels, &host->uses[i]));
	tdestroy(tunnels, keep);
}

static void add_servers(struct setup_steps *steps, const struct setup_host *host)
{
	for (uint32_t i = 0; i < host->use_count; i++) {
		const struct config_service *service = host->uses[i].service;
		unsigned port =
			setup_is_mapped(service) ? service->target_port : service->ports[0][0];
		bool tcp = service->protocols[0] == CONFIG_TCP;
		char text[ADDR_TEXT_SIZE];

		if (service->ports[0][0] != service->ports[0][1])
			continue;
		addr_format(&service->vip, text, sizeof(text));
		setup_steps_add(steps,
			(struct setup_step){
				.kind = SETUP_LOOK,
				.what = setup_text("service %s: a server on %s port %u",
					service->name, tcp ? "TCP" : "UDP", port),
				.test = setup_text("listens %s %u", tcp ? "t" : "u", port),
				.command = setup_text("# start the server: on %s port %u or on all "
						      "addresses",
					text, port),
			});
	}
}

// nft mends the checksum of a datagram that is yet to be cut (UDP_SEGMENT), where its field holds
// the sum of the pseudo header alone; it has no word for "is to be cut". Where the NIC finishes
// checksums, such a packet is marked and nft leaves the field alone.
static void add_checksums(struct setup_steps *steps, const struct setup_host *host)
{
	for (uint32_t i = 0; i < host->use_count; i++) {
		const struct config_service *service = host->uses[i].service;
		unsigned family = host->uses[i].address.family;

		if (service->protocols[0] != CONFIG_UDP || !setup_is_mapped(service))
			continue;
		setup_steps_add(steps,
			(struct setup_step){
				.kind = SETUP_LOOK,
				.what = setup_text("mapped UDP: $dev%u finishes checksums", family),
				.test = setup_text("finishes_checksums \"$dev%u\"", family),
				.command = setup_text(
					"ethtool -K $dev%u tx on # cannot: use the agent, or a server "
					"without UDP_SEGMENT (as QUIC's have)",
					family),
			});
	}
}

struct tunnel_module {
	const char *device, *module,
		*fallback; // the kernel's own device, which shows that the module is in it
};

static const struct tunnel_module modules[] = {
	{SETUP_IPIP, "ipip", "tunl0"},
	{SETUP_SIT, "sit", "sit0"},
	{SETUP_IP6TNL, "ip6_tunnel", "ip6tnl0"},
};

static void add_module(struct setup_steps *steps, const char *device)
{
	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
		const struct tunnel_module *row = &modules[i];

		if (strcmp(device, row->device) == 0)
			setup_steps_add(steps,
				(struct setup_step){
					.kind = SETUP_NEED,
					.what = setup_text("the kernel's module %s", row->module),
					.test = setup_text(
						"has_module %s %s", row->module, row->fallback),
					.command = setup_text("modprobe %s # a kernel without it: "
							      "use the agent",
						row->module),
				});
	}
}

static void add_needs(struct setup_steps *steps, const struct setup_host *host)
{
	setup_steps_add(steps,
		(struct setup_step){
			.kind = SETUP_NEED,
			.what = setup_text("nft, and nf_tables in the kernel"),
			.test = setup_text("nft_works"),
			.command = setup_text("apt-get install nftables && modprobe nf_tables"),
		});
	for (uint32_t i = 0; i < host->use_count; i++)
		add_module(steps, device_of(&host->uses[i]));
}

int setup_steps_make(
	const struct setup_host *host, const struct setup_options *options, struct setup_steps *out)
{
	struct setup_steps steps = {0};

	add_needs(&steps, host);
	add_arp(&steps, host);
	add_probing(&steps, host);
	setup_add_rules(&steps, host, options);
	add_tunnels(&steps, host);
	add_vips(&steps, host);
	add_checksums(&steps, host);
	add_servers(&steps, host);
	if (steps.failed) {
		setup_steps_free(&steps);
		return -ENOMEM;
	}
	*out = steps;
	return 0;
}
