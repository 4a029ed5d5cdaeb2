// SPDX-License-Identifier: BSD-3-Clause
#include "port_check.h"

#include <base/clock.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

int wire_fail(struct wire *wire, const char *format, ...)
{
	va_list args;

	if (wire->reason[0] != '\0')
		return -EIO;
	va_start(args, format);
	vsnprintf(wire->reason, PORT_CHECK_REASON_SIZE, format, args);
	va_end(args);
	return -EIO;
}

static int wire_fail_io(struct wire *wire, const char *doing, ssize_t rc, int error)
{
	if (rc == 0)
		return wire_fail(wire, "the server ended the connection");
	if (error == EAGAIN || error == EWOULDBLOCK || error == ETIMEDOUT)
		return wire_fail(wire, "no answer in time");
	return wire_fail(wire, "%s: %s", doing, strerror(error));
}

static int wire_fail_tls(struct wire *wire, const char *doing, ssize_t rc, int error)
{
	char why[TLS_WORDS_SIZE];

	switch (SSL_get_error(wire->ssl, (int)rc)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return wire_fail(wire, "no answer in time");
	case SSL_ERROR_SSL:
		return wire_fail(
			wire, "%s: %s", doing, tls_error_words(ERR_peek_last_error(), why));
	case SSL_ERROR_SYSCALL:
		return wire_fail_io(wire, doing, error != 0 ? -1 : 0, error);
	default:
		return wire_fail_io(wire, doing, 0, 0);
	}
}

int wire_read(struct wire *wire, void *bytes, size_t size)
{
	for (size_t got = 0; got < size;) {
		ssize_t rc;

		errno = 0;
		ERR_clear_error();
		rc = wire->ssl != NULL ? SSL_read(wire->ssl, (char *)bytes + got, (int)(size - got))
				       : recv(wire->fd, (char *)bytes + got, size - got, 0);

		if (rc < 0 && errno == EINTR)
			continue;
		if (rc <= 0 && wire->ssl != NULL)
			return wire_fail_tls(wire, "read", rc, errno);
		if (rc <= 0)
			return wire_fail_io(wire, "read", rc, errno);
		got += (size_t)rc;
	}
	return 0;
}

int wire_write(struct wire *wire, const void *bytes, size_t size)
{
	ssize_t rc;

	errno = 0;
	ERR_clear_error();
	rc = wire->ssl != NULL ? SSL_write(wire->ssl, bytes, (int)size)
			       : send(wire->fd, bytes, size, MSG_NOSIGNAL);

	if (rc == (ssize_t)size)
		return 0;
	return wire->ssl != NULL ? wire_fail_tls(wire, "write", rc, errno)
				 : wire_fail_io(wire, "write", -1, errno);
}

static socklen_t socket_address(
	const struct addr *addr, uint16_t port, struct sockaddr_storage *storage)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};

	if (addr->family == ADDR_IPV6) {
		memcpy(&in6.sin6_addr, addr->bytes, sizeof(in6.sin6_addr));
		memcpy(storage, &in6, sizeof(in6));
		return sizeof(in6);
	}
	in.sin_addr.s_addr = addr_ipv4_be(addr);
	memcpy(storage, &in, sizeof(in));
	return sizeof(in);
}

static int await_connection(struct wire *wire, uint32_t timeout_ms)
{
	struct pollfd poller = {.fd = wire->fd, .events = POLLOUT};
	int error = 0, rc = poll(&poller, 1, (int)timeout_ms);
	socklen_t size = sizeof(error);

	if (rc == 0)
		return wire_fail(wire, "no answer to the connection in time");
	if (rc < 0 || getsockopt(wire->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
		error = errno;
	return error == 0 ? 0 : wire_fail(wire, "connect: %s", strerror(error));
}

static void set_blocking(int fd, uint32_t timeout_ms)
{
	struct timeval timeout = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};

	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
}

static int open_wire(
	struct wire *wire, const struct port_check_request *request, struct port_check *out)
{
	uint64_t begun_us = clock_monotonic_ns() / 1000;
	struct sockaddr_storage storage;
	socklen_t size = socket_address(&request->address, request->port, &storage);
	int rc;

	wire->fd = socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (wire->fd < 0)
		return wire_fail(wire, "socket: %s", strerror(errno));
	rc = connect(wire->fd, (struct sockaddr *)&storage, size);
	if (rc != 0 && errno != EINPROGRESS)
		return wire_fail(wire, "connect: %s", strerror(errno));
	if (rc != 0)
		rc = await_connection(wire, request->timeout_ms);
	out->took_us = (uint32_t)(clock_monotonic_ns() / 1000 - begun_us);
	set_blocking(wire->fd, request->timeout_ms);
	return rc;
}

static int talk(struct wire *wire, const struct port_check_request *request, struct port_check *out)
{
	int rc = 0;

	if (request->speech == PORT_SSH) {
		rc = port_check_ssh(wire, out->identity);
		out->kind = rc == 0 ? PORT_CHECK_HOST_KEY : PORT_CHECK_NONE;
		return rc;
	}
	if (request->speech == PORT_MYSQL)
		rc = port_check_mysql(wire);
	else if (request->speech == PORT_POSTGRES)
		rc = port_check_postgres(wire);
	if (rc == 0)
		rc = port_check_tls(wire, request, out);
	if (rc != 0)
		return rc;
	out->kind = PORT_CHECK_CERTIFICATE;
	memcpy(out->identity, out->certificate.fingerprint, sizeof(out->identity));
	if (request->ssh_inside && out->alpn[0] != '\0') {
		rc = port_check_ssh(wire, out->identity);
		out->kind = rc == 0 ? PORT_CHECK_HOST_KEY : PORT_CHECK_NONE;
	}
	return rc;
}

// --- A peer that says a byte at a time: each read ends in time, and all of them do not ---

static volatile sig_atomic_t guarded_fd = -1;
static volatile sig_atomic_t has_given_up;

static void give_up(int signal)
{
	has_given_up = 1;
	if (guarded_fd >= 0)
		shutdown(guarded_fd, SHUT_RDWR); // what is read or written there ends at once
}

static void guard(int fd, uint32_t timeout_ms)
{
	const struct itimerval timer = {.it_value = {timeout_ms / 1000, timeout_ms % 1000 * 1000}};
	struct sigaction action = {.sa_handler = give_up, .sa_flags = SA_RESTART};

	guarded_fd = fd;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

static int talk_in_time(
	struct wire *wire, const struct port_check_request *request, struct port_check *out)
{
	int rc;

	has_given_up = 0;
	guard(wire->fd, request->timeout_ms);
	rc = talk(wire, request, out);
	guard(-1, 0);
	if (rc != 0 && has_given_up)
		snprintf(out->reason, sizeof(out->reason), "it did not say who it is in time");
	return rc;
}

void port_check_make(const struct port_check_request *request, struct port_check *out)
{
	struct wire wire = {.fd = -1, .reason = out->reason};

	memset(out, 0, sizeof(*out));
	if (request->timeout_ms == 0) {
		snprintf(out->reason, sizeof(out->reason), "not tried: the time for all is over");
		return;
	}
	out->answered =
		open_wire(&wire, request, out) == 0 && talk_in_time(&wire, request, out) == 0;
	SSL_free(wire.ssl);
	if (wire.fd >= 0)
		close(wire.fd);
}
