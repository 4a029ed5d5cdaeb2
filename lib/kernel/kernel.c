// SPDX-License-Identifier: BSD-3-Clause
#include <kernel/kernel_private.h>

#include <base/log.h>
#include <errno.h>
#include <event2/event.h>
#include <metrics/step.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define GATHER_US       5000
#define RECEIVE_BUFFER  (4 << 20)
#define READS_PER_EVENT 16 // then the other events of the loop have their turn
#define DISCARDED_READS 65536

static const int groups[] = {RTNLGRP_LINK, RTNLGRP_NEIGH, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
	RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE,
	RTNLGRP_NEXTHOP};

static void resync(struct kernel *kernel);

static void tell_soon(struct kernel *kernel)
{
	struct timeval soon = {.tv_sec = kernel->is_doubtful, .tv_usec = GATHER_US};

	if (!evtimer_pending(kernel->gather, NULL))
		evtimer_add(kernel->gather, &soon);
}

static void on_gathered(evutil_socket_t fd, short what, void *context)
{
	STEP_TIMED(KERNEL);
	struct kernel *kernel = context;

	if (kernel->is_doubtful)
		resync(kernel);
	kernel->changed(kernel->context);
}

static int take_notification(const struct nlmsghdr *message, void *context)
{
	struct kernel *kernel = context;
	const struct kernel_listener *listener = kernel->listener;
	bool is_news = table_take(&kernel->table, message);

	if (message->nlmsg_type == RTM_NEWRULE || message->nlmsg_type == RTM_DELRULE)
		kernel->rules_are_known = false;
	if (listener != NULL && listener->take(listener->context, message, is_news))
		return MNL_CB_OK;
	if (is_news)
		tell_soon(kernel);
	return MNL_CB_OK;
}

// The kernel had more to say than the socket's buffer took: everything may have changed. What still
// waits in the buffer is older than the dump, and would undo it.
static void resync(struct kernel *kernel)
{
	int rc;

	for (int i = 0; i < DISCARDED_READS; i++) {
		if (mnl_socket_recvfrom(
			    kernel->notifications, kernel->buffer, sizeof(kernel->buffer)) < 0 &&
			errno != ENOBUFS)
			break;
	}
	rc = request_dump(kernel);
	if (rc != 0 && !kernel->is_doubtful)
		log_warning("kernel: its neighbours and links cannot be read: %s", strerror(-rc));
	kernel->is_doubtful = rc != 0;
	kernel->rules_are_known = false;
	if (kernel->listener != NULL)
		kernel->listener->lost(kernel->listener->context);
	tell_soon(kernel);
}

void kernel_catch_up(struct kernel *kernel)
{
	ssize_t size;

	for (int i = 0; i < READS_PER_EVENT; i++) {
		size = mnl_socket_recvfrom(
			kernel->notifications, kernel->buffer, sizeof(kernel->buffer));
		if (size >= 0)
			messages_run(kernel->buffer, (size_t)size, 0, 0, take_notification, kernel);
		else if (errno == ENOBUFS)
			resync(kernel);
		else
			return;
	}
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	STEP_TIMED(KERNEL);
	kernel_catch_up(context);
}

static int subscribe(struct kernel *kernel, struct error *err)
{
	int size = RECEIVE_BUFFER;
	int fd;

	kernel->notifications = mnl_socket_open2(NETLINK_ROUTE, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (kernel->notifications == NULL ||
		mnl_socket_bind(kernel->notifications, 0, MNL_SOCKET_AUTOPID) != 0)
		return error_set(err, errno, "cannot open a netlink socket: %s", strerror(errno));
	fd = mnl_socket_get_fd(kernel->notifications);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		int group = groups[i];

		if (mnl_socket_setsockopt(kernel->notifications, NETLINK_ADD_MEMBERSHIP, &group,
			    sizeof(group)) != 0)
			return error_set(err, errno,
				"cannot subscribe to the kernel's routes and neighbours: %s",
				strerror(errno));
	}
	return 0;
}

static int open_requests(struct kernel *kernel, struct error *err)
{
	// An answer is there when the request's sendto() returns; this bounds a kernel that has
	// none.
	struct timeval timeout = {.tv_sec = 1};

	kernel->requests = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (kernel->requests == NULL ||
		mnl_socket_bind(kernel->requests, 0, MNL_SOCKET_AUTOPID) != 0 ||
		setsockopt(mnl_socket_get_fd(kernel->requests), SOL_SOCKET, SO_RCVTIMEO, &timeout,
			sizeof(timeout)) != 0)
		return error_set(err, errno, "cannot open a netlink socket: %s", strerror(errno));
	return 0;
}

static int watch(struct kernel *kernel, struct error *err)
{
	kernel->gather = evtimer_new(kernel->base, on_gathered, kernel);
	kernel->readable = event_new(kernel->base, mnl_socket_get_fd(kernel->notifications),
		EV_READ | EV_PERSIST, on_readable, kernel);
	if (kernel->gather == NULL || kernel->readable == NULL ||
		event_add(kernel->readable, NULL) != 0)
		return error_set(err, ENOMEM, "no memory to follow the kernel's routes");
	return 0;
}

// Subscribes first and dumps then, so that no change falls between the two.
static int begin(struct kernel *kernel, struct error *err)
{
	int rc;

	if (table_init(&kernel->table) != 0)
		return error_set(err, ENOMEM, "no memory to follow the kernel's routes");
	rc = subscribe(kernel, err);
	if (rc == 0)
		rc = open_requests(kernel, err);
	if (rc == 0)
		rc = watch(kernel, err);
	if (rc != 0)
		return rc;
	rc = request_dump(kernel);
	if (rc != 0)
		error_set(err, -rc, "the kernel's links and neighbours cannot be read: %s",
			strerror(-rc));
	return rc;
}

int kernel_new(struct event_base *base, kernel_change_fn *changed, void *context,
	struct kernel **out, struct error *err)
{
	struct kernel *kernel = calloc(1, sizeof(*kernel));
	int rc;

	if (kernel == NULL)
		return error_set(err, ENOMEM, "no memory to follow the kernel's routes");
	kernel->base = base;
	kernel->changed = changed;
	kernel->context = context;
	rc = begin(kernel, err);
	if (rc != 0) {
		kernel_free(kernel);
		return rc;
	}
	*out = kernel;
	return 0;
}

void kernel_listen(struct kernel *kernel, const struct kernel_listener *listener)
{
	kernel->listener = listener;
}

void kernel_free(struct kernel *kernel)
{
	if (kernel == NULL)
		return;
	if (kernel->readable != NULL)
		event_free(kernel->readable);
	if (kernel->gather != NULL)
		event_free(kernel->gather);
	if (kernel->notifications != NULL)
		mnl_socket_close(kernel->notifications);
	if (kernel->requests != NULL)
		mnl_socket_close(kernel->requests);
	table_free(&kernel->table);
	free(kernel);
}
