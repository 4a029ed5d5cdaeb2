// SPDX-License-Identifier: BSD-3-Clause
#include <health/conversation.h>

#include <base/parse.h>
#include <string.h>

// What a backend must say by itself, before it is asked anything, such as "SSH-2.0".

static enum progress run_greeting(struct conversation *conversation)
{
	const char *text = conversation->request.policy->expect;
	enum progress progress = PROGRESS_NEXT;
	uint8_t wanted[sizeof(conversation->request.policy->expect)];
	uint8_t bytes[sizeof(wanted)];
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
			return conversation_fail(
				conversation, "what it says does not begin with '%s'", text);
		conversation->expected += (uint8_t)came;
	}
	return PROGRESS_NEXT;
}

const struct phase phase_greeting = {"greeting from", run_greeting};
