// SPDX-License-Identifier: BSD-3-Clause
#include <config/value.h>
#include <health/conversation.h>

#include <base/parse.h>
#include <string.h>

// What a backend must say: by itself, before it is asked anything, such as "SSH-2.0", or when it
// was sent the policy's payload, such as "+PONG" to "PING". Through TLS where there is a session.

#define QUOTE_SIZE 56 // what of a text fits into a reason

static enum progress run_payload(struct conversation *conversation)
{
	const struct config_health *policy = conversation->request.policy;
	enum progress progress = PROGRESS_NEXT;
	uint8_t bytes[sizeof(policy->payload)];
	size_t size;

	parse_bytes(policy->payload, bytes, sizeof(bytes), &size);
	while (conversation->sent < size) {
		size_t went = conversation_write(conversation, bytes + conversation->sent,
			size - conversation->sent, &progress);

		if (went == 0)
			return progress;
		conversation->sent += (uint8_t)went;
	}
	return PROGRESS_NEXT;
}

static enum progress run_greeting(struct conversation *conversation)
{
	const char *text = conversation->request.policy->expect;
	enum progress progress = PROGRESS_NEXT;
	uint8_t wanted[sizeof(conversation->request.policy->expect)];
	uint8_t bytes[sizeof(wanted)];
	char quoted[QUOTE_SIZE];
	size_t size;

	parse_bytes(text, wanted, sizeof(wanted), &size);
	while (conversation->expected < size) {
		size_t came = conversation_read(
			conversation, bytes, size - conversation->expected, &progress);

		if (came == 0 && progress == PROGRESS_NEXT)
			return conversation_fail(conversation, "it closed the connection");
		if (came == 0)
			return progress;
		if (memcmp(bytes, wanted + conversation->expected, came) != 0)
			return conversation_fail(conversation,
				"what it says does not begin with %s",
				value_quote(text, quoted, sizeof(quoted)));
		conversation->expected += (uint8_t)came;
	}
	return PROGRESS_NEXT;
}

const struct phase phase_greeting = {"greeting from", run_greeting};
const struct phase phase_payload = {"send payload to", run_payload};
const struct phase phase_answer = {"answer from", run_greeting};
