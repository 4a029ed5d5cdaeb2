// SPDX-License-Identifier: BSD-3-Clause
#include <config/value.h>
#include <health/conversation.h>

#include <base/parse.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

// A datagram from a port of its own, and its reply. Without a reply to expect, silence is good news
// too: what a host without that service answers is an ICMP error, which the kernel hands to the
// socket.

static enum progress fail_errno(struct conversation *conversation, int error)
{
	return error == ECONNREFUSED
		       ? conversation_fail(conversation,
				 "nothing listens on the port (ICMP port unreachable)")
		       : conversation_fail_errno(conversation, error);
}

static enum progress run_send(struct conversation *conversation)
{
	const struct config_health *policy = conversation->request.policy;
	uint8_t bytes[sizeof(policy->payload)];
	size_t size;
	int error;

	parse_bytes(policy->payload, bytes, sizeof(bytes), &size);
	error = conversation_connect(conversation, SOCK_DGRAM);
	if (error == 0 && send(conversation->fd, bytes, size, 0) < 0)
		error = errno;
	if (error == 0)
		return PROGRESS_NEXT;
	probe_fail_start(&conversation->result, &conversation->request, error);
	return PROGRESS_FAILED;
}

static enum progress run_reply(struct conversation *conversation)
{
	const char *text = conversation->request.policy->expect;
	uint8_t wanted[sizeof(conversation->request.policy->expect)];
	uint8_t bytes[sizeof(wanted)];
	char quoted[56]; // what of a text fits into a reason
	ssize_t came = recv(conversation->fd, bytes, sizeof(bytes), 0);
	size_t size;

	if (came < 0 && (errno == EAGAIN || errno == EINTR))
		return PROGRESS_READ;
	if (came < 0)
		return fail_errno(conversation, errno);
	parse_bytes(text, wanted, sizeof(wanted), &size);
	if ((size_t)came < size || memcmp(bytes, wanted, size) != 0)
		return conversation_fail(conversation, "its reply does not begin with %s",
			value_quote(text, quoted, sizeof(quoted)));
	return PROGRESS_NEXT;
}

static void *udp_start(const struct probe_request *request, struct probe_result *result)
{
	static const struct phase send_it = {"UDP request to", run_send};
	static const struct phase reply = {"UDP request to", run_reply};
	static const struct phase *const phases[] = {&send_it, &reply, NULL};

	return conversation_start(request, phases, result);
}

static bool udp_silence_is_good(const struct config_health *policy)
{
	return policy->expect[0] == '\0';
}

const struct probe_kind probe_udp = {
	false, udp_start, conversation_cancel, conversation_doing, udp_silence_is_good};
