// SPDX-License-Identifier: BSD-3-Clause
#include <health/probe.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

const struct probe_kind *probe_kind_of(enum config_probe_type type)
{
	switch (type) {
	case CONFIG_PROBE_NONE:
		return &probe_none;
	case CONFIG_PROBE_TLS:
		return &probe_tls;
	case CONFIG_PROBE_HTTP:
		return &probe_http;
	case CONFIG_PROBE_HTTPS:
		return &probe_https;
	case CONFIG_PROBE_GRPC:
		return &probe_grpc;
	case CONFIG_PROBE_GRPCS:
		return &probe_grpcs;
	case CONFIG_PROBE_UDP:
		return &probe_udp;
	default:
		return &probe_tcp;
	}
}

void probe_expire(const struct probe_kind *kind, void *probe, const struct probe_request *request,
	const char *timeout, struct probe_result *result)
{
	char what[64];

	*result = (struct probe_result){.outcome = PROBE_FAILED};
	if (kind->expire != NULL) {
		kind->expire(probe, timeout, result);
		result->is_silent = result->outcome == PROBE_FAILED;
		return;
	}
	if (kind->silence_is_good != NULL && kind->silence_is_good(request->policy)) {
		*result = (struct probe_result){.outcome = PROBE_SUCCEEDED, .unanswered = true};
		return;
	}
	snprintf(what, sizeof(what), "no answer within %s", timeout);
	probe_fail(result, request, kind->doing(probe), what);
	result->is_silent = true;
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

// Of a call that failed at once: what comes by an ICMP error comes later.
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
	// No route of our own, such as before the network is up. It is the next hop that takes a
	// backend out of its tables then.
	case ENETUNREACH:
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
	result->is_silent =
		error == EHOSTUNREACH || error == ETIMEDOUT; // the neighbour, or the host
}

void probe_fail_start(struct probe_result *result, const struct probe_request *request, int error)
{
	probe_fail_errno(result, request, "connect to", error);
	if (is_local(error))
		result->outcome = PROBE_LOCAL;
}
