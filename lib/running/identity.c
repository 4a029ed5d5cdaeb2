// SPDX-License-Identifier: BSD-3-Clause
#include <running/identity.h>

#include <base/map.h>
#include <stdlib.h>
#include <string.h>

// MACs of all ports together: VRRP groups, mostly.
#define MACS_MAX 64

struct possessions {
	struct addr *addresses;
	uint32_t count;
	uint32_t room;
	struct snapshot_mac macs[MACS_MAX];
	uint32_t mac_count;
	uint64_t digest; // the same in whatever order they came
};

struct identity {
	uint64_t seen; // kernel_own_changes()
	struct possessions now;
	struct possessions frozen;
	struct snapshot_own_input input; // of 'frozen'
};

struct identity *identity_new(void)
{
	return calloc(1, sizeof(struct identity));
}

void identity_free(struct identity *identity)
{
	if (identity == NULL)
		return;
	free(identity->now.addresses);
	free(identity->frozen.addresses);
	free(identity);
}

static bool possessions_have_room(struct possessions *possessions, uint32_t count)
{
	uint32_t room = possessions->room > 0 ? possessions->room : 16;
	struct addr *addresses;

	while (room < count)
		room *= 2;
	if (room == possessions->room)
		return true;
	addresses = realloc(possessions->addresses, room * sizeof(*addresses));
	if (addresses == NULL)
		return false;
	possessions->addresses = addresses;
	possessions->room = room;
	return true;
}

static void possessions_add(struct possessions *possessions, const struct addr *address)
{
	if (!possessions_have_room(possessions, possessions->count + 1))
		return;
	possessions->addresses[possessions->count++] = *address;
	possessions->digest += map_hash(address->bytes, sizeof(address->bytes)) + 1ull;
}

// The walk over the kernel's.
struct walk {
	struct possessions *out;
	const struct snapshot *current;
	uint8_t port;
};

// RFC 1122 3.2.1.3: nobody sends from the broadcast address of a network; RFC 3021: one of two
// hosts has none.
static void walk_take_network(const struct walk *walk, const struct addr *address, uint8_t bits)
{
	struct addr broadcast;

	if (address->family != ADDR_IPV4 || bits == 0 || bits > 30)
		return;
	broadcast = addr_from_ipv4_be(
		addr_ipv4_be(address) | __builtin_bswap32((1u << (32 - bits)) - 1));
	possessions_add(walk->out, &broadcast);
}

static void walk_take_address(void *context, const struct addr *address, uint8_t bits)
{
	const struct walk *walk = context;

	if (addr_is_unusable(address) ||
		(walk->current != NULL && snapshot_find_vip(&walk->current->vips, address) != NULL))
		return;
	possessions_add(walk->out, address);
	walk_take_network(walk, address, bits);
}

static void walk_take_mac(void *context, const struct mac *mac)
{
	const struct walk *walk = context;
	struct possessions *out = walk->out;

	if (out->mac_count == MACS_MAX)
		return;
	out->macs[out->mac_count++] = (struct snapshot_mac){walk->port, *mac};
	out->digest += (uint64_t)(map_hash(mac->bytes, sizeof(mac->bytes)) + walk->port + 1) << 32;
}

bool identity_follow(struct identity *identity, const struct kernel *kernel,
	const struct kernel_follow *sides, uint32_t port_count, const struct snapshot *current)
{
	struct walk walk = {.out = &identity->now, .current = current};

	if (identity->seen == kernel_own_changes(kernel))
		return false;
	identity->seen = kernel_own_changes(kernel);
	identity->now.count = identity->now.mac_count = 0;
	identity->now.digest = 0;
	kernel_each_address(kernel, walk_take_address, &walk);
	for (uint32_t p = 0; p < port_count; p++) {
		walk.port = (uint8_t)p;
		if (sides[p].ifindex != 0)
			kernel_each_mac(kernel, sides[p].ifindex, walk_take_mac, &walk);
	}
	return identity->now.digest != identity->frozen.digest;
}

const struct snapshot_own_input *identity_freeze(struct identity *identity)
{
	struct possessions *now = &identity->now, *frozen = &identity->frozen;

	if (now->digest != frozen->digest && possessions_have_room(frozen, now->count)) {
		memcpy(frozen->addresses, now->addresses, now->count * sizeof(*now->addresses));
		memcpy(frozen->macs, now->macs, sizeof(now->macs));
		frozen->count = now->count;
		frozen->mac_count = now->mac_count;
		frozen->digest = now->digest;
	}
	identity->input = (struct snapshot_own_input){
		frozen->addresses, frozen->count, frozen->macs, frozen->mac_count};
	return &identity->input;
}
