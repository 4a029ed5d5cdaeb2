// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <kernel/kernel_private.h>

#include <errno.h>
#include <linux/neighbour.h>
#include <string.h>

#define REQUEST_SIZE 128
#define DOUBT_NS     (5 * CLOCK_NS_PER_S)

static void add_link_and_neighbour(const struct table *table, struct kernel_next_hop *out)
{
	const struct kernel_link *link = table_link(table, out->ifindex);
	const struct neighbour *neighbour = table_neighbour(table, out->ifindex, &out->gateway);

	out->port_ifindex = out->ifindex;
	if (link != NULL) {
		if (link->vlan_id != 0) {
			out->port_ifindex = link->below;
			out->vlan_id = link->vlan_id;
		}
		out->source_mac = link->mac;
		if (out->mtu == 0)
			out->mtu = link->mtu;
	}
	if (neighbour != NULL && link != NULL && link->up) {
		out->mac = neighbour->mac;
		out->resolved = true;
	}
}

// What the kernel's tables of links and neighbours add to what its routes say.
static void complete(const struct kernel *kernel, const struct addr *destination, int code,
	struct kernel_next_hop *out)
{
	if (code != 0 || !out->reachable) {
		memset(out, 0, sizeof(*out));
		return;
	}
	if (out->gateway.family == ADDR_NONE)
		out->gateway = *destination;
	add_link_and_neighbour(&kernel->table, out);
}

// As the packet will be: with the source that the kernel chose. What it says of the source itself
// stands.
static void ask_with_sources(struct kernel *kernel, const struct addr *destinations, uint32_t count,
	struct kernel_next_hop *hops, int *codes)
{
	struct addr to[ROUTES_AT_ONCE], from[ROUTES_AT_ONCE];
	struct kernel_next_hop answers[ROUTES_AT_ONCE];
	int answer_codes[ROUTES_AT_ONCE];
	uint32_t at[ROUTES_AT_ONCE], asked = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (codes[i] != 0 || !hops[i].reachable ||
			hops[i].source.family != destinations[i].family)
			continue;
		to[asked] = destinations[i];
		from[asked] = hops[i].source;
		at[asked++] = i;
	}
	if (asked == 0)
		return;
	routes_ask(kernel, to, from, asked, answers, answer_codes);
	for (uint32_t i = 0; i < asked; i++) {
		struct kernel_next_hop *hop = &hops[at[i]];

		answers[i].source = hop->source;
		*hop = answers[i];
		codes[at[i]] = answer_codes[i];
	}
}

void kernel_lookup_many(struct kernel *kernel, const struct addr *destinations, uint32_t count,
	struct kernel_next_hop *out, int *codes)
{
	bool has_rules = rules_exist(kernel);

	for (uint32_t done = 0; done < count;) {
		uint32_t some = count - done < ROUTES_AT_ONCE ? count - done : ROUTES_AT_ONCE;

		routes_ask(kernel, destinations + done, NULL, some, out + done, codes + done);
		if (has_rules)
			ask_with_sources(
				kernel, destinations + done, some, out + done, codes + done);
		done += some;
	}
	for (uint32_t i = 0; i < count; i++)
		complete(kernel, &destinations[i], codes[i], &out[i]);
}

static struct nlmsghdr *put_neighbour_request(
	void *space, uint16_t type, uint32_t ifindex, const struct addr *address, uint8_t flags)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(space);
	struct ndmsg *info;

	message->nlmsg_type = type;
	info = mnl_nlmsg_put_extra_header(message, sizeof(*info));
	info->ndm_family = kernel_af_of(address);
	info->ndm_ifindex = ifindex;
	info->ndm_flags = flags;
	kernel_request_put_addr(message, NDA_DST, address);
	return message;
}

// The kernel's table keeps the MAC where the request has none (__neigh_update()).
int kernel_confirm(
	struct kernel *kernel, uint32_t ifindex, const struct addr *gateway, bool is_doubted)
{
	struct neighbour *neighbour = table_neighbour(&kernel->table, ifindex, gateway);
	uint64_t now_ns = clock_monotonic_ns();
	_Alignas(MNL_ALIGNTO) uint8_t space[REQUEST_SIZE] = {0};
	struct nlmsghdr *message;
	struct ndmsg *info;
	int rc;

	if (neighbour == NULL || (neighbour->state & (NUD_STALE | NUD_REACHABLE)) == 0)
		return 0;
	if (neighbour->state == NUD_REACHABLE &&
		(!is_doubted || now_ns - neighbour->doubted_ns < DOUBT_NS))
		return 0;
	neighbour->doubted_ns = now_ns;
	message = put_neighbour_request(space, RTM_NEWNEIGH, ifindex, gateway, 0);
	info = mnl_nlmsg_get_payload(message);
	info->ndm_state = NUD_PROBE;
	rc = kernel_request_run(kernel, message, 0, NULL, NULL);
	if (rc != 0)
		return rc == -ENOENT ? 0 : rc; // it went meanwhile
	neighbour->state = NUD_PROBE; // until the kernel tells
	return 1;
}

static int take_state(const struct nlmsghdr *message, void *context)
{
	const struct ndmsg *info = mnl_nlmsg_get_payload(message);

	if (message->nlmsg_type == RTM_NEWNEIGH &&
		mnl_nlmsg_get_payload_len(message) >= sizeof(*info))
		*(uint16_t *)context = info->ndm_state;
	return MNL_CB_OK;
}

int kernel_solicit(struct kernel *kernel, uint32_t ifindex, const struct addr *gateway)
{
	_Alignas(MNL_ALIGNTO) uint8_t space[REQUEST_SIZE] = {0};
	uint16_t state = NUD_NONE;
	struct nlmsghdr *message;

	// NTF_USE takes NUD_PERMANENT from an entry that has it (__neigh_update(), since 5.15):
	// what an operator wrote there is left alone.
	message = put_neighbour_request(space, RTM_GETNEIGH, ifindex, gateway, 0);
	kernel_request_run(kernel, message, 0, take_state, &state);
	if ((state & (NUD_PERMANENT | NUD_NOARP)) != 0)
		return 0;
	message = put_neighbour_request(space, RTM_NEWNEIGH, ifindex, gateway, NTF_USE);
	return kernel_request_run(kernel, message, NLM_F_CREATE, NULL, NULL);
}
