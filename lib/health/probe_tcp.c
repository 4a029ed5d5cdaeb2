// SPDX-License-Identifier: BSD-3-Clause
#include <health/probe.h>

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <unistd.h>

static const char connecting[] = "connect to";

struct tcp {
	struct probe_request request;
	struct event *writable;
	int fd;
};

static void tcp_cancel(void *probe)
{
	struct tcp *tcp = probe;

	if (tcp->writable != NULL)
		event_free(tcp->writable);
	if (tcp->fd >= 0)
		close(tcp->fd);
	free(tcp);
}

static void on_writable(evutil_socket_t fd, short what, void *context)
{
	struct tcp *tcp = context;
	struct probe_request request = tcp->request;
	struct probe_result result = {.outcome = PROBE_SUCCEEDED};
	int error = probe_connected(fd);

	if (error != 0)
		probe_fail_errno(&result, &request, connecting, error);
	tcp_cancel(tcp);
	request.done(request.context, &result);
}

static void *tcp_start(const struct probe_request *request, struct probe_result *result)
{
	struct tcp *tcp = calloc(1, sizeof(*tcp));

	if (tcp == NULL) {
		probe_fail_start(result, request, ENOMEM);
		return NULL;
	}
	tcp->request = *request;
	tcp->fd = probe_connect(request, result);
	if (tcp->fd < 0)
		goto fail;
	tcp->writable = event_new(request->base, tcp->fd, EV_WRITE, on_writable, tcp);
	if (tcp->writable == NULL || event_add(tcp->writable, NULL) != 0) {
		probe_fail_start(result, request, ENOMEM);
		goto fail;
	}
	return tcp;
fail:
	tcp_cancel(tcp);
	return NULL;
}

static const char *tcp_doing(const void *probe)
{
	return connecting;
}

const struct probe_kind probe_tcp = {false, tcp_start, tcp_cancel, tcp_doing};
