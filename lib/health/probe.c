// SPDX-License-Identifier: BSD-3-Clause
#include <health/probe.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

const struct probe_kind *probe_kind_of(enum config_probe_type type)
{
	return type == CONFIG_PROBE_NONE ? &probe_none : &probe_tcp;
}

void probe_fail(struct probe_result *result, const struct probe_request *request, const char *doing,
	const char *what)
{
	char address[ADDR_TEXT_SIZE];
	bool brackets = request->address.family == ADDR_IPV6;

	addr_format(&request->address, address, sizeof(address));
	result->outcome = PROBE_FAILED;
	snprintf(result->reason, sizeof(result->reason), "%s %s%s%s:%u: %s", doing,
		brackets ? "[" : "", address, brackets ? "]" : "", request->port, what);
}

static bool is_local(int error)
{
	switch (error) {
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case ENOBUFS:
	case EADDRNOTAVAIL: // every port of our own is in use
	case EADDRINUSE:
	case EAGAIN:
	case EPERM: // our own packet filter
	case EACCES:
		return true;
	default:
		return false;
	}
}

static const char *words_for(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return "connection refused";
	case ECONNRESET:
		return "connection reset";
	case EHOSTUNREACH:
		return "no route to host";
	case ENETUNREACH:
		return "no route to its network";
	case ETIMEDOUT:
		return "no answer";
	case EADDRNOTAVAIL:
		return "no free local port or address";
	case EMFILE:
		return "too many open files in this process";
	default:
		return strerror(error);
	}
}

void probe_fail_errno(struct probe_result *result, const struct probe_request *request,
	const char *doing, int error)
{
	probe_fail(result, request, doing, words_for(error));
}

void probe_fail_start(struct probe_result *result, const struct probe_request *request, int error)
{
	probe_fail_errno(result, request, "connect to", error);
	if (is_local(error))
		result->outcome = PROBE_LOCAL;
}

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

int probe_connect(const struct probe_request *request, struct probe_result *result)
{
	static const struct linger reset = {.l_onoff = 1, .l_linger = 0};
	struct sockaddr_storage to;
	socklen_t size = to_sockaddr(request, &to);
	int fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0) {
		probe_fail_start(result, request, errno);
		return -1;
	}
	if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) != 0 ||
		(connect(fd, (struct sockaddr *)&to, size) != 0 && errno != EINPROGRESS)) {
		probe_fail_start(result, request, errno);
		close(fd);
		return -1;
	}
	return fd;
}

int probe_connected(int fd)
{
	int error = 0;
	socklen_t size = sizeof(error);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
		return errno;
	return error;
}
