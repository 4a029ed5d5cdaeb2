// SPDX-License-Identifier: BSD-3-Clause
#include <health/grpc_private.h>

#include <nghttp2/nghttp2.h>

#define HTTP_GOOD     200
#define NOT_FOUND     5
#define UNIMPLEMENTED 12

static enum progress judge_status(struct conversation *conversation)
{
	const struct grpc_exchange *exchange = conversation->grpc;
	const char *service = conversation->request.policy->service;
	const char *name = grpc_status_name(exchange->grpc_status);

	if (exchange->grpc_status == UNIMPLEMENTED)
		return conversation_fail(conversation,
			"it has no health service: UNIMPLEMENTED to grpc.health.v1.Health/Check");
	if (exchange->grpc_status == NOT_FOUND)
		return conversation_fail(conversation, "it knows no service '%s'", service);
	return conversation_fail(conversation, "it answers with gRPC status %u%s%s%s%s",
		(unsigned)exchange->grpc_status, name[0] != '\0' ? " " : "", name,
		exchange->message[0] != '\0' ? ": " : "", exchange->message);
}

static enum progress judge_health(struct conversation *conversation)
{
	const struct grpc_exchange *exchange = conversation->grpc;
	uint64_t health;

	if (exchange->answer_size > GRPC_RESPONSE_KEPT ||
		!grpc_response(exchange->answer, exchange->answer_size, &health))
		return conversation_fail(conversation, "its answer is no health message");
	switch (health) {
	case GRPC_HEALTH_SERVING:
		return PROGRESS_NEXT;
	case GRPC_HEALTH_NOT_SERVING:
		return conversation_fail(conversation, "it says NOT_SERVING");
	case GRPC_HEALTH_UNKNOWN:
		return conversation_fail(conversation, "it says that its health is UNKNOWN");
	case GRPC_HEALTH_SERVICE_UNKNOWN:
		return conversation_fail(conversation, "it knows no service '%s'",
			conversation->request.policy->service);
	default:
		return conversation_fail(conversation, "it says the serving status %u",
			health < UINT32_MAX ? (unsigned)health : UINT32_MAX);
	}
}

enum progress grpc_judge(struct conversation *conversation)
{
	const struct grpc_exchange *exchange = conversation->grpc;

	if (exchange->http_status != GRPC_STATUS_NONE && exchange->http_status != HTTP_GOOD)
		return conversation_fail(conversation, "it answers with HTTP status %u, not %u",
			(unsigned)exchange->http_status, HTTP_GOOD);
	if (exchange->grpc_status != GRPC_STATUS_NONE && exchange->grpc_status != 0)
		return judge_status(conversation);
	if (exchange->error_code != NGHTTP2_NO_ERROR)
		return conversation_fail(conversation, "it cut the request short (HTTP/2: %s)",
			nghttp2_http2_strerror(exchange->error_code));
	if (exchange->grpc_status == GRPC_STATUS_NONE)
		return conversation_fail(
			conversation, "its answer has no grpc-status: it is no gRPC server");
	return judge_health(conversation);
}
