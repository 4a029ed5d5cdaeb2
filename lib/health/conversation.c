// SPDX-License-Identifier: BSD-3-Clause
#include <health/conversation.h>

#include <errno.h>
#include <event2/event.h>
#include <health/tls.h>
#include <metrics/step.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RECEIVE_SIZE 32768 // as the kernel counts it, which doubles it

// --- The row of phases ---

static enum progress run(struct conversation *conversation)
{
	enum progress progress = PROGRESS_NEXT;

	while (progress == PROGRESS_NEXT) {
		if (*conversation->phase == NULL)
			return PROGRESS_NEXT;
		progress = (*conversation->phase)->run(conversation);
		if (progress == PROGRESS_NEXT)
			conversation->phase++;
	}
	return progress;
}

static void on_event(evutil_socket_t fd, short what, void *context);

static void rest(struct conversation *conversation)
{
	if (conversation->event != NULL)
		event_free(conversation->event);
	conversation->event = NULL;
	conversation->waits_for = 0;
}

// 0, or a positive errno.
static int wait_for(struct conversation *conversation, short what)
{
	if (conversation->waits_for == what)
		return 0;
	rest(conversation);
	conversation->waits_for = what;
	conversation->event = event_new(conversation->request.base, conversation->fd,
		what | EV_PERSIST, on_event, conversation);
	if (conversation->event == NULL || event_add(conversation->event, NULL) != 0)
		return ENOMEM;
	return 0;
}

// True while it goes on.
static bool go_on(struct conversation *conversation)
{
	enum progress progress = run(conversation);
	int error;

	if (progress == PROGRESS_NEXT || progress == PROGRESS_FAILED)
		return false;
	if (progress == PROGRESS_FILES) {
		rest(conversation);
		return true;
	}
	error = wait_for(conversation, progress == PROGRESS_READ ? EV_READ : EV_WRITE);
	if (error != 0)
		probe_fail_start(&conversation->result, &conversation->request, error);
	return error == 0;
}

static void conversation_step(struct conversation *conversation)
{
	struct probe_request request = conversation->request;
	struct probe_result result;

	if (go_on(conversation))
		return;
	result = conversation->result;
	conversation_cancel(conversation);
	request.done(request.context, &result);
}

static void on_event(evutil_socket_t fd, short what, void *context)
{
	STEP_TIMED(PROBE);

	conversation_step(context);
}

static void on_files(struct tls_waiter *waiter)
{
	conversation_step(
		(struct conversation *)((char *)waiter - offsetof(struct conversation, waiter)));
}

void *conversation_start(const struct probe_request *request, const struct phase *const *phases,
	struct probe_result *result)
{
	struct conversation *conversation = calloc(1, sizeof(*conversation));

	if (conversation == NULL) {
		probe_fail_start(result, request, ENOMEM);
		return NULL;
	}
	conversation->request = *request;
	conversation->phase = phases;
	conversation->fd = -1;
	conversation->waiter.wake = on_files;
	if (go_on(conversation))
		return conversation;
	*result = conversation->result;
	conversation_cancel(conversation);
	return NULL;
}

void conversation_cancel(void *probe)
{
	struct conversation *conversation = probe;

	rest(conversation);
	tls_waiter_leave(&conversation->waiter);
	tls_close(conversation->ssl);
	http_exchange_free(conversation->http);
	grpc_exchange_free(conversation->grpc);
	if (conversation->fd >= 0)
		close(conversation->fd);
	free(conversation);
}

const char *conversation_doing(const void *probe)
{
	const struct conversation *conversation = probe;

	return (*conversation->phase)->doing;
}

void conversation_expire(void *probe, const char *timeout, struct probe_result *result)
{
	const struct conversation *conversation = probe;
	char what[96];

	if (conversation->waiter.is_waiting)
		snprintf(what, sizeof(what),
			"the balancer's files for it were not read within %s: the disk does not answer",
			timeout);
	else
		snprintf(what, sizeof(what), "no answer within %s", timeout);
	probe_fail(result, &conversation->request, conversation_doing(probe), what);
	if (conversation->waiter.is_waiting)
		result->outcome = PROBE_LOCAL;
}

// --- What phases share ---

enum progress conversation_fail(struct conversation *conversation, const char *format, ...)
{
	char what[PROBE_REASON_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	probe_fail(
		&conversation->result, &conversation->request, (*conversation->phase)->doing, what);
	return PROGRESS_FAILED;
}

enum progress conversation_fail_errno(struct conversation *conversation, int error)
{
	probe_fail_errno(&conversation->result, &conversation->request,
		(*conversation->phase)->doing, error);
	return PROGRESS_FAILED;
}

static size_t moved(struct conversation *conversation, ssize_t size, enum progress wait,
	enum progress *progress)
{
	if (size > 0)
		return size;
	if (size == 0)
		*progress = PROGRESS_NEXT;
	else if (errno == EAGAIN)
		*progress = wait;
	else
		*progress = conversation_fail_errno(conversation, errno);
	return 0;
}

size_t conversation_write(
	struct conversation *conversation, const void *bytes, size_t size, enum progress *progress)
{
	if (conversation->ssl != NULL)
		return tls_write(conversation, bytes, size, progress);
	return moved(conversation, send(conversation->fd, bytes, size, MSG_NOSIGNAL),
		PROGRESS_WRITE, progress);
}

size_t conversation_read(
	struct conversation *conversation, void *bytes, size_t size, enum progress *progress)
{
	if (conversation->ssl != NULL)
		return tls_read(conversation, bytes, size, progress);
	return moved(conversation, recv(conversation->fd, bytes, size, 0), PROGRESS_READ, progress);
}

const char *conversation_host(const struct probe_request *request, char *text, size_t size)
{
	char address[ADDR_TEXT_SIZE];

	if (request->policy->host[0] != '\0')
		return request->policy->host;
	addr_format(&request->address, address, sizeof(address));
	snprintf(text, size, request->address.family == ADDR_IPV6 ? "[%s]:%u" : "%s:%u", address,
		request->port);
	return text;
}

// --- Connecting ---

static socklen_t to_sockaddr(const struct probe_request *request, struct sockaddr_storage *out)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;
	struct sockaddr_in *four = (struct sockaddr_in *)out;

	memset(out, 0, sizeof(*out));
	if (request->address.family == ADDR_IPV6) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons(request->port);
		memcpy(&six->sin6_addr, request->address.bytes, sizeof(six->sin6_addr));
		return sizeof(*six);
	}
	four->sin_family = AF_INET;
	four->sin_port = htons(request->port);
	memcpy(&four->sin_addr, request->address.bytes, sizeof(four->sin_addr));
	return sizeof(*four);
}

int conversation_connect(struct conversation *conversation, int type)
{
	static const int receive = RECEIVE_SIZE;
	static const struct linger reset = {.l_onoff = 1, .l_linger = 0};
	struct sockaddr_storage to;
	socklen_t size = to_sockaddr(&conversation->request, &to);
	int fd = socket(to.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	conversation->fd = fd;
	// What a peer can have ready for one step.
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive, sizeof(receive));
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) != 0 ||
		(connect(fd, (struct sockaddr *)&to, size) != 0 && errno != EINPROGRESS))
		return errno;
	return 0;
}

static enum progress run_connect(struct conversation *conversation)
{
	int error = 0;
	socklen_t size = sizeof(error);

	if (conversation->fd < 0) {
		error = conversation_connect(conversation, SOCK_STREAM);
		if (error == 0)
			return PROGRESS_WRITE;
		probe_fail_start(&conversation->result, &conversation->request, error);
		return PROGRESS_FAILED;
	}
	if (getsockopt(conversation->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
		error = errno;
	return error == 0 ? PROGRESS_NEXT : conversation_fail_errno(conversation, error);
}

const struct phase phase_connect = {"connect to", run_connect};
