// SPDX-License-Identifier: BSD-3-Clause
#include <snapshot/snapshot_private.h>

#include <errno.h>
#include <stdlib.h>

static uint64_t own_place(const struct snapshot_own *own, uint64_t fold)
{
	return fold * 0x9e3779b97f4a7c15ull >> own->shift;
}

// Two places an address, and eight bits of the filter a place: one address in sixteen of all others
// is looked for in vain.
static int own_allocate(uint32_t addresses, struct snapshot_own *own)
{
	uint32_t bits = 4;

	while ((1u << bits) < 2 * addresses)
		bits++;
	own->mask = (1u << bits) - 1;
	own->shift = 64 - (bits + OWN_FILTER_BITS);
	own->table = calloc(1u << bits, sizeof(*own->table));
	own->filter = calloc(1u << bits, 1u << OWN_FILTER_BITS >> 3);
	return own->table == NULL || own->filter == NULL ? -ENOMEM : 0;
}

static void own_add(struct snapshot_own *own, const struct addr *address)
{
	uint64_t at = own_place(own, addr_fold(address->bytes));
	uint32_t place = (uint32_t)(at >> OWN_FILTER_BITS);

	if (address->family == ADDR_IPV4)
		own->is_first[address->bytes[0]] = 1;
	own->filter[at / 64] |= 1ull << at % 64;
	while (own->table[place & own->mask].family != ADDR_NONE) {
		if (addr_equal(&own->table[place & own->mask], address))
			return;
		place++;
	}
	own->table[place & own->mask] = *address;
}

static int own_copy_macs(const struct snapshot_own_input *input, struct snapshot_own *own)
{
	if (input->mac_count == 0)
		return 0;
	own->macs = calloc(input->mac_count, sizeof(*own->macs));
	if (own->macs == NULL)
		return -ENOMEM;
	memcpy(own->macs, input->macs, input->mac_count * sizeof(*own->macs));
	own->mac_count = input->mac_count;
	return 0;
}

int own_build(const struct snapshot_input *input, struct snapshot_own *own)
{
	static const struct snapshot_own_input none;
	const struct snapshot_own_input *from = input->own != NULL ? input->own : &none;
	int rc = own_allocate(from->address_count + input->config->service_count, own);

	if (rc != 0)
		return rc;
	// RFC 1122 3.2.1.3, RFC 3927: 0/8, 127/8, 169.254/16, and multicast with all above
	own->is_first[0] = own->is_first[127] = own->is_first[169] = 1;
	memset(own->is_first + 224, 1, 32);
	for (uint32_t i = 0; i < input->config->service_count; i++)
		own_add(own, &input->config->services[i].vip);
	for (uint32_t i = 0; i < from->address_count; i++)
		own_add(own, &from->addresses[i]);
	return own_copy_macs(from, own);
}

void own_free(struct snapshot_own *own)
{
	free(own->table);
	free(own->filter);
	free(own->macs);
}

bool snapshot_own_has(const struct snapshot_own *own, const struct addr *address)
{
	uint64_t at = own_place(own, addr_fold(address->bytes));

	if ((own->filter[at / 64] >> at % 64 & 1) == 0)
		return false;
	for (uint32_t place = (uint32_t)(at >> OWN_FILTER_BITS);; place++) {
		const struct addr *found = &own->table[place & own->mask];

		if (found->family == ADDR_NONE || addr_equal(found, address))
			return found->family != ADDR_NONE;
	}
}

bool snapshot_own_has_mac(const struct snapshot_own *own, uint32_t port, const uint8_t mac[6])
{
	for (uint32_t i = 0; i < own->mac_count; i++)
		if (own->macs[i].port == port &&
			memcmp(own->macs[i].mac.bytes, mac, sizeof(own->macs[i].mac.bytes)) == 0)
			return true;
	return false;
}
