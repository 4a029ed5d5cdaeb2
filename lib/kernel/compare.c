// SPDX-License-Identifier: BSD-3-Clause
#include <base/log.h>
#include <frames/announcement.h>
#include <kernel/announcer_private.h>

#include <errno.h>
#include <event2/event.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>

// What is wanted against what the kernel has.

#define FRAMES 3 // RFC 4861 10: MAX_NEIGHBOR_ADVERTISEMENT, a second apart

static void tick_later(struct announcer *announcer)
{
	static const struct timeval second = {.tv_sec = 1};

	if (!evtimer_pending(announcer->tick, NULL))
		evtimer_add(announcer->tick, &second);
}

// --- Frames ---

// 0 or a negative errno.
static int announce_frame(int fd, uint32_t ifindex, const struct addr *vip, const struct mac *mac)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = (int)ifindex};
	uint8_t frame[ANNOUNCEMENT_SIZE_MAX];
	uint32_t size = announcement_build(vip, mac, frame);

	return sendto(fd, frame, size, MSG_DONTWAIT, (const struct sockaddr *)&to, sizeof(to)) < 0
		       ? -errno
		       : 0;
}

// A frame that cannot be sent now has its turn with the next tick.
static void send_frame(struct announcer *announcer, struct presence *presence)
{
	const struct kernel_link *link = kernel_find_link(announcer->kernel, presence->ifindex);

	if (link != NULL && link->up &&
		announce_frame(announcer->frames, link->ifindex, &presence->vip, &link->mac) == 0)
		presence->frames_left--;
	if (presence->frames_left > 0)
		tick_later(announcer);
}

static void begin_frames(struct announcer *announcer, struct presence *presence)
{
	if (presence->means.way != ANNOUNCER_ADDRESS)
		return;
	presence->frames_left = FRAMES;
	send_frame(announcer, presence);
}

// A link that comes back may lead to a switch or neighbours that have forgotten.
static void announce_again(struct announcer *announcer, uint32_t ifindex)
{
	struct map *presences = &announcer->presences;

	for (struct map_node *node = map_first(presences); node != NULL;
		node = map_next(presences, node)) {
		struct presence *presence = MAP_ENTRY(node, struct presence, node);

		if (presence->ifindex == ifindex)
			begin_frames(announcer, presence);
	}
}

// --- Where a VIP goes ---

static bool contains(const struct prefix *prefix, const struct addr *address)
{
	uint8_t whole = prefix->bits / 8, rest = prefix->bits % 8;
	uint8_t mask = (uint8_t)(0xff00 >> rest);

	return prefix->address.family == address->family &&
	       memcmp(prefix->address.bytes, address->bytes, whole) == 0 &&
	       (rest == 0 || ((prefix->address.bytes[whole] ^ address->bytes[whole]) & mask) == 0);
}

static bool has_network_of(
	const struct announcer *announcer, uint32_t ifindex, const struct addr *vip)
{
	for (uint32_t i = 0; i < announcer->network_count; i++) {
		if (announcer->networks[i].ifindex == ifindex &&
			contains(&announcer->networks[i].prefix, vip))
			return true;
	}
	return false;
}

static uint32_t address_places(
	const struct announcer *announcer, const struct addr *vip, uint32_t *ifindexes)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < announcer->carrier_count; i++) {
		if (has_network_of(announcer, announcer->carriers[i].ifindex, vip))
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

static uint32_t route_places(const struct announcer *announcer, uint32_t *ifindexes)
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
static void refused(struct announcer *announcer, struct wish *wish, uint32_t ifindex, int error)
{
	char text[ADDR_TEXT_SIZE];

	if (error == EEXIST && !wish->is_doubted) {
		wish->is_doubted = true;
		announcer_doubt(announcer);
		return;
	}
	if (wish->error != error)
		log_warning("kernel: VIP %s cannot be put on %s: %s",
			addr_format(&wish->vip, text, sizeof(text)),
			kernel_interface_name(announcer->kernel, ifindex), strerror(error));
	wish->error = error;
	tick_later(announcer);
}

static void put(struct announcer *announcer, struct wish *wish, uint32_t ifindex)
{
	struct presence *presence = presence_find(announcer, &wish->vip, wish->means, ifindex);
	int rc;

	if (presence == NULL && announcer->budget > 0) {
		announcer->budget--;
		rc = place_put(announcer->kernel, &wish->vip, wish->means, ifindex);
		if (rc != 0) {
			refused(announcer, wish, ifindex, -rc);
			return;
		}
		wish->is_doubted = false;
		presence = presence_put(announcer, &wish->vip, wish->means, ifindex);
		if (presence != NULL)
			begin_frames(announcer, presence);
	}
	if (presence != NULL)
		presence->is_wanted = true;
}

static void grant(struct announcer *announcer, struct wish *wish)
{
	uint32_t ifindexes[ANNOUNCER_INTERFACES_MAX];
	uint32_t count = wish->means.way == ANNOUNCER_ROUTE
				 ? route_places(announcer, ifindexes)
				 : address_places(announcer, &wish->vip, ifindexes);

	for (uint32_t i = 0; i < count; i++)
		put(announcer, wish, ifindexes[i]);
	if (count == 0)
		wish->error = ENETDOWN;
	else if (presence_find_any(announcer, &wish->vip, wish->means) != NULL)
		wish->error = 0;
}

static void remove_unwanted(struct announcer *announcer)
{
	struct map *presences = &announcer->presences;
	struct map_node *next;

	for (struct map_node *node = map_first(presences); node != NULL; node = next) {
		struct presence *presence = MAP_ENTRY(node, struct presence, node);

		next = map_next(presences, node);
		if (presence->is_wanted || announcer->budget == 0)
			continue;
		announcer->budget--;
		if (place_remove(announcer->kernel, &presence->vip, presence->means,
			    presence->ifindex) == 0)
			presence_remove(announcer, presence);
		else
			tick_later(announcer);
	}
}

static void unmark(struct announcer *announcer)
{
	struct map *presences = &announcer->presences;

	for (struct map_node *node = map_first(presences); node != NULL;
		node = map_next(presences, node))
		MAP_ENTRY(node, struct presence, node)->is_wanted = false;
}

static bool was_up(const struct carrier *carriers, uint32_t count, uint32_t ifindex)
{
	for (uint32_t i = 0; i < count; i++) {
		if (carriers[i].ifindex == ifindex)
			return carriers[i].is_up;
	}
	return false;
}

static void read_again(struct announcer *announcer)
{
	struct carrier before[ANNOUNCER_INTERFACES_MAX];
	uint32_t count = announcer->carrier_count;
	int rc;

	memcpy(before, announcer->carriers, sizeof(before));
	rc = presences_read(announcer);
	announcer->is_doubtful = rc != 0;
	if (rc != 0) {
		log_warning("kernel: its addresses and routes cannot be read: %s", strerror(-rc));
		tick_later(announcer);
	}
	for (uint32_t i = 0; i < announcer->carrier_count; i++) {
		const struct carrier *carrier = &announcer->carriers[i];

		if (carrier->is_up && !was_up(before, count, carrier->ifindex))
			announce_again(announcer, carrier->ifindex);
	}
}

void announcer_compare(struct announcer *announcer)
{
	struct map *wishes = &announcer->wishes;

	if (announcer->is_doubtful)
		read_again(announcer);
	unmark(announcer);
	for (struct map_node *node = map_first(wishes); node != NULL; node = map_next(wishes, node))
		grant(announcer, MAP_ENTRY(node, struct wish, node));
	remove_unwanted(announcer);
}

void announcer_send_frames(struct announcer *announcer)
{
	struct map *presences = &announcer->presences;

	for (struct map_node *node = map_first(presences); node != NULL;
		node = map_next(presences, node)) {
		struct presence *presence = MAP_ENTRY(node, struct presence, node);

		if (presence->frames_left > 0)
			send_frame(announcer, presence);
	}
}
