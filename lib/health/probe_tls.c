// SPDX-License-Identifier: BSD-3-Clause
#include <health/conversation.h>

static void *tls_start(const struct probe_request *request, struct probe_result *result)
{
	static const struct phase *const listens[] = {
		&phase_connect, &phase_handshake, &phase_greeting, NULL};
	static const struct phase *const asks[] = {
		&phase_connect, &phase_handshake, &phase_payload, &phase_answer, NULL};
	bool is_asked = request->policy->payload[0] != '\0';

	return conversation_start(request, is_asked ? asks : listens, result);
}

const struct probe_kind probe_tls = {.start = tls_start,
	.cancel = conversation_cancel,
	.doing = conversation_doing,
	.expire = conversation_expire};
