// SPDX-License-Identifier: BSD-3-Clause
#include <announce/announcer_private.h>
#include <base/log.h>
#include <frames/announcement.h>

#include <errno.h>
#include <event2/event.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>

// What is wanted against what the kernel has.

#define FRAMES 3 // RFC 4861 10: MAX_NEIGHBOR_ADVERTISEMENT, a second apart

static void reconcile_tick_later(struct announcer *announcer)
{
	static const struct timeval second = {.tv_sec = 1};

	if (!evtimer_pending(announcer->tick, NULL))
		evtimer_add(announcer->tick, &second);
}

// --- Frames ---

// 0 or a negative errno.
static int reconcile_transmit(
	int fd, uint32_t ifindex, const struct addr *vip, const struct mac *mac)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = (int)ifindex};
	uint8_t frame[ANNOUNCEMENT_SIZE_MAX];
	uint32_t size = announcement_build(vip, mac, frame);

	return sendto(fd, frame, size, MSG_DONTWAIT, (const struct sockaddr *)&to, sizeof(to)) < 0
		       ? -errno
		       : 0;
}

// A frame that cannot be sent now has its turn with the next tick.
static void reconcile_send_frame(struct announcer *announcer, struct installed_vip *installed)
{
	const struct kernel_link *link = kernel_find_link(announcer->kernel, installed->ifindex);

	if (link != NULL && link->up &&
		reconcile_transmit(announcer->frames, link->ifindex, &installed->vip, &link->mac) ==
			0)
		installed->frames_left--;
	if (installed->frames_left > 0)
		reconcile_tick_later(announcer);
}

static void reconcile_begin_frames(struct announcer *announcer, struct installed_vip *installed)
{
	if (installed->means.way != ANNOUNCER_ADDRESS)
		return;
	installed->frames_left = FRAMES;
	reconcile_send_frame(announcer, installed);
}

// A link that comes back may lead to a switch or neighbours that have forgotten.
static void reconcile_announce_again(struct announcer *announcer, uint32_t ifindex)
{
	struct map *map = &announcer->installed;

	for (struct map_node *node = map_first(map); node != NULL; node = map_next(map, node)) {
		struct installed_vip *installed = MAP_ENTRY(node, struct installed_vip, node);

		if (installed->ifindex == ifindex)
			reconcile_begin_frames(announcer, installed);
	}
}

// --- Where a VIP goes ---

static bool reconcile_has_network_of(
	const struct announcer *announcer, uint32_t ifindex, const struct addr *vip)
{
	for (uint32_t i = 0; i < announcer->network_count; i++) {
		if (announcer->networks[i].ifindex == ifindex &&
			prefix_holds(&announcer->networks[i].prefix, vip))
			return true;
	}
	return false;
}

static uint32_t reconcile_address_interfaces(
	const struct announcer *announcer, const struct addr *vip, uint32_t *ifindexes)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < announcer->carrier_count; i++) {
		if (reconcile_has_network_of(announcer, announcer->carriers[i].ifindex, vip))
			ifindexes[count++] = announcer->carriers[i].ifindex;
	}
	if (count > 0)
		return count;
	for (uint32_t i = 0; i < announcer->carrier_count; i++) {
		if (!announcer->carriers[i].is_vlan)
			ifindexes[count++] = announcer->carriers[i].ifindex;
	}
	return count;
}

static uint32_t reconcile_route_interface(const struct announcer *announcer, uint32_t *ifindexes)
{
	for (uint32_t i = 0; i < announcer->carrier_count; i++) {
		if (announcer->carriers[i].is_vlan || !announcer->carriers[i].is_up)
			continue;
		ifindexes[0] = announcer->carriers[i].ifindex;
		return 1;
	}
	return 0;
}

// --- How it comes there ---

// The kernel's refusal is told once. What is there already may be our own, seen too late.
static void reconcile_refused(
	struct announcer *announcer, struct desired_vip *desired, uint32_t ifindex, int error)
{
	char text[ADDR_TEXT_SIZE];

	if (error == EEXIST && !desired->is_doubted) {
		desired->is_doubted = true;
		announcer_doubt(announcer);
		return;
	}
	if (desired->error != error)
		log_warning("kernel: VIP %s cannot be put on %s: %s",
			addr_format(&desired->vip, text, sizeof(text)),
			kernel_interface_name(announcer->kernel, ifindex), strerror(error));
	desired->error = error;
	reconcile_tick_later(announcer);
}

static void reconcile_put(
	struct announcer *announcer, struct desired_vip *desired, uint32_t ifindex)
{
	struct installed_vip *installed =
		installed_find(announcer, &desired->vip, desired->means, ifindex);
	int rc;

	if (installed == NULL && announcer->budget > 0) {
		announcer->budget--;
		rc = install_add(announcer->kernel, &desired->vip, desired->means, ifindex);
		if (rc != 0) {
			reconcile_refused(announcer, desired, ifindex, -rc);
			return;
		}
		desired->is_doubted = false;
		installed = installed_add(announcer, &desired->vip, desired->means, ifindex);
		if (installed != NULL)
			reconcile_begin_frames(announcer, installed);
	}
	if (installed != NULL)
		installed->is_wanted = true;
}

static void reconcile_grant(struct announcer *announcer, struct desired_vip *desired)
{
	uint32_t ifindexes[ANNOUNCER_INTERFACES_MAX];
	uint32_t count =
		desired->means.way == ANNOUNCER_ROUTE
			? reconcile_route_interface(announcer, ifindexes)
			: reconcile_address_interfaces(announcer, &desired->vip, ifindexes);

	for (uint32_t i = 0; i < count; i++)
		reconcile_put(announcer, desired, ifindexes[i]);
	if (count == 0)
		desired->error = ENETDOWN;
	else if (installed_find_any(announcer, &desired->vip, desired->means) != NULL)
		desired->error = 0;
}

static void reconcile_remove_unwanted(struct announcer *announcer)
{
	struct map *map = &announcer->installed;
	struct map_node *next;

	for (struct map_node *node = map_first(map); node != NULL; node = next) {
		struct installed_vip *installed = MAP_ENTRY(node, struct installed_vip, node);

		next = map_next(map, node);
		if (installed->is_wanted || announcer->budget == 0)
			continue;
		announcer->budget--;
		if (install_remove(announcer->kernel, &installed->vip, installed->means,
			    installed->ifindex) == 0)
			installed_remove(announcer, installed);
		else
			reconcile_tick_later(announcer);
	}
}

static void reconcile_unmark(struct announcer *announcer)
{
	struct map *map = &announcer->installed;

	for (struct map_node *node = map_first(map); node != NULL; node = map_next(map, node))
		MAP_ENTRY(node, struct installed_vip, node)->is_wanted = false;
}

static bool reconcile_was_up(const struct carrier *carriers, uint32_t count, uint32_t ifindex)
{
	for (uint32_t i = 0; i < count; i++) {
		if (carriers[i].ifindex == ifindex)
			return carriers[i].is_up;
	}
	return false;
}

static void reconcile_read_again(struct announcer *announcer)
{
	struct carrier before[ANNOUNCER_INTERFACES_MAX];
	uint32_t count = announcer->carrier_count;
	int rc;

	memcpy(before, announcer->carriers, sizeof(before));
	rc = installed_read(announcer);
	announcer->is_doubtful = rc != 0;
	if (rc != 0) {
		log_warning("kernel: its addresses and routes cannot be read: %s", strerror(-rc));
		reconcile_tick_later(announcer);
	}
	for (uint32_t i = 0; i < announcer->carrier_count; i++) {
		const struct carrier *carrier = &announcer->carriers[i];

		if (carrier->is_up && !reconcile_was_up(before, count, carrier->ifindex))
			reconcile_announce_again(announcer, carrier->ifindex);
	}
}

void announcer_reconcile(struct announcer *announcer)
{
	struct map *map = &announcer->desired;

	if (announcer->is_doubtful)
		reconcile_read_again(announcer);
	reconcile_unmark(announcer);
	for (struct map_node *node = map_first(map); node != NULL; node = map_next(map, node))
		reconcile_grant(announcer, MAP_ENTRY(node, struct desired_vip, node));
	reconcile_remove_unwanted(announcer);
}

void announcer_send_frames(struct announcer *announcer)
{
	struct map *map = &announcer->installed;

	for (struct map_node *node = map_first(map); node != NULL; node = map_next(map, node)) {
		struct installed_vip *installed = MAP_ENTRY(node, struct installed_vip, node);

		if (installed->frames_left > 0)
			reconcile_send_frame(announcer, installed);
	}
}
