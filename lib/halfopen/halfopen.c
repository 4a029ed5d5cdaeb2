// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <halfopen/halfopen_private.h>
#include <kernel/kernel.h>
#include <snapshot/publish.h>

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

struct halfopen *halfopen_new(const struct halfopen_needs *needs)
{
	struct halfopen *halfopen = calloc(1, sizeof(*halfopen));

	if (halfopen == NULL)
		return NULL;
	halfopen->needs = *needs;
	halfopen->count = (uint32_t)clock_monotonic_ns(); // not where the process before began
	halfopen->poll = evtimer_new(needs->base, halfopen_poll, halfopen);
	halfopen->accounts = calloc(needs->backends_max, sizeof(*halfopen->accounts));
	if (halfopen->poll == NULL || halfopen->accounts == NULL ||
		map_init(&halfopen->attempts, 0) != 0) {
		halfopen_free(halfopen);
		return NULL;
	}
	// What routers say of tunnels comes by the same rings, whether there are probes or not.
	if (needs->relay != NULL)
		halfopen_poll_later(halfopen);
	return halfopen;
}

void halfopen_free(struct halfopen *halfopen)
{
	if (halfopen == NULL)
		return;
	if (halfopen->poll != NULL)
		event_free(halfopen->poll);
	map_free(&halfopen->attempts);
	free(halfopen->accounts);
	free(halfopen);
}

uint32_t halfopen_hash(const struct halfopen_connection *connection)
{
	return map_hash(&connection->sequence, sizeof(connection->sequence));
}

// --- What came of each backend's probes, for the metrics ---

void halfopen_note_mss(struct halfopen_probe *probe, uint16_t mss, uint16_t most)
{
	if (probe->mss != 0 && (int)mss - most <= (int)probe->mss - probe->mss_most)
		return;
	probe->mss = mss;
	probe->mss_most = most;
}

void halfopen_record(const struct halfopen_probe *probe, enum probe_outcome outcome)
{
	struct halfopen_account *account =
		&probe->halfopen->accounts[probe->backend & BACKEND_INDEX_MASK];
	struct halfopen_view *view = &account->view;

	if (outcome != PROBE_SUCCEEDED && outcome != PROBE_FAILED)
		return;
	if (account->backend != probe->backend)
		*account = (struct halfopen_account){.backend = probe->backend};
	view->is_up = outcome == PROBE_SUCCEEDED;
	if (!view->is_up) {
		view->failures++;
		return;
	}
	view->successes++;
	view->successes_us += (clock_monotonic_ns() - probe->started_ns) / 1000;
	view->mss = probe->mss;
	view->mss_most = probe->mss_most;
}

bool halfopen_view(const struct halfopen *halfopen, uint32_t backend, struct halfopen_view *out)
{
	const struct halfopen_account *account = &halfopen->accounts[backend & BACKEND_INDEX_MASK];

	*out = account->view;
	return account->backend == backend && (out->successes > 0 || out->failures > 0);
}

// --- The addresses to ask from ---

void halfopen_forget_addresses(struct halfopen *halfopen)
{
	memset(halfopen->own, 0, sizeof(halfopen->own));
}

// A VIP that is announced by ARP stands on the interface too; its packets are not the kernel's.
static bool halfopen_is_unfit(void *context, const struct addr *address)
{
	const struct halfopen *halfopen = context;

	return snapshot_find_vip(&halfopen->needs.publisher->current->vips, address) != NULL;
}

static void halfopen_search_address(struct halfopen *halfopen, const struct kernel_next_hop *hop,
	struct halfopen_own_address *own)
{
	if (!kernel_address(halfopen->needs.kernel, hop->ifindex, own->family, halfopen_is_unfit,
		    halfopen, &own->address) &&
		hop->port_ifindex != hop->ifindex)
		kernel_address(halfopen->needs.kernel, hop->port_ifindex, own->family,
			halfopen_is_unfit, halfopen, &own->address);
}

// Asking the kernel takes some microseconds; mostly all backends are behind one interface. The last
// place is shared.
static struct halfopen_own_address *halfopen_find_address(
	struct halfopen_own_address *own, uint32_t ifindex, uint8_t family)
{
	uint32_t i = 0;

	while (i + 1 < HALFOPEN_INTERFACES && own[i].ifindex != 0 &&
		(own[i].ifindex != ifindex || own[i].family != family))
		i++;
	return &own[i];
}

bool halfopen_own_address(
	struct halfopen *halfopen, uint32_t index, uint8_t family, struct addr *out)
{
	const struct kernel_next_hop *hop = &halfopen->needs.running->states[index].hop;
	struct halfopen_own_address *own;

	if (hop->source.family == family && !halfopen_is_unfit(halfopen, &hop->source)) {
		*out = hop->source;
		return true;
	}
	own = halfopen_find_address(halfopen->own, hop->ifindex, family);
	if (own->ifindex != hop->ifindex || own->family != family) {
		*own = (struct halfopen_own_address){.ifindex = hop->ifindex, .family = family};
		halfopen_search_address(halfopen, hop, own);
	}
	*out = own->address;
	return out->family != ADDR_NONE;
}
