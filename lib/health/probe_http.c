// SPDX-License-Identifier: BSD-3-Clause
#include <health/conversation.h>

static void *http_start(const struct probe_request *request, struct probe_result *result)
{
	static const struct phase *const phases[] = {
		&phase_connect, &phase_request, &phase_response, NULL};

	return conversation_start(request, phases, result);
}

static void *https_start(const struct probe_request *request, struct probe_result *result)
{
	static const struct phase *const phases[] = {
		&phase_connect, &phase_handshake, &phase_request, &phase_response, NULL};

	return conversation_start(request, phases, result);
}

const struct probe_kind probe_http = {false, http_start, conversation_cancel, conversation_doing};
const struct probe_kind probe_https = {.start = https_start,
	.cancel = conversation_cancel,
	.doing = conversation_doing,
	.expire = conversation_expire};
