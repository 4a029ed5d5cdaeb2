// SPDX-License-Identifier: BSD-3-Clause
#include <health/conversation.h>

static void *tcp_start(const struct probe_request *request, struct probe_result *result)
{
	static const struct phase *const phases[] = {&phase_connect, &phase_greeting, NULL};

	return conversation_start(request, phases, result);
}

const struct probe_kind probe_tcp = {false, tcp_start, conversation_cancel, conversation_doing};
