// SPDX-License-Identifier: BSD-3-Clause
// Any bytes as what the kernel says over rtnetlink: to a daemon that follows it, and to every
// request that the room makes. It returns whatever came, and what it knows afterwards holds
// together.
//
// The input: what is to be done in a byte (enum ask), and datagrams, each behind its size in two
// bytes, little-endian; one of OVERRUN bytes is a buffer that overran. The C library's and libmnl's
// calls are replaced by these datagrams. The number that an answer has to bear is put into it,
// unless it is of an odd kind.
#include <announce/announcer_private.h>
#include <base/log.h>
#include <kernel/kernel_private.h>

#include "fuzz.h"

#include <errno.h>
#include <event2/event.h>
#include <linux/neighbour.h>
#include <string.h>
#include <sys/socket.h>

enum ask {
	ASK_ROUTES = 1,
	ASK_ADDRESS = 2,
	ASK_SOLICIT = 4,
	ASK_CONFIRM = 8,
	ASK_ANNOUNCE = 16,
	ASK_DUMP = 32
};

#define OVERRUN      0xffff
#define PORT         4711
#define DATAGRAM_MAX 8192

static struct {
	const uint8_t *at;
	size_t left;
	uint32_t sequence; // of the first message that was sent last
} input;

static struct kernel kernel;
static struct announcer announcer = {.kernel = &kernel, .frames = -1};

// --- The kernel's side ---

// -1 with errno: there is none left.
static ssize_t take_datagram(void *buffer, size_t room)
{
	size_t size;

	if (input.left < 2) {
		errno = EAGAIN;
		return -1;
	}
	size = (size_t)(input.at[0] | input.at[1] << 8);
	input.at += 2;
	input.left -= 2;
	if (size == OVERRUN) {
		errno = ENOBUFS;
		return -1;
	}
	if (size > input.left)
		size = input.left;
	memcpy(buffer, input.at, size < room ? size : room);
	input.at += size;
	input.left -= size;
	return (ssize_t)(size < room ? size : room);
}

static void answer(void *buffer, ssize_t size, uint32_t some)
{
	struct nlmsghdr message;

	for (uint8_t *at = buffer; size >= (ssize_t)sizeof(message);) {
		memcpy(&message, at, sizeof(message));
		if ((message.nlmsg_pid & 1) == 0) {
			message.nlmsg_pid = PORT;
			message.nlmsg_seq = input.sequence + (message.nlmsg_seq & some);
			memcpy(at, &message, sizeof(message));
		}
		if (message.nlmsg_len < sizeof(message) || message.nlmsg_len > (size_t)size)
			return;
		at += NLMSG_ALIGN(message.nlmsg_len);
		size -= (ssize_t)NLMSG_ALIGN(message.nlmsg_len);
	}
}

ssize_t mnl_socket_recvfrom(const struct mnl_socket *socket, void *buffer, size_t size)
{
	ssize_t got = take_datagram(buffer, size);

	if (socket == kernel.requests)
		answer(buffer, got, 0);
	return got;
}

ssize_t mnl_socket_sendto(const struct mnl_socket *socket, const void *buffer, size_t size)
{
	const struct nlmsghdr *message = buffer;

	FUZZ_ASSERT(size >= sizeof(*message) && message->nlmsg_len <= size);
	input.sequence = message->nlmsg_seq;
	return (ssize_t)size;
}

unsigned int mnl_socket_get_portid(const struct mnl_socket *socket)
{
	return PORT;
}

int mnl_socket_get_fd(const struct mnl_socket *socket)
{
	return -1;
}

int mnl_socket_setsockopt(const struct mnl_socket *socket, int type, void *value, socklen_t size)
{
	return 0;
}

// Of routes' answers alone, which come several at once.
int recvmmsg(
	int fd, struct mmsghdr *datagrams, unsigned int count, int flags, struct timespec *wait)
{
	unsigned int got = 0;

	while (got < count) {
		struct iovec *piece = datagrams[got].msg_hdr.msg_iov;
		ssize_t size = take_datagram(piece->iov_base, piece->iov_len);

		if (size < 0)
			break;
		answer(piece->iov_base, size, ROUTES_AT_ONCE - 1);
		datagrams[got++].msg_len = (unsigned int)size;
	}
	return got > 0 ? (int)got : -1;
}

// --- What is known holds together ---

static void check_links(const struct table *table)
{
	for (struct map_node *node = map_first(&table->links); node != NULL;
		node = map_next(&table->links, node)) {
		const struct kernel_link *link = MAP_ENTRY(node, struct kernel_link, node);

		FUZZ_ASSERT(strnlen(link->name, sizeof(link->name)) < sizeof(link->name));
		FUZZ_ASSERT(link == table_link(table, link->ifindex));
	}
}

static void check_neighbours(const struct table *table)
{
	for (struct map_node *node = map_first(&table->neighbours); node != NULL;
		node = map_next(&table->neighbours, node)) {
		const struct neighbour *neighbour = MAP_ENTRY(node, struct neighbour, node);

		FUZZ_ASSERT(neighbour->address.family == ADDR_IPV4 ||
			    neighbour->address.family == ADDR_IPV6);
		FUZZ_ASSERT(neighbour ==
			    table_neighbour(table, neighbour->ifindex, &neighbour->address));
		FUZZ_ASSERT((neighbour->state & NUD_INCOMPLETE) == 0 ||
			    (neighbour->state & ~NUD_INCOMPLETE) != 0);
	}
}

static void check_address(void *context, const struct addr *address, uint8_t bits)
{
	FUZZ_ASSERT(address->family == ADDR_IPV4 || address->family == ADDR_IPV6);
	kernel_owner(&kernel, address);
}

static void check_installed(void)
{
	struct map *map = &announcer.installed;

	for (struct map_node *node = map_first(map); node != NULL; node = map_next(map, node)) {
		const struct installed_vip *installed = MAP_ENTRY(node, struct installed_vip, node);

		FUZZ_ASSERT(installed == installed_find(&announcer, &installed->vip,
						 installed->means, installed->ifindex));
	}
	FUZZ_ASSERT(announcer.carrier_count <= ANNOUNCER_INTERFACES_MAX);
}

// --- What is asked ---

static const struct addr ends[] = {{{10, 0, 0, 2}, ADDR_IPV4, {0}},
	{{0xfd, [15] = 2}, ADDR_IPV6, {0}}, {{10, 0, 0, 3}, ADDR_IPV4, {0}}};
#define ENDS (sizeof(ends) / sizeof(ends[0]))

static void ask_routes(void)
{
	struct kernel_next_hop hops[ENDS];
	int codes[ENDS];

	kernel_lookup_many(&kernel, ends, ENDS, hops, codes);
	for (size_t i = 0; i < ENDS; i++) {
		FUZZ_ASSERT(codes[i] == 0 || (codes[i] < 0 && !hops[i].reachable));
		FUZZ_ASSERT(!hops[i].reachable || hops[i].ifindex != 0);
		FUZZ_ASSERT(!hops[i].resolved || table_link(&kernel.table, hops[i].ifindex)->up);
	}
}

static bool is_unfit(void *context, const struct addr *address)
{
	return false;
}

static void ask(uint8_t what)
{
	struct addr found;

	if ((what & ASK_DUMP) != 0)
		FUZZ_ASSERT(request_dump(&kernel) <= 0);
	if ((what & ASK_ROUTES) != 0)
		ask_routes();
	for (size_t i = 0; i < ENDS && (what & ASK_SOLICIT) != 0; i++)
		FUZZ_ASSERT(kernel_solicit(&kernel, 2, &ends[i]) <= 0);
	for (size_t i = 0; i < ENDS && (what & ASK_CONFIRM) != 0; i++)
		FUZZ_ASSERT(kernel_confirm(&kernel, 2, &ends[i], true) <= 1);
	if ((what & ASK_ADDRESS) != 0 &&
		kernel_address(&kernel, 2, ADDR_IPV4, is_unfit, NULL, &found))
		FUZZ_ASSERT(found.family == ADDR_IPV4);
	if ((what & ASK_ANNOUNCE) != 0) {
		announcer_want(&announcer, &ends[0], (struct announcer_means){ANNOUNCER_ADDRESS});
		announcer_want(&announcer, &ends[1], (struct announcer_means){ANNOUNCER_ROUTE, 7});
		announcer_settle(&announcer);
	}
}

// --- A room without sockets ---

static void on_event(evutil_socket_t fd, short what, void *context)
{
}

static void on_change(void *context)
{
}

static void set_up(void)
{
	log_set_level(LOG_LEVEL_ERROR); // of each input there would be lines
	kernel.base = event_base_new();
	FUZZ_ASSERT(kernel.base != NULL);
	kernel.gather = evtimer_new(kernel.base, on_event, NULL);
	kernel.changed = on_change;
	kernel.notifications = (struct mnl_socket *)1;
	kernel.requests = (struct mnl_socket *)2;
	announcer.work = evtimer_new(kernel.base, on_event, NULL);
	announcer.tick = evtimer_new(kernel.base, on_event, NULL);
	FUZZ_ASSERT(kernel.gather != NULL && announcer.work != NULL && announcer.tick != NULL);
	strcpy(announcer.interfaces[0].first_name, "wan");
	strcpy(announcer.interfaces[1].first_name, "lan");
	announcer.interface_count = 2;
}

static void netlink_begin(void)
{
	FUZZ_ASSERT(table_init(&kernel.table) == 0);
	FUZZ_ASSERT(map_init(&announcer.desired, 0) == 0 && map_init(&announcer.installed, 0) == 0);
	announcer_listen(&announcer);
	kernel.rules_are_known = kernel.is_doubtful = announcer.is_doubtful = false;
	announcer.carrier_count = announcer.network_count = 0;
	for (uint32_t i = 0; i < announcer.interface_count; i++)
		announcer.interfaces[i].ifindex = 0;
}

static void end(void)
{
	for (size_t i = 0; i < ENDS; i++)
		announcer_drop(&announcer, &ends[i]);
	installed_clear(&announcer);
	map_free(&announcer.desired);
	map_free(&announcer.installed);
	table_free(&kernel.table);
	memset(&kernel.table, 0, sizeof(kernel.table));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0 || size > DATAGRAM_MAX)
		return 0;
	if (kernel.base == NULL)
		set_up();
	netlink_begin();
	input.at = data + 1;
	input.left = size - 1;
	for (int i = 0; i < 4 && input.left > 0; i++) {
		ask(data[0]);
		kernel_catch_up(&kernel);
	}
	check_links(&kernel.table);
	check_neighbours(&kernel.table);
	kernel_each_address(&kernel, check_address, NULL);
	check_installed();
	end();
	return 0;
}
