// SPDX-License-Identifier: BSD-3-Clause
#include <health/grpc_private.h>

#include <base/parse.h>
#include <errno.h>
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// One grpc.health.v1.Health/Check over HTTP/2, by nghttp2: its frames go through the conversation.
// What is kept of the answer is its status, its first bytes, and what the server says of why it
// fails.

#define INPUT_SIZE   4096
#define ANSWER_LIMIT 65536 // bytes, of whatever kind
#define METHOD_PATH  "/grpc.health.v1.Health/Check"

void grpc_exchange_free(struct grpc_exchange *exchange)
{
	if (exchange == NULL)
		return;
	nghttp2_session_del(exchange->session);
	free(exchange);
}

// --- What nghttp2 calls ---

static ssize_t on_send(
	nghttp2_session *session, const uint8_t *bytes, size_t size, int flags, void *context)
{
	struct grpc_exchange *exchange = context;
	size_t room = GRPC_OUTPUT_SIZE - exchange->output_size;

	if (room == 0)
		return NGHTTP2_ERR_WOULDBLOCK;
	if (size > room)
		size = room;
	memcpy(exchange->output + exchange->output_size, bytes, size);
	exchange->output_size += size;
	return (ssize_t)size;
}

static ssize_t on_body(nghttp2_session *session, int32_t stream, uint8_t *out, size_t size,
	uint32_t *flags, nghttp2_data_source *source, void *context)
{
	struct grpc_exchange *exchange = context;
	size_t left = (size_t)(exchange->request_size - exchange->request_sent);

	if (size > left)
		size = left;
	memcpy(out, exchange->request + exchange->request_sent, size);
	exchange->request_sent += (uint8_t)size;
	if (size == left)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)size;
}

static bool is(const uint8_t *name, size_t size, const char *text)
{
	return size == strlen(text) && memcmp(name, text, size) == 0;
}

static uint64_t to_number(const uint8_t *value, size_t size)
{
	char text[16];
	uint64_t number;

	snprintf(text, sizeof(text), "%.*s", (int)size, (const char *)value);
	return parse_u64(text, &number) == 0 ? number : GRPC_STATUS_NONE;
}

// Fit for a sentence: the server's own words are a stranger's.
static void keep_message(struct grpc_exchange *exchange, const uint8_t *value, size_t size)
{
	size_t kept = size < GRPC_MESSAGE_SIZE - 1 ? size : GRPC_MESSAGE_SIZE - 1;

	for (size_t i = 0; i < kept; i++)
		exchange->message[i] = value[i] >= ' ' && value[i] < 0x7f ? (char)value[i] : '?';
	exchange->message[kept] = '\0';
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
	size_t name_size, const uint8_t *value, size_t size, uint8_t flags, void *context)
{
	struct grpc_exchange *exchange = context;

	if (is(name, name_size, ":status"))
		exchange->http_status = to_number(value, size);
	else if (is(name, name_size, "grpc-status"))
		exchange->grpc_status = to_number(value, size);
	else if (is(name, name_size, "grpc-message"))
		keep_message(exchange, value, size);
	return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *bytes,
	size_t size, void *context)
{
	struct grpc_exchange *exchange = context;
	size_t at = exchange->answer_size;

	exchange->answer_size += size;
	if (at >= GRPC_RESPONSE_KEPT)
		return 0;
	memcpy(exchange->answer + at, bytes,
		size < GRPC_RESPONSE_KEPT - at ? size : GRPC_RESPONSE_KEPT - at);
	return 0;
}

static int on_stream_close(
	nghttp2_session *session, int32_t stream, uint32_t error_code, void *context)
{
	struct grpc_exchange *exchange = context;

	exchange->is_over = true;
	exchange->error_code = error_code;
	return 0;
}

static int make_session(struct grpc_exchange *exchange)
{
	nghttp2_session_callbacks *callbacks;

	if (nghttp2_session_callbacks_new(&callbacks) != 0)
		return ENOMEM;
	nghttp2_session_callbacks_set_send_callback(callbacks, on_send);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
	if (nghttp2_session_client_new(&exchange->session, callbacks, exchange) != 0)
		exchange->session = NULL;
	nghttp2_session_callbacks_del(callbacks);
	return exchange->session == NULL ? ENOMEM : 0;
}

// --- The request ---

static nghttp2_nv header(const char *name, const char *value)
{
	return (nghttp2_nv){(uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name),
		strlen(value), NGHTTP2_NV_FLAG_NONE};
}

static const char *format_timeout(const struct config_health *policy, char *text, size_t size)
{
	snprintf(text, size, "%um", policy->timeout_ms);
	return text;
}

static int submit(struct grpc_exchange *exchange, const struct probe_request *request)
{
	static const nghttp2_settings_entry no_push = {NGHTTP2_SETTINGS_ENABLE_PUSH, 0};
	const struct config_health *policy = request->policy;
	nghttp2_data_provider body = {.read_callback = on_body};
	char host[64];
	char timeout[32];
	nghttp2_nv headers[] = {
		header(":method", "POST"),
		header(":scheme", policy->type == CONFIG_PROBE_GRPCS ? "https" : "http"),
		header(":path", METHOD_PATH),
		header(":authority", conversation_host(request, host, sizeof(host))),
		header("te", "trailers"),
		header("content-type", "application/grpc"),
		header("user-agent", "fulcrum-health/" FULCRUM_VERSION),
		header("grpc-timeout", format_timeout(policy, timeout, sizeof(timeout))),
	};

	exchange->request_size = (uint8_t)grpc_request(policy->service, exchange->request);
	if (nghttp2_submit_settings(exchange->session, NGHTTP2_FLAG_NONE, &no_push, 1) != 0 ||
		nghttp2_submit_request(exchange->session, NULL, headers,
			sizeof(headers) / sizeof(headers[0]), &body, NULL) < 0)
		return ENOMEM;
	return 0;
}

static enum progress begin(struct conversation *conversation)
{
	struct grpc_exchange *exchange = calloc(1, sizeof(*exchange));
	int error = ENOMEM;

	conversation->grpc = exchange;
	if (exchange != NULL) {
		exchange->http_status = GRPC_STATUS_NONE;
		exchange->grpc_status = GRPC_STATUS_NONE;
		error = make_session(exchange);
	}
	if (error == 0)
		error = submit(exchange, &conversation->request);
	if (error == 0)
		return PROGRESS_NEXT;
	probe_fail_start(&conversation->result, &conversation->request, error);
	return PROGRESS_FAILED;
}

// --- The conversation ---

// Frames that are to go out, into the empty buffer.
static bool fill(struct grpc_exchange *exchange)
{
	exchange->output_sent = exchange->output_size = 0;
	return nghttp2_session_send(exchange->session) == 0;
}

// PROGRESS_NEXT: all that there was is sent.
static enum progress flush(struct conversation *conversation)
{
	struct grpc_exchange *exchange = conversation->grpc;
	enum progress progress = PROGRESS_NEXT;

	for (;;) {
		size_t sent;

		if (exchange->output_sent == exchange->output_size && !fill(exchange))
			return conversation_fail(conversation, "what it sends is no HTTP/2");
		if (exchange->output_size == 0)
			return PROGRESS_NEXT;
		sent = conversation_write(conversation, exchange->output + exchange->output_sent,
			exchange->output_size - exchange->output_sent, &progress);
		if (sent == 0)
			return progress;
		exchange->output_sent += sent;
	}
}

// PROGRESS_NEXT: something came in.
static enum progress take(struct conversation *conversation)
{
	struct grpc_exchange *exchange = conversation->grpc;
	enum progress progress = PROGRESS_NEXT;
	uint8_t bytes[INPUT_SIZE];
	size_t size = conversation_read(conversation, bytes, sizeof(bytes), &progress);

	if (size == 0 && progress == PROGRESS_NEXT)
		return conversation_fail(conversation,
			exchange->taken == 0
				? "it closed the connection without an answer"
				: "it closed the connection in the middle of its answer");
	if (size == 0)
		return progress;
	exchange->taken += (uint32_t)size;
	if (nghttp2_session_mem_recv(exchange->session, bytes, size) < 0)
		return conversation_fail(conversation, "what it sends is no HTTP/2");
	if (!exchange->is_over && exchange->taken > ANSWER_LIMIT)
		return conversation_fail(conversation, "its answer does not end within 64KiB");
	return PROGRESS_NEXT;
}

static enum progress run_grpc(struct conversation *conversation)
{
	enum progress progress = PROGRESS_NEXT;

	if (conversation->grpc == NULL)
		progress = begin(conversation);
	while (progress == PROGRESS_NEXT && !conversation->grpc->is_over) {
		progress = flush(conversation);
		if (progress == PROGRESS_NEXT &&
			nghttp2_session_want_read(conversation->grpc->session) == 0)
			return conversation_fail(conversation, "what it sends is no HTTP/2");
		if (progress == PROGRESS_NEXT)
			progress = take(conversation);
	}
	return progress == PROGRESS_NEXT ? grpc_judge(conversation) : progress;
}

const struct phase phase_grpc = {"gRPC health check of", run_grpc};
