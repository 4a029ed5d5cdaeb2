// SPDX-License-Identifier: BSD-3-Clause
#ifndef TESTS_HEALTH_ROOM_H
#define TESTS_HEALTH_ROOM_H

// What the tests of health share: an event loop, a prober, and what it told. Include it first.

#include "run_until.h"

#include <base/addr.h>
#include <health/health.h>

#include <dirent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
// cmocka wants the headers above first
#include <cmocka.h>

struct room {
	struct event_base *base;
	struct health *health;
	struct evconnlistener *listener;
	uint16_t port;
	uint32_t accepted;
	uint32_t changes;
	uint32_t last_id;
	enum health_status last_status;
	char last_reason[128];
	bool drops_targets; // the callback empties the set
	uint32_t *ids; // of the targets that are probed
	uint32_t id_count;
};

// Makes 'targets' those that are probed.
static inline void set_targets(
	struct room *room, const struct health_target *targets, uint32_t count)
{
	for (uint32_t i = 0; i < room->id_count; i++) {
		bool stays = false;

		for (uint32_t t = 0; t < count && !stays; t++)
			stays = targets[t].id == room->ids[i];
		if (!stays)
			health_drop_target(room->health, room->ids[i]);
	}
	free(room->ids);
	room->ids = calloc(count + 1, sizeof(*room->ids));
	room->id_count = count;
	for (uint32_t i = 0; i < count; i++) {
		room->ids[i] = targets[i].id;
		assert_int_equal(health_put_target(room->health, &targets[i], i), 0);
	}
}

static inline void on_change(
	void *context, uint32_t id, enum health_status status, const char *reason)
{
	struct room *room = context;

	room->changes++;
	room->last_id = id;
	room->last_status = status;
	snprintf(room->last_reason, sizeof(room->last_reason), "%s", reason);
	if (room->drops_targets)
		set_targets(room, NULL, 0);
}

static inline void on_accept(struct evconnlistener *listener, evutil_socket_t fd,
	struct sockaddr *from, int size, void *context)
{
	struct room *room = context;

	room->accepted++;
	close(fd);
}

static inline int bound_socket(uint16_t *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons(*port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1;

	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

static inline void listen_on(struct room *room, uint16_t port)
{
	int fd = bound_socket(&port);

	room->listener =
		evconnlistener_new(room->base, on_accept, room, LEV_OPT_CLOSE_ON_FREE, 4096, fd);
	assert_non_null(room->listener);
	room->port = port;
}

static inline void stop_listening(struct room *room)
{
	evconnlistener_free(room->listener);
	room->listener = NULL;
}

static inline int enter(void **state)
{
	struct room *room = calloc(1, sizeof(*room));

	room->base = event_base_new();
	assert_int_equal(health_new(room->base, on_change, room, &room->health), 0);
	listen_on(room, 0);
	*state = room;
	return 0;
}

static inline int leave(void **state)
{
	struct room *room = *state;

	health_free(room->health);
	if (room->listener != NULL)
		stop_listening(room);
	event_base_free(room->base);
	free(room->ids);
	free(room);
	return 0;
}

static inline struct health_target target(const struct room *room, uint32_t id)
{
	struct health_target target = {.id = id,
		.address = addr_from_ipv4_be(htonl(INADDR_LOOPBACK)),
		.port = room->port,
		.policy = {.type = CONFIG_PROBE_TCP,
			.interval_ms = 100,
			.timeout_ms = 100,
			.rise = 2,
			.fall = 3}};

	return target;
}

static inline void set_one(struct room *room, const struct health_target *one)
{
	set_targets(room, one, 1);
}

static inline struct health_view view(const struct room *room, uint32_t id)
{
	struct health_view view;

	assert_true(health_view(room->health, id, &view));
	return view;
}

static inline struct health_stats stats(const struct room *room)
{
	struct health_stats stats;

	health_stats(room->health, &stats);
	return stats;
}

static inline uint32_t open_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	uint32_t count = 0;

	assert_non_null(folder);
	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	return count;
}

#endif
