// SPDX-License-Identifier: BSD-3-Clause
#include <health/conversation.h>

static void *grpc_start(const struct probe_request *request, struct probe_result *result)
{
	static const struct phase *const phases[] = {&phase_connect, &phase_grpc, NULL};

	return conversation_start(request, phases, result);
}

static void *grpcs_start(const struct probe_request *request, struct probe_result *result)
{
	static const struct phase *const phases[] = {
		&phase_connect, &phase_handshake, &phase_grpc, NULL};

	return conversation_start(request, phases, result);
}

const struct probe_kind probe_grpc = {false, grpc_start, conversation_cancel, conversation_doing};
const struct probe_kind probe_grpcs = {.start = grpcs_start,
	.cancel = conversation_cancel,
	.doing = conversation_doing,
	.expire = conversation_expire};
